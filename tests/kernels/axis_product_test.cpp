// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/outliers/criteria/top_fraction.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantizers/complex_unit.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::axis_product;

namespace {

std::vector<complex32> pairs(const std::vector<float>& parts) {
  std::vector<complex32> all;
  for (std::size_t i = 0; i + 1 < parts.size(); i += 2) all.push_back({parts[i], parts[i + 1]});
  return all;
}

/// x are the activations' parts, re and im in turn; `A` is what they are quantized to, or real.
template <template <class> class Product, class A, class View>
std::vector<complex32> multiply(arch a, const View& w, const std::vector<float>& x,
                                index_t tokens) {
  const complex32 none{std::numeric_limits<float>::quiet_NaN(), 0};
  std::vector<complex32> y(std::size_t(tokens * w.rows()), none);
  prepared<A> rows(matrix_view<const float>(x.data(), tokens, 2 * w.cols()));
  const kernels::prepared_source<std::remove_cvref_t<decltype(rows.rows())>> source{rows.rows()};
  kernels::multiply_as<axis_product<View, Product>>(
      kernels::ops_of(a), w, source, matrix_view<complex32>(y.data(), tokens, w.rows()));
  return y;
}

/// Results against complex sums of what the activations stand for, within `bound` of the sum of the
/// products' magnitudes; one token by itself, and packed tiles, give the same bits.
template <class F, template <class> class Product, class A>
void check(index_t rows, index_t cols, double bound) {
  CAPTURE(format_name<F>);
  constexpr index_t tokens = 5;
  const test::random_matrix parts(rows, 2 * cols, 5), x(tokens, 2 * cols, 6);
  const auto q = quantize<F>(matrix_view<const complex32>(pairs(parts.values).data(), rows, cols));
  const auto view = q.view();
  std::vector<float> meant = x.values;
  if constexpr (!std::same_as<A, real_activations>) {
    const auto coded = quantize<A>(x.view());
    dequantize(coded.view(), matrix_view<float>(meant.data(), tokens, 2 * cols));
  }
  const std::vector<complex32> in = pairs(meant);
  for (const arch a : {arch::scalar, arch::avx2, arch::runtime}) {
    CAPTURE(int(a));
    const auto y = multiply<Product, A>(a, view, x.values, tokens);
    index_t wrong = 0;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t r = 0; r < rows; ++r) {
        double re = 0, im = 0, re_size = 0, im_size = 0;
        for (index_t c = 0; c < cols; ++c) {
          const complex32 v = view.at(r, c), b = in[std::size_t(t * cols + c)];
          const double rr = double(v.re) * double(b.re), ii = double(v.im) * double(b.im);
          const double ri = double(v.re) * double(b.im), ir = double(v.im) * double(b.re);
          re += rr - ii;
          im += ri + ir;
          re_size += std::fabs(rr) + std::fabs(ii);
          im_size += std::fabs(ri) + std::fabs(ir);
        }
        const complex32 got = y[std::size_t(t * rows + r)];
        wrong += !(std::fabs(double(got.re) - re) <= bound * re_size);
        wrong += !(std::fabs(double(got.im) - im) <= bound * im_size);
      }
    CHECK(wrong == 0);
    const std::vector<float> second(x.values.begin() + 2 * cols, x.values.begin() + 4 * cols);
    const std::vector<complex32> expected(y.begin() + rows, y.begin() + 2 * rows);
    CHECK(multiply<Product, A>(a, view, second, 1) == expected);
    const auto tiles = repack<host_layout>(q);
    CHECK(multiply<Product, A>(a, tiles.view(), x.values, tokens) == y);
    CHECK(multiply<Product, A>(a, tiles.view(), second, 1) == expected);
  }
}
template <class F>
void check_real(index_t rows, index_t cols) {
  const double bound = double((cols + 15) / 16 + 16) * 0x1p-23;
  check<F, kernels::real_tile_product, real_activations>(rows, cols, bound);
}
template <class F, class A = a8>
void check_int8(index_t rows, index_t cols) {
  check<F, kernels::int8_product, A>(rows, cols, 4e-6);
}

}  // namespace

TEST_CASE("complex units by real activations, two scales in a group") {
  check_real<format<complex_unit, per_group<16>>>(19, 1100);
  check_real<format<complex_unit, per_row>>(16, 77);
  check_real<format<complex_unit, per_tensor::with<f32>>>(1, 1);
}
TEST_CASE("complex units by int8 activations: groups of 32 parts, and of the whole row") {
  check_int8<format<complex_unit, per_group<64>>>(21, 1100);
  check_int8<format<complex_unit, per_row>, format<uniform<8>, per_row::with<f32>>>(16, 77);
  check_int8<format<complex_unit, per_group<20>>>(3, 90);
}

TEST_CASE("int8 activations whose groups hold no whole quads of complex values are decoded") {
  using A = format<uniform<8>, per_group<4, f32>>;
  const test::random_matrix parts(5, 64, 5), x(2, 64, 6);
  const auto q = quantize<format<complex_unit, per_group<16>>>(
      matrix_view<const complex32>(pairs(parts.values).data(), 5, 32));
  const prepared<A> rows(x.view());
  CHECK(!kernels::int8_axis_rows::fit(rows.rows()));
  std::vector<complex32> y(10), exact(10);
  gemm(q.view(), rows, matrix_view<complex32>(y.data(), 2, 5));
  std::vector<float> meant(128);
  const auto coded = quantize<A>(x.view());
  dequantize(coded.view(), matrix_view<float>(meant.data(), 2, 64));
  const std::vector<complex32> in = pairs(meant);
  gemm(q.view(), matrix_view<const complex32>(in.data(), 2, 32),
       matrix_view<complex32>(exact.data(), 2, 5));
  CHECK(y == exact);
}

TEST_CASE("complex units with outliers, alpha and beta, threads") {
  using F = format<complex_unit, per_group<32>, sparse<>>;
  const index_t rows = 50, cols = 96, tokens = 3;
  const test::random_matrix parts(rows, 2 * cols, 5), x(tokens, 2 * cols, 6);
  const std::vector<complex32> in = pairs(x.values);
  const auto q = quantize<F>(matrix_view<const complex32>(pairs(parts.values).data(), rows, cols),
                             top_fraction{0.02});
  const matrix_view<const complex32> from(in.data(), tokens, cols);
  std::vector<complex32> y(std::size_t(rows * tokens)), threaded(y);
  gemm(q.view(), from, matrix_view<complex32>(y.data(), tokens, rows));
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < rows; ++r) {
      complex32 sum{};
      for (index_t c = 0; c < cols; ++c)
        sum = sum + q.view().at(r, c) * in[std::size_t(t * cols + c)];
      CHECK(y[std::size_t(t * rows + r)].re == doctest::Approx(sum.re).epsilon(1e-4).scale(10));
      CHECK(y[std::size_t(t * rows + r)].im == doctest::Approx(sum.im).epsilon(1e-4).scale(10));
    }
  gemm(q.view(), from, matrix_view<complex32>(threaded.data(), tokens, rows), thread_pool{3});
  CHECK(threaded == y);
  gemm(q.view(), from, matrix_view<complex32>(threaded.data(), tokens, rows),
       update{.alpha = 2, .beta = -2});
  for (const complex32 v : threaded) CHECK(v == complex32{0, 0});
}
