// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../kernels/dequantize.hpp"

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
}  // namespace detail

/// Compares the original with its quantized form. Shapes must agree, else error shape_mismatch.
/// Allocates one row.
template <format_like F>
comparison compare(std::type_identity_t<matrix_view<const typename F::value_type>> original,
                   const quantized_view<F>& w) {
  using V = typename F::value_type;
  if (!(original.shape() == w.shape()))
    fail(
        errc::shape_mismatch, "original",
        message(original.rows(), " x ", original.cols(), ", expected ", w.rows(), " x ", w.cols()));
  kernels::row_reader<quantized_view<F>> reader(kernels::ops_of(arch::runtime), w);
  constexpr index_t chunk = decltype(reader)::chunk;
  std::vector<V> row(std::size_t(ceil_div(w.cols(), chunk) * chunk + kernels::row_slack));
  double error = 0, power = 0, most = 0;
  index_t zeros = 0;
  const float_mode_guard mode;
  for (index_t r = 0; r < w.rows(); ++r) {
    for (index_t c = 0; c < w.cols(); c += chunk)
      reader.read(r, c, min_of(chunk, w.cols() - c), row.data() + c);
    w.apart.add_row(r, row.data());
    const auto squared = [](V x) {
      if constexpr (std::same_as<V, float>)
        return double(x) * double(x);
      else
        return double(x.re) * double(x.re) + double(x.im) * double(x.im);
    };
    error += ordered_sum(
        w.cols(), [&](index_t c) { return squared(sub_rn(original(r, c), row[std::size_t(c)])); });
    power += ordered_sum(w.cols(), [&](index_t c) { return squared(original(r, c)); });
    for (index_t c = 0; c < w.cols(); ++c) {
      const double d = double(magnitude(sub_rn(original(r, c), row[std::size_t(c)])));
      most = d > most ? d : most;
      zeros += row[std::size_t(c)] == V{};
    }
  }
  const double n = double(w.rows()) * double(w.cols());
  detail::byte_counter count;
  matrix_data<F, borrowed>::each(count, static_cast<const matrix_data<F, borrowed>&>(w));
  comparison result;
  result.max_abs = most;
  if (n > 0) {
    result.mse = error / n;
    result.kernel_share = double(zeros) / n;
    result.bits_per_weight = 8 * double(count.bytes) / n;
  }
  if (error > 0) result.relative_mse = power > 0 ? error / power : __builtin_inf();
  result.sqnr_db = detail::decibels(result.relative_mse);
  return result;
}

}  // namespace lowbit::inline LOWBIT_ABI
