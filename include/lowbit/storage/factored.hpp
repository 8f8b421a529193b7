// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>

#include "../outliers/dominant_subspace.hpp"
#include "../quantize.hpp"
#include "dense_matrix.hpp"
#include "matrix_traits.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// y = L (R x): a product of two thin real matrices, L rows x rank and R rank x columns, as a low
/// rank branch of a linear (LoRA, LQ-LoRA, SVDQuant) or by itself:
///
///   factored branch{l, r};                                    // any two matrices
///   linear a{channel_scale(s), w, branch};
///   auto c = quantize_factored<format<f16, unscaled>>(rest, 16);
///
/// Both are kept by value. R meets the activations as they are given, quantized or not; what it
/// makes of them is binary32. Stored: both, and the rank. Throws error shape_mismatch.
template <matrix_like L, matrix_like R>
class factored {
  static_assert(std::same_as<typename matrix_traits<L>::value_type, float> &&
                    std::same_as<typename matrix_traits<R>::value_type, float>,
                "lowbit::factored: both factors must be real");

 public:
  factored() = default;
  factored(L left, R right) : left_(std::move(left)), right_(std::move(right)) {
    const extent l = matrix_traits<L>::shape(left_), r = matrix_traits<R>::shape(right_);
    if (l.cols != r.rows)
      fail(errc::shape_mismatch, "factored",
           message(l.rows, " x ", l.cols, " times ", r.rows, " x ", r.cols,
                   ", expected inner sizes that agree"));
    rank_ = std::uint32_t(l.cols);
    if (index_t(rank_) != l.cols)
      fail(errc::out_of_range, "factored", message("rank ", l.cols, ", expected below 2^32"));
  }

  extent shape() const {
    return {matrix_traits<L>::shape(left_).rows, matrix_traits<R>::shape(right_).cols};
  }
  index_t rank() const { return rank_; }
  const L& left() const { return left_; }
  const R& right() const { return right_; }
  index_t bytes() const {
    return matrix_traits<L>::bytes(left_) + matrix_traits<R>::bytes(right_) + index_t(sizeof rank_);
  }
  double bits_per_weight() const { return detail::bits_per_weight(bytes(), shape()); }

  /// See matrix_traits.
  template <class Rows>
  void multiply(const Rows& x, matrix_view<float> y, executor_ref threads, workspace& memory,
                update factors) const {
    kernels::real_rows inner{x.tokens, rank(), kernels::padded(rank()), nullptr};
    detail::carver size;
    size.take<float>(inner.tokens * inner.stride);
    detail::carver block(memory.reserve(size.used()));
    float* const values = block.take<float>(inner.tokens * inner.stride);
    inner.values = values;
    matrix_traits<R>::multiply(right_, x,
                               matrix_view<float>(values, inner.tokens, rank(), inner.stride),
                               threads, memory.nested(), update{});
    for (index_t t = 0; t < inner.tokens; ++t)
      for (index_t i = rank(); i < inner.stride; ++i) values[t * inner.stride + i] = 0;
    matrix_traits<L>::multiply(left_, inner, y, threads, memory.nested(), factors);
  }
  /// Sums in binary64, rounded once. Allocates both factors.
  void dequantize(matrix_view<float> out) const {
    dense_matrix<float> l(matrix_traits<L>::shape(left_)), r(matrix_traits<R>::shape(right_));
    matrix_traits<L>::dequantize(left_, l.view());
    matrix_traits<R>::dequantize(right_, r.view());
    std::vector<double> row(std::size_t(out.cols()));
    for (index_t i = 0; i < out.rows(); ++i) {
      row.assign(row.size(), 0.0);
      for (index_t k = 0; k < rank(); ++k)
        for (index_t c = 0; c < out.cols(); ++c)
          row[std::size_t(c)] += double(l.view()(i, k)) * double(r.view()(k, c));
      for (index_t c = 0; c < out.cols(); ++c) out(i, c) = float(row[std::size_t(c)]);
    }
  }

  /// visit(path, element, rank)
  template <class Visit>
  void visit_rank(Visit&& visit, const path& root) const {
    visit(root / "rank", element::u32, rank_);
  }

 private:
  L left_{};
  R right_{};
  std::uint32_t rank_ = 0;
};

/// The product of a rank that comes closest to a matrix, in (nearly) least squares (see low_rank),
/// both factors quantized to F. Importance has no place here; an executor is for their rounding.
template <format_like F, class... How>
factored<quantized_matrix<F>, quantized_matrix<F>> quantize_factored(
    matrix_view<const float> weights, index_t rank, const How&... how) {
  if (rank < 0 || rank >> 32 != 0)
    fail(errc::bad_argument, "rank", message(rank, ", expected 0 to 2^32 - 1"));
  detail::check_finite(weights);
  const float_mode_guard mode;
  const detail::thin_factors f = detail::dominant_factors(weights, rank);
  dense_matrix<float> l(extent{weights.rows(), rank}), r(extent{rank, weights.cols()});
  for (index_t k = 0; k < rank; ++k) {
    for (index_t i = 0; i < weights.rows(); ++i)
      l.view()(i, k) = float(f.left[std::size_t(k * weights.rows() + i)]);
    for (index_t c = 0; c < weights.cols(); ++c)
      r.view()(k, c) = float(f.right[std::size_t(k * weights.cols() + c)]);
  }
  return {quantize<F>(std::as_const(l).view(), how...),
          quantize<F>(std::as_const(r).view(), how...)};
}

template <class L, class R>
struct matrix_traits<factored<L, R>> {
  using matrix = factored<L, R>;
  using value_type = float;
  static constexpr bool exact_int8 = matrix_traits<R>::exact_int8;
  static constexpr auto name = [] {
    constexpr auto l = matrix_traits<L>::name;
    constexpr auto r = matrix_traits<R>::name;
    if constexpr (l.size() == 0 || r.size() == 0)
      return text("");
    else
      return "factored<" + (l + ("," + (r + ">")));
  }();

  static extent shape(const matrix& m) { return m.shape(); }
  static index_t bytes(const matrix& m) { return m.bytes(); }
  template <class Rows>
  static void multiply(const matrix& m, const Rows& x, matrix_view<float> y, executor_ref threads,
                       workspace& memory, update factors) {
    m.multiply(x, y, threads, memory, factors);
  }
  static void dequantize(const matrix& m, matrix_view<float> out) { m.dequantize(out); }
  /// "rank", "left.codes" ..., "right.codes" ...
  static void list(const matrix& m, const path& root, std::vector<stored_array>& out) {
    m.visit_rank(detail::array_lister{out}, root);
    const std::string left = path(root / "left").str(), right = path(root / "right").str();
    matrix_traits<L>::list(m.left(), path{nullptr, left}, out);
    matrix_traits<R>::list(m.right(), path{nullptr, right}, out);
  }
  static matrix from_parts(extent shape, span<const part> parts, const path& root = {}) {
    detail::check_extent(shape, root);
    std::uint32_t rank = 0;
    detail::part_binder{parts}(root / "rank", element::u32, rank);
    // Else a few bytes of an empty matrix could ask a product for any amount of memory.
    const index_t most = shape.rows + shape.cols + 65536;
    if (index_t(rank) > most)
      fail(errc::corrupted, path(root / "rank").str(),
           message(rank, ", expected at most ", most, " for ", shape.rows, " x ", shape.cols));
    const std::string left = path(root / "left").str(), right = path(root / "right").str();
    return {matrix_traits<L>::from_parts({shape.rows, rank}, parts, path{nullptr, left}),
            matrix_traits<R>::from_parts({rank, shape.cols}, parts, path{nullptr, right})};
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
