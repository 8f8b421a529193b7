// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/blocks.hpp"
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// For quantizers with a minimum: one offset M for the whole matrix, and S = max|x - M| / peak in
/// each group. M is the mean of all values where levels have both signs (QLoRA's double
/// quantization of scales), the least value where they start at 0 (LQ-LoRA's). A group whose values
/// all equal M, and an empty one, have S = 0. Importance does not matter.
struct matrix_offset : range_search {
  struct plan {
    float offset;
    template <class Q>
    group_params<Q> fit(const group_values<Q>& g) const {
      group_params<Q> p;
      p.zero = g.stored_zero(offset);
      float top = 0;
      for (float x : g.values) {
        const float distance = magnitude(sub_rn(x, p.zero));
        if (distance > top) top = distance;
      }
      p.scale[0] = g.stored_scale(div_rn(top, peak_of<Q>));
      return p;
    }
  };
  template <class Q>
    requires(zero_of<Q> == zero_kind::minimum && scales_of<Q> == 1)
  plan for_matrix(matrix_view<const float> m) const {
    if (m.rows() == 0 || m.cols() == 0) return {0};
    if constexpr (detail::has_both_signs<Q>) {
      const double sum = ordered_sum(
          m.rows() * m.cols(), [&](index_t i) { return double(m(i / m.cols(), i % m.cols())); });
      return {float(sum / double(m.rows() * m.cols()))};
    } else {
      float least = m(0, 0);
      for (index_t r = 0; r < m.rows(); ++r)
        for (index_t c = 0; c < m.cols(); ++c)
          if (m(r, c) < least) least = m(r, c);
      return {least};
    }
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
