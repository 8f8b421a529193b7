// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "gemm.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace kernels {

/// The view that a product of a matrix takes: of a view itself, of what owns it, of a format where
/// files keep it.
template <class W>
struct view_for {};
template <format_like F>
struct view_for<F> {
  using type = quantized_view<F>;
};
template <class F, class Layout>
struct view_for<quantized_view<F, Layout>> {
  using type = quantized_view<F, Layout>;
};
template <class F, class Layout>
struct view_for<quantized_matrix<F, Layout>> {
  using type = quantized_view<F, Layout>;
};
template <class W>
concept has_view = requires {
  typename view_for<W>::type;
};

/// Activations as gemm takes them: a number's type, `as<A>(x)`'s format, or what either becomes.
template <class A>
struct activations_for {
  using type = A;
};
template <lowbit::scalar T>
struct activations_for<T> {
  using type = real_activations;
};
template <>
struct activations_for<complex32> {
  using type = real_activations;
};
template <class A>
struct activations_for<prepared<A>> {
  using type = A;
};
template <class A, class T>
struct activations_for<quantized_activations<A, T>> {
  using type = A;
};

/// Rows of int8 can be taken apart for complex codes, however many groups there are.
template <class A>
constexpr bool rows_fit_axes() {
  using parts = int8_parts<A>;
  if constexpr (format_like<typename parts::format_type>) {
    constexpr index_t width = parts::format_type::granularity_type::block_cols;
    return int8_axis_rows::fit(parts::count, width == whole ? 1 : 2, width);
  } else {
    return true;
  }
}

template <class View, class A>
inline constexpr auto name_of_product = [] {
  using product = product_for<View, typename prepared<A>::rows_type, rows_fit_axes<A>()>;
  if constexpr (has_name<typename View::layout_type>)
    return product::name() + ("/" + View::layout_type::name);
  else
    return product::name();
}();

}  // namespace kernels

/// Which kernel gemm and gemv run for a matrix W (a quantized_matrix or quantized_view; a format
/// stands for its canonical view) with activations A (float, float16, complex32 ...; a8 and other
/// formats, a8r, static_int8 for what `as` makes; `prepared`): what multiplies, bits of a code, how
/// levels are found, and the layout that is read.
///
///   kernel_name<format<uniform<4>, per_group<32>>, a8>()    "int8_tiles<4,table>/canonical"
///
///   int8_tiles   exact sums of int8 levels, sixteen rows at a time
///   real_tiles   values multiplied in binary32, sixteen rows at a time
///   axes<...>    complex codes as two of these
///   rows         rows decoded in pieces, then multiplied in binary32: takes everything
///
///   codes        codes are the levels, but for a constant
///   table        looked up in registers or the first cache
///   entries      vectors, from the tables of a codebook
///   sets         one of several tables, chosen by group
///   affine, field, float, exponent   computed from the code's bits
///   generic      decode is asked for every code, or every level of a group: right, not fast
///
/// It is what gemm chooses, asked without a matrix. What is kept apart from the codes is added by
/// the same kernel; the instruction set is chosen at run time. A linear's kernels are those of its
/// terms. For complex codes int8 activations decide one more time, as they come: this takes groups
/// of 4 or 12 columns for several, and static_int8 for such as needs no second part.
template <class W, class A = real_activations>
constexpr std::string_view kernel_name() {
  static_assert(kernels::has_view<W>,
                "lowbit::kernel_name: W is neither a format nor a quantized matrix or a view of "
                "one in the host's memory");
  if constexpr (kernels::has_view<W>)
    return kernels::name_of_product<typename kernels::view_for<W>::type,
                                    typename kernels::activations_for<A>::type>;
  else
    return {};
}

}  // namespace lowbit::inline LOWBIT_ABI
