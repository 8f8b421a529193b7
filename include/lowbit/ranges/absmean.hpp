// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "mean_magnitude.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// S = factor * mean|x|, weighted by importance: mean_magnitude for level sets whose training chose
/// another multiple. BitNet's ternary weights have factor 1, OFQ's centred levels of B bits
/// 2 / 2^(B - 1), LSQ starts at 2 / sqrt(largest code). BitNet's lower bound of 1e-5 is not needed:
/// zeros have S = 0 and are exact.
struct absmean : range_search {
  float factor;
  explicit constexpr absmean(float f = 1) : factor(f) {}

  template <class Q>
    requires(range_for<mean_magnitude, Q>)
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> p = mean_magnitude{}.fit<Q>(g);
    p.scale[0] = mul_rn(factor, p.scale[0]);
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
