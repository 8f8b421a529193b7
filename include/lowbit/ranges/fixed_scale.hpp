// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A scale that is known beforehand: S = `scale` for every group (all scales of it, where the
/// quantizer has several), zeros 0. Values beyond the levels are clipped. A scale that is no number
/// is an error of quantize.
struct fixed_scale : range_search {
  static constexpr bool fits_anywhere = true;
  float scale;
  explicit fixed_scale(float s) : scale(s) {}

  template <class Q>
  LOWBIT_HD group_params<Q> fit(const group_values<Q>&) const {
    group_params<Q> p;
    for (int k = 0; k < scales_of<Q>; ++k) p.scale[k] = scale;
    return p;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
