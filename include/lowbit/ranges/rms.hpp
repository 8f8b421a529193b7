// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// S = factor * sqrt(mean of |x|^2) (of both parts of a complex value), 0 for an empty group: the
/// scale of level sets made for unit variance. With factor = clip / peak it is QuEST's constant
/// clip. The sum is taken in binary64. Cost: one pass. Importance does not matter.
struct rms : range_search {
  float factor;
  explicit constexpr rms(float f = 1) : factor(f) {}

  template <class Q>
    requires(!has_zero<Q> && scales_of<Q> == 1)
  group_params<Q> fit(const group_values<Q>& g) const {
    constexpr bool is_real = std::same_as<value_of<Q>, float>;
    const index_t n = g.values.size();
    const double sum = ordered_sum(n, [&](index_t i) {
      const value_of<Q> x = g.values[i];
      if constexpr (is_real)
        return double(x) * double(x);
      else
        return double(x.re) * double(x.re) + double(x.im) * double(x.im);
    });
    group_params<Q> p;
    if (n > 0)
      p.scale[0] = mul_rn(factor, float(__builtin_sqrt(sum / double(is_real ? n : 2 * n))));
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
