// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>

#include "../quantize.hpp"
#include "dense_matrix.hpp"
#include "matrix_traits.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A matrix stored as the codes of its transpose: y = M^T x. So what lies along a row of M runs
/// along the outputs: vectors of a codebook down a column (VPTQ, GPTVQ), one scale for each input
/// channel, groups of outputs.
///
///   auto w = quantize_transposed<format<vector_codebook<4, 8>, per_row>>(weights);
///   linear a{permute(order), w};
///
/// It goes wherever a quantized_matrix goes: gemv, gemm, any_matrix, save and load, a term of a
/// linear. Products are sums in binary64 of the values that M decodes to, rounded once; quantized
/// activations are multiplied as the numbers that they stand for. Stored: M.
template <format_like F>
class transposed {
  static_assert(std::same_as<typename F::value_type, float>, "lowbit::transposed: M must be real");

 public:
  transposed() = default;
  explicit transposed(quantized_matrix<F> m) : matrix_(std::move(m)) {}

  extent shape() const { return {matrix_.shape().cols, matrix_.shape().rows}; }
  const quantized_matrix<F>& matrix() const { return matrix_; }
  index_t bytes() const { return matrix_.bytes(); }
  double bits_per_weight() const { return matrix_.bits_per_weight(); }

  /// See matrix_traits. Columns of M are shared out among threads; M is decoded once for every
  /// `piece` tokens.
  void multiply(const kernels::real_rows& x, matrix_view<float> y, executor_ref threads,
                workspace& memory, update factors) const {
    const quantized_view<F> m = matrix_.view();
    const index_t tasks = ceil_div(m.cols(), reader::chunk);
    const index_t room = piece * reader::chunk;
    detail::carver size;
    size.take<double>(tasks * room);
    double* const sums =
        detail::carver(memory.reserve(size.used())).template take<double>(tasks * room);
    threads.for_each(tasks, [&](index_t task) {
      const float_mode_guard mode;
      const index_t first = task * reader::chunk, n = min_of(reader::chunk, m.cols() - first);
      for (index_t t = 0; t < x.tokens; t += piece) {
        const index_t tokens = min_of(piece, x.tokens - t);
        double* const sum = sums + task * room;
        add_products(m, {tokens, x.cols, x.stride, x.values + t * x.stride}, first, n, sum);
        for (index_t i = 0; i < tokens; ++i)
          for (index_t c = 0; c < n; ++c) {
            float& to = y(t + i, first + c);
            const float v = factors.alpha * float(sum[i * n + c]);
            to = factors.beta == 0 ? v : v + factors.beta * to;  // beta 0 never reads y
          }
      }
    });
  }
  void multiply(const kernels::int8_rows& x, matrix_view<float> y, executor_ref threads,
                workspace& memory, update factors) const {
    detail::carver size;
    kernels::decode_rows(x, size, false);
    detail::carver block(memory.reserve(size.used()));
    multiply(kernels::decode_rows(x, block, true), y, threads, memory.nested(), factors);
  }
  /// Allocates M's values.
  void dequantize(matrix_view<float> out) const {
    dense_matrix<float> values(matrix_.shape());
    lowbit::dequantize(matrix_.view(), values.view());
    for (index_t r = 0; r < out.rows(); ++r)
      for (index_t c = 0; c < out.cols(); ++c) out(r, c) = values.view()(c, r);
  }

 private:
  using reader = kernels::row_reader<quantized_view<F>>;
  static constexpr index_t piece = 16;

  /// sum[token][column] = the products of all rows with columns first .. first + n - 1.
  static void add_products(const quantized_view<F>& m, const kernels::real_rows& x, index_t first,
                           index_t n, double* sum) {
    for (index_t i = 0; i < x.tokens * n; ++i) sum[i] = 0;
    reader rows(kernels::ops_of(arch::runtime), m);
    float values[reader::chunk + kernels::row_slack];
    for (index_t r = 0; r < m.rows(); ++r) {
      rows.read(r, first, n, values);
      if constexpr (!std::same_as<typename F::outliers_type, none>)
        for (index_t c = 0; c < n; ++c) values[c] = add_rn(values[c], m.apart.at(r, first + c));
      for (index_t i = 0; i < x.tokens; ++i) {
        const double factor = double(x.values[i * x.stride + r]);
        for (index_t c = 0; c < n; ++c) sum[i * n + c] += factor * double(values[c]);
      }
    }
  }

  quantized_matrix<F> matrix_;
};

/// Quantizes the transpose of a matrix. Arguments are those of quantize, for the transpose:
/// importance has one weight per element of it, or one per output.
template <format_like F, class... How>
transposed<F> quantize_transposed(matrix_view<const float> weights, const How&... how) {
  dense_matrix<float> m(extent{weights.cols(), weights.rows()});
  for (index_t r = 0; r < weights.rows(); ++r)
    for (index_t c = 0; c < weights.cols(); ++c) m.view()(c, r) = weights(r, c);
  return transposed<F>(quantize<F>(std::as_const(m).view(), how...));
}

template <class F>
struct matrix_traits<transposed<F>> {
  using matrix = transposed<F>;
  using of_rows = matrix_traits<quantized_matrix<F>>;
  using value_type = float;
  static constexpr bool exact_int8 = false;
  static constexpr auto name = [] {
    if constexpr (of_rows::name.size() == 0)
      return text("");
    else
      return "transposed<" + (of_rows::name + text(">"));
  }();

  static extent shape(const matrix& m) { return m.shape(); }
  static index_t bytes(const matrix& m) { return m.bytes(); }
  template <class Rows>
  static void multiply(const matrix& m, const Rows& x, matrix_view<float> y, executor_ref threads,
                       workspace& memory, update factors) {
    m.multiply(x, y, threads, memory, factors);
  }
  static void dequantize(const matrix& m, matrix_view<float> out) { m.dequantize(out); }
  static void list(const matrix& m, const path& root, std::vector<stored_array>& out) {
    of_rows::list(m.matrix(), root, out);
  }
  static matrix from_parts(extent shape, span<const part> parts, const path& root = {}) {
    detail::check_extent(shape, root);
    return matrix(of_rows::from_parts({shape.cols, shape.rows}, parts, root));
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
