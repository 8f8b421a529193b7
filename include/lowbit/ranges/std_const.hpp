// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "absmax.hpp"
#include "rms.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A clip at a fixed multiple of the standard deviation about 0: S = clip * RMS / peak, on the side
/// of the largest value where the levels are not symmetric. Empty or all zero: S = 0.
/// Throws bad_argument for a multiple that is negative or not finite.
///
/// Clips that minimise the squared error of normal values: 2.4739 for uniform<4>, 1.224006 for
/// ternary, 2.9225 for fp4_e2m1, 2.863 for normal_float<4>; QuEST's centred levels have their own
/// search, `quest`.
struct std_const : range_search {
  float clip;
  explicit constexpr std_const(float multiple) : clip(multiple) {
    if (!(multiple >= 0) || !is_finite(multiple))
      fail(errc::bad_argument, "std_const",
           message("clip at ", multiple, " standard deviations, expected a finite number >= 0"));
  }

  template <class Q>
    requires(range_for<rms, Q>)
  group_params<Q> fit(const group_values<Q>& g)
  const {
    group_params<Q> p;
    p.scale[0] = absmax::scale_for_limit<Q>(g, rms(clip).fit<Q>(g).scale[0]);
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
