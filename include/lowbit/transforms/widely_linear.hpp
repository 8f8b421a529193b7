// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"
#include "../core/float_mode.hpp"
#include "../storage/dense_matrix.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Real values as half as many complex ones, x'[j] = x[j] + i x[m + j] with m = ceil(n / 2): by it
/// complex weights work on real data. A real matrix A of 2n x 2m is the pair of complex n x m
/// matrices with y' = U x' + W conj(x') (`split`), so that it becomes
///
///   linear{widely_linear{}, u, linear{conjugate{}, w}, widely_linear{}}
///
/// (Fairy2i; see quantize_widely_linear). Sizes that are odd are filled up with a zero. An exact
/// rearrangement of activations; no row of A alone has a counterpart, so that it is no transform of
/// rows. Nothing is stored.
struct widely_linear {
  static constexpr auto name = text("widely_linear");
  template <class>
  using result = complex32;

  static constexpr index_t transformed_size(index_t n) { return ceil_div(n, 2); }
  static constexpr index_t original_size(index_t n) { return 2 * n; }

  void apply(span<const float> x, span<complex32> out) const {
    const index_t m = out.size();
    for (index_t j = 0; j < m; ++j) out[j] = {x[j], m + j < x.size() ? x[m + j] : 0.f};
  }
  void inverse(span<complex32> x, span<float> out) const {
    const index_t m = x.size();
    for (index_t j = 0; j < m; ++j) out[j] = x[j].re;
    for (index_t j = m; j < out.size(); ++j) out[j] = x[j - m].im;
  }

  struct pair {
    dense_matrix<complex32> u, w;
  };
  /// With A in four blocks: U = (A11 + A22) / 2 + i (A21 - A12) / 2 and
  /// W = (A11 - A22) / 2 + i (A12 + A21) / 2, each part rounded once.
  static pair split(matrix_view<const float> a) {
    const float_mode_guard mode;
    const extent e{ceil_div(a.rows(), 2), ceil_div(a.cols(), 2)};
    pair p{dense_matrix<complex32>(e), dense_matrix<complex32>(e)};
    const auto at = [&](index_t r, index_t c) {
      return r < a.rows() && c < a.cols() ? double(a(r, c)) : 0.0;
    };
    for (index_t r = 0; r < e.rows; ++r)
      for (index_t c = 0; c < e.cols; ++c) {
        const double a11 = at(r, c), a12 = at(r, e.cols + c);
        const double a21 = at(e.rows + r, c), a22 = at(e.rows + r, e.cols + c);
        p.u.view()(r, c) = {float((a11 + a22) / 2), float((a21 - a12) / 2)};
        p.w.view()(r, c) = {float((a11 - a22) / 2), float((a12 + a21) / 2)};
      }
    return p;
  }
  /// The real matrix of a pair: A11 = Re(U + W), A22 = Re(U - W), A21 = Im(W + U), A12 = Im(W - U),
  /// each rounded once; what split made, exactly, where its sums needed no rounding (all values
  /// multiples of one power of two, none larger than 2^23 of it).
  static dense_matrix<float> join(const pair& p, extent shape) {
    const float_mode_guard mode;
    const extent e = p.u.shape;
    if (!(p.w.shape == e) || !(extent{ceil_div(shape.rows, 2), ceil_div(shape.cols, 2)} == e))
      fail(errc::shape_mismatch, "widely_linear",
           message(e.rows, " x ", e.cols, " and ", p.w.shape.rows, " x ", p.w.shape.cols,
                   " complex values for ", shape.rows, " x ", shape.cols, " real ones"));
    dense_matrix<float> a(shape);
    for (index_t r = 0; r < shape.rows; ++r)
      for (index_t c = 0; c < shape.cols; ++c) {
        const complex32 u = p.u.view()(r % e.rows, c % e.cols);
        const complex32 w = p.w.view()(r % e.rows, c % e.cols);
        const bool low = r >= e.rows, right = c >= e.cols;
        a.view()(r, c) =
            low == right ? add_rn(u.re, low ? -w.re : w.re) : add_rn(w.im, low ? u.im : -u.im);
      }
    return a;
  }

  template <class Visit, class... Self>
  static void each(Visit&&, const path&, Self&...) {}
  void validate(const path&) const {}
};

}  // namespace lowbit::inline LOWBIT_ABI
