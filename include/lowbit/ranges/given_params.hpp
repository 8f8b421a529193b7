// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Scales (and zeros) that the caller has: learned in training, or read from another tool's file.
/// One per group, in a matrix of the shape of the grid of groups; zeros may be left out for
/// quantizers without. The matrices must outlive the call. Values beyond the range are clipped.
/// Throws shape_mismatch where a group has no scale or zero, not_finite where it is no number.
struct given_params : range_search {
  matrix_view<const float> scales, zeros;
  explicit given_params(matrix_view<const float> s, matrix_view<const float> z = {})
      : scales(s), zeros(z) {}

  template <class Q>
    requires(scales_of<Q> == 1)
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> p;
    p.scale[0] = look_up("scales", scales, g.group);
    if constexpr (has_zero<Q>) p.zero = look_up("zeros", zeros, g.group);
    return p;
  }

 private:
  static float look_up(const char* what, matrix_view<const float> m, position group) {
    if (group.row >= m.rows() || group.col >= m.cols())
      fail(errc::shape_mismatch, what,
           message(m.rows(), " x ", m.cols(), ", and there is a group (", group.row, ", ",
                   group.col, ")"));
    return m(group.row, group.col);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
