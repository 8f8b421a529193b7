// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors::detail {

inline const std::string& key_of(const tensor& t) { return t.name; }
inline const std::string& key_of(const std::pair<std::string, std::string>& entry) {
  return entry.first;
}

/// The order of a list's items by key, so that they are found by binary search. It holds positions
/// only and is given the list at each call: a class that has both can be copied.
class key_index {
 public:
  key_index() = default;
  template <class Item>
  explicit key_index(span<const Item> items) {
    order_.reserve(static_cast<std::size_t>(items.size()));
    for (index_t i = 0; i < items.size(); ++i) order_.push_back(i);
    std::sort(order_.begin(), order_.end(),
              [&](index_t a, index_t b) { return key_of(items[a]) < key_of(items[b]); });
  }

  /// The item of this key; null when there is none.
  template <class Item>
  const Item* find(span<const Item> items, std::string_view key) const {
    const auto at =
        std::lower_bound(order_.begin(), order_.end(), key,
                         [&](index_t i, std::string_view k) { return key_of(items[i]) < k; });
    return at != order_.end() && key_of(items[*at]) == key ? &items[*at] : nullptr;
  }

  /// f(item) for each item whose key begins with `prefix`, in order of their keys.
  template <class Item, class F>
  void for_each_with_prefix(span<const Item> items, std::string_view prefix, F&& f) const {
    const auto front = [&](index_t i) {
      return std::string_view(key_of(items[i])).substr(0, prefix.size());
    };
    for (auto at = std::lower_bound(order_.begin(), order_.end(), prefix,
                                    [&](index_t i, std::string_view p) { return front(i) < p; });
         at != order_.end() && front(*at) == prefix; ++at)
      f(items[*at]);
  }

  /// An item whose key another one has too; null when all differ.
  template <class Item>
  const Item* duplicate(span<const Item> items) const {
    const auto at = std::adjacent_find(order_.begin(), order_.end(), [&](index_t a, index_t b) {
      return key_of(items[a]) == key_of(items[b]);
    });
    return at != order_.end() ? &items[*at] : nullptr;
  }

 private:
  std::vector<index_t> order_;
};

}  // namespace lowbit::inline LOWBIT_ABI::safetensors::detail
