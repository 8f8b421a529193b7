// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Leaves everything as it is: where a transform is asked for and none is wanted.
struct identity {
  static constexpr auto name = text("identity");
  static constexpr bool orthogonal = true;

  static constexpr index_t transformed_size(index_t n) { return n; }
  template <class V>
  void apply(span<const V> x, span<V> out) const {
    for (index_t i = 0; i < out.size(); ++i) out[i] = x[i];
  }
  template <class V>
  void inverse(span<V> x, span<V> out) const {
    apply(span<const V>(x.data(), x.size()), out);
  }

  template <class Visit, class... Self>
  static void each(Visit&&, const path&, Self&...) {}
  void validate(const path&) const {}
};

}  // namespace lowbit::inline LOWBIT_ABI
