// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_error.hpp"
#include "nvfp4_absmax.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Four over six: the largest value of an NVFP4 block goes to level 6 or to level 4, whichever errs
/// less (weighted by importance; ties take 6). Levels below 4 are twice as dense relative to the
/// largest value as those below 6. So that the larger block scale fits e4m3, the tensor scale is
/// max|x| / (256 * 6) instead of 448 * 6. Otherwise like nvfp4_absmax; the format stays the same.
/// Cost: two encodings of the matrix. Source: Cook et al., arXiv 2512.02010.
struct four_over_six : range_search {
  using scale_plane = nvfp4_absmax::scale_plane;

  struct plan {
    detail::nvfp4_scales scales;
    template <class Q>
    group_params<Q> fit(const group_values<Q>& block) const {
      const float top = detail::largest_magnitude(block);
      group_params<Q> six, four;
      six.scale[0] = scales.on_level(top, 6);
      four.scale[0] = scales.on_level(top, 4);
      return group_error(block, four) < group_error(block, six) ? four : six;
    }
    fixed_scale scale_range() const { return fixed_scale(scales.g); }
  };
  template <class Q>
    requires(detail::takes_nvfp4_scale<Q> && peak_of<Q> == 6 && dim_of<Q> == 1 && !has_state<Q>)
  plan for_matrix(matrix_view<const value_of<Q>> m) const {
    return plan{detail::nvfp4_scales::of<Q>(m, 256)};
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
