// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../../format.hpp"
#include "../../../outliers/none.hpp"
#include "../../../ranges/default.hpp"
#include "../row_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
template <class F>
inline constexpr bool is_nvfp4 =
    std::same_as<typename F::granularity_type::scale_plane, nvfp4_absmax::scale_plane>;
template <class F>
using default_range_of =
    decltype(default_range<typename F::quantizer_type, typename F::granularity_type>());
/// The search needs nothing of a group but its largest magnitude.
template <class F, class Q = typename F::quantizer_type>
concept fits_to_top = (requires(float top) { default_range_of<F>::template for_top<Q>(top); } ||
                       requires(float top) {
                         default_range_of<F>::template for_matrix_top<Q>(top);
                       });

/// The larger of two magnitudes; not finite where one of them is not.
LOWBIT_HD inline float larger_or_nan(float a, float b) {
  return bits_as<word>(a) < bits_as<word>(b) ? b : a;  // magnitudes are ordered as their bits
}
/// The largest magnitude of 8 values, or of those that are finite.
LOWBIT_HD inline float chunk_top(const arr<float, 8>& x, bool finite_only) {
  float top = 0;
  for (int i = 0; i < 8; ++i) {
    const float m = magnitude(x[i]);
    if (!finite_only || is_finite(m)) top = larger_or_nan(top, m);
  }
  return top;
}
}  // namespace detail

/// Formats that the kernels below quantize to: affine or field codes, groups of whole rows or of a
/// multiple of 8 columns of a row, one scale stored as a number of whole bytes (or as NVFP4 has
/// it), nothing kept apart; the default range is set by the largest magnitude alone.
template <class F>
concept quantized_on_line =
    format_like<F> && std::same_as<typename F::value_type, float> &&
    (std::same_as<strategy_of<typename F::quantizer_type>, affine_codes> ||
     std::same_as<strategy_of<typename F::quantizer_type>, field_codes>) &&
    F::quantizer_type::bits <= 8 && F::granularity_type::block_rows == 1 &&
    F::granularity_type::block_cols % 8 == 0 && std::same_as<typename F::outliers_type, none> &&
    F::granularity_type::scale_plane::quantizer_type::bits % 8 == 0 &&
    (std::same_as<typename F::granularity_type::scale_plane::granularity_type, unscaled> ||
     detail::is_nvfp4<F>)&&detail::fits_to_top<F>;

/// What is quantized, and the planes of a canonical matrix of that shape: codes, scales, and the
/// f32 scale of the tensor (NVFP4; null for others).
template <class T>
struct quantize_task {
  const T* values;
  index_t stride;
  extent shape;
  std::uint8_t* codes;
  std::uint8_t* scales;
  float* tensor_scale = nullptr;
};

}  // namespace lowbit::inline LOWBIT_ABI
