// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../storage/dense_matrix.hpp"
#include "../storage/matrix_traits.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// How far a quantized matrix is from its original. Sums in binary64.
struct comparison {
  double mse = 0;           // mean of |w - q|^2
  double relative_mse = 0;  // sum |w - q|^2 / sum |w|^2; 0 when both sums are 0
  double sqnr_db = 0;       // -10 log10 of that; infinity for an exact copy
  double max_abs = 0;       // largest |w - q| (of a complex value: the larger part)
  double kernel_share = 0;  // share of values that decode to exactly 0: the quantization kernel
                            // (CrossQuant, arXiv 2410.07505, section 4)
  double bits_per_weight = 0;
};

namespace detail {
/// log10 of a positive number: a report, not a stored byte, so that libm may serve.
inline double decibels(double ratio) { return -10 * __builtin_log10(ratio); }

/// row(r) gives the values of row r.
template <class V, class Row>
comparison compare_rows(matrix_view<const V> original, extent shape, index_t bytes, Row&& row) {
  if (!(original.shape() == shape))
    fail(errc::shape_mismatch, "original",
         message(original.rows(), " x ", original.cols(), ", expected ", shape.rows, " x ",
                 shape.cols));
  const auto squared = [](V x) {
    if constexpr (std::same_as<V, float>)
      return double(x) * double(x);
    else
      return double(x.re) * double(x.re) + double(x.im) * double(x.im);
  };
  double error = 0, power = 0, most = 0;
  index_t zeros = 0;
  const float_mode_guard mode;
  for (index_t r = 0; r < shape.rows; ++r) {
    const V* const found = row(r);
    error += ordered_sum(shape.cols,
                         [&](index_t c) { return squared(sub_rn(original(r, c), found[c])); });
    power += ordered_sum(shape.cols, [&](index_t c) { return squared(original(r, c)); });
    for (index_t c = 0; c < shape.cols; ++c) {
      const double d = double(magnitude(sub_rn(original(r, c), found[c])));
      most = d > most ? d : most;
      zeros += found[c] == V{};
    }
  }
  comparison result;
  result.max_abs = most;
  const double n = double(shape.rows) * double(shape.cols);
  if (n > 0) {
    result.mse = error / n;
    result.kernel_share = double(zeros) / n;
  }
  result.bits_per_weight = bits_per_weight(bytes, shape);
  if (error > 0) result.relative_mse = power > 0 ? error / power : __builtin_inf();
  result.sqnr_db = decibels(result.relative_mse);
  return result;
}
}  // namespace detail

/// Compares the original with its quantized form. Shapes must agree, else error shape_mismatch.
/// Allocates one row.
template <format_like F>
comparison compare(std::type_identity_t<matrix_view<const typename F::value_type>> original,
                   const quantized_view<F>& w) {
  using V = typename F::value_type;
  kernels::row_reader<quantized_view<F>> reader(kernels::ops_of(arch::runtime), w);
  constexpr index_t chunk = decltype(reader)::chunk;
  std::vector<V> row(std::size_t(ceil_div(w.cols(), chunk) * chunk + kernels::row_slack));
  return detail::compare_rows<V>(original, w.shape(), w.bytes(), [&](index_t r) {
    for (index_t c = 0; c < w.cols(); c += chunk)
      reader.read(r, c, min_of(chunk, w.cols() - c), row.data() + c);
    w.apart.add_row(r, row.data());
    return row.data();
  });
}

/// The same of any matrix: a linear, an any_matrix ... Allocates a dense copy.
template <detail::matrix_but_no_view M>
comparison compare(
    std::type_identity_t<matrix_view<const typename matrix_traits<M>::value_type>> original,
    const M& w) {
  using V = typename matrix_traits<M>::value_type;
  dense_matrix<V> values(matrix_traits<M>::shape(w));
  dequantize(w, values.view());
  return detail::compare_rows<V>(original, values.shape, matrix_traits<M>::bytes(w),
                                 [&](index_t r) { return values.view().row(r); });
}

}  // namespace lowbit::inline LOWBIT_ABI
