// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>
#include <vector>

#include "../concepts.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// x'[j] = x[order[j]], for x and for rows of weights alike: columns sorted by importance
/// (act-order), channels gathered into clusters. Exact. Stored: 32 bits per position.
class permute {
 public:
  static constexpr auto name = text("permute");
  static constexpr bool orthogonal = true;

  permute() = default;
  /// Throws error bad_argument unless `order` holds each of 0 .. size - 1 once.
  explicit permute(std::vector<std::uint32_t> order) : order_(std::move(order)) {
    check(errc::bad_argument, path{} / "order");
  }

  span<const std::uint32_t> order() const { return order_; }

  index_t transformed_size(index_t n) const {
    if (n != index_t(order_.size()))
      fail(errc::shape_mismatch, "permute",
           message("an order of ", order_.size(), " positions for ", n, " values"));
    return n;
  }
  template <class V>
  void apply(span<const V> x, span<V> out) const {
    for (index_t j = 0; j < out.size(); ++j) out[j] = x[order_[std::size_t(j)]];
  }
  template <class V>
  void inverse(span<V> x, span<V> out) const {
    for (index_t j = 0; j < out.size(); ++j) out[order_[std::size_t(j)]] = x[j];
  }

  template <class Visit, class... Self>
  static void each(Visit&& visit, const path& at, Self&... self) {
    visit(at / "order", element::u32, self.order_...);
  }
  void validate(const path& at) const { check(errc::corrupted, at / "order"); }

 private:
  void check(errc code, const path& at) const {
    std::vector<bool> seen(order_.size(), false);
    for (std::size_t j = 0; j < order_.size(); ++j) {
      const std::uint32_t i = order_[j];
      if (i >= order_.size() || seen[i])
        fail(code, at.str(),
             message("position ", j, " holds ", i, i < order_.size() ? " again" : "",
                     ", expected each of 0 .. ", order_.size() - 1, " once"));
      seen[i] = true;
    }
  }

  std::vector<std::uint32_t> order_;
};

}  // namespace lowbit::inline LOWBIT_ABI
