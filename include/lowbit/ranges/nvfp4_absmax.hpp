// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/microscaling.hpp"
#include "fixed_scale.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The scales of NVFP4 under a given tensor scale g.
struct nvfp4_scales {
  float g;

  /// g = max|x| / (top_scale L): the block with the largest value gets the block scale top_scale.
  /// An all-zero tensor has g = 1.
  template <class Q>
  static nvfp4_scales of(matrix_view<const value_of<Q>> m, float top_scale) {
    float top = 0;
    for (index_t r = 0; r < m.rows(); ++r)
      for (index_t c = 0; c < m.cols(); ++c)
        if (magnitude(m(r, c)) > top) top = magnitude(m(r, c));
    return for_top<Q>(top, top_scale);
  }
  template <class Q>
  LOWBIT_HD static nvfp4_scales for_top(float top, float top_scale) {
    const float g = div_rn(top, mul_rn(top_scale, peak_of<Q>));
    return {g == 0 ? 1.f : g};
  }
  /// The scale that puts `top` on `level`, as it will decode: the block scale is clamped to
  /// 2^-6..448 and rounded to e4m3.
  LOWBIT_HD float on_level(float top, float level) const {
    float s = div_rn(div_rn(top, level), g);
    if (s < 0x1p-6f) s = 0x1p-6f;
    if (s > e4m3::peak) s = e4m3::peak;
    return mul_rn(e4m3::decode(e4m3::encode(s)), g);
  }
};

template <class Q>
concept takes_nvfp4_scale = !has_zero<Q> && scales_of<Q> == 1;

}  // namespace detail

/// NVFP4: a tensor scale g = max|x| / (448 L) in f32, and block scales
/// S = e4m3(clamp(A / (L g), 2^-6, 448)) with A = max|x| of the block and L the top level (6). The
/// block scale is rounded to nearest, so that it may round down and clip A. A block far below the
/// largest value of the tensor (by 2^-15) meets the lower clamp. Default of microscaling<16, e4m3>.
/// All zero: g = 1. Importance does not matter. Source: torchao, nvfp4_tensor.py.
struct nvfp4_absmax : range_search {
  using scale_plane = tensor_scaled<e4m3>;

  struct plan {
    static constexpr bool fits_anywhere = true;
    detail::nvfp4_scales scales;
    template <class Q>
    LOWBIT_HD group_params<Q> fit(const group_values<Q>& block) const {
      return for_top<Q>(detail::largest_magnitude(block));
    }
    template <class Q>
    LOWBIT_HD group_params<Q> for_top(float top) const {
      group_params<Q> p{};
      p.scale[0] = scales.on_level(top, peak_of<Q>);
      return p;
    }
    fixed_scale scale_range() const { return fixed_scale(scales.g); }
  };
  template <class Q>
    requires(detail::takes_nvfp4_scale<Q>)
  plan for_matrix(matrix_view<const value_of<Q>> m)
  const { return plan{detail::nvfp4_scales::of<Q>(m, e4m3::peak)}; }
  /// The same of a matrix of which only the largest magnitude is known.
  template <class Q>
    requires(detail::takes_nvfp4_scale<Q>)
  LOWBIT_HD static plan for_matrix_top(float top) {
    return plan{detail::nvfp4_scales::for_top<Q>(top, e4m3::peak)};
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
