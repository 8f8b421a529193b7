// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which formats have products on tensor cores.
#pragma once
#include "../../packing/mma16.hpp"
#include "../../storage/quantized_matrix.hpp"
#include "../axis_view.hpp"
#include "byte_codec.hpp"
#include "entry_codec.hpp"
#include "half_codec.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Codes between two changes of a parameter: the largest power of two that divides the width of a
/// group and a block of mma16.
constexpr int run_of(int width) {
  int run = 128;
  while (width % run != 0) run /= 2;
  return run;
}

/// Codebooks whose vectors are whole operands of a few products.
template <class Q>
inline constexpr bool has_tensor_entries = [] {
  if constexpr (has_entry_codec<Q>)
    return dim_of<Q> == 4 || dim_of<Q> == 8 || dim_of<Q> == 16;
  else
    return false;
}();

/// What tensor cores need to know of a format: real values with one scale (and maybe a zero) for at
/// least 16 neighbouring codes of a row, and a codec. Widths and runs count codes.
template <class F>
struct tensor_traits {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  static constexpr bool groups = detail::has_groups<G, Q> && requires {
    typename G::scale_plane;
  };
  static constexpr int dim = dim_of<Q>;
  static constexpr bool one_group = !groups || G::block_cols == whole;
  static constexpr int width = one_group ? 0 : G::block_cols / dim;
  static constexpr int run = one_group ? 128 : width < 16 ? 0 : run_of(width);
  static constexpr bool minima =
      zero_of<Q> == zero_kind::minimum || zero_of<Q> == zero_kind::real;
  static constexpr bool fits = run >= 16 && (one_group || G::block_cols % dim == 0) &&
                               (has_half_codec<Q> || has_tensor_entries<Q>);
};

/// Formats whose products run on tensor cores, from the layout mma16.
template <class F>
inline constexpr bool has_tensor_path = tensor_traits<F>::fits;
/// And with int8 activations as integers.
template <class F>
inline constexpr bool has_byte_path = [] {
  if constexpr (!has_tensor_path<F> || scales_columns<typename F::granularity_type>) return false;
  else return has_byte_codec<typename F::quantizer_type>;
}();

/// Complex formats whose axes have, each as a matrix of real levels.
template <class F>
inline constexpr bool has_tensor_axes = [] {
  if constexpr (has_axes<F>)
    return has_tensor_path<
        typename axis_view<quantized_view<F, mma16, device>, 0>::format_type>;
  else
    return false;
}();

}  // namespace kernels

/// The layout that products on a device read fastest.
template <format_like F>
using device_layout = std::conditional_t<kernels::has_tensor_path<F> || kernels::has_tensor_axes<F>,
                                         mma16, canonical>;

}  // namespace lowbit::inline LOWBIT_ABI
