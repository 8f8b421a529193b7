// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One shape per decode strategy, on the best instruction set that the machine has: the quickest
// proof that all of a target's kernels are right, also where it is only emulated.
#include <doctest/doctest.h>

#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>

#include "kernels/products.hpp"

using namespace lowbit;

namespace {

/// A user's own levels, without a name for anything.
struct four_levels {
  static constexpr int bits = 2;
  static constexpr float levels[] = {-1.5f, -0.25f, 0.5f, 1.25f};
  static constexpr unsigned encode(float x) {
    return x < -0.875f ? 0 : x < 0.125f ? 1 : x < 0.875f ? 2 : 3;
  }
  static constexpr float decode(unsigned code) { return levels[code]; }
};

template <class View>
void dequantizes_to_its_values(const View& w) {
  using V = typename View::format_type::value_type;
  std::vector<V> out(std::size_t(w.rows() * w.cols()));
  dequantize(w, matrix_view<V>(out.data(), w.rows(), w.cols()));
  index_t wrong = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c) {
      const V expected = w.at(r, c);
      wrong += __builtin_memcmp(&out[std::size_t(r * w.cols() + c)], &expected, sizeof(V)) != 0;
    }
  CHECK(wrong == 0);
}

template <class F>
void check() {
  const int bits = F::quantizer_type::bits;
  CAPTURE(bits);
  constexpr index_t rows = 19, cols = 301, tokens = 3;
  const test::operands o(rows, cols, tokens);
  const auto q = lowbit::quantize<F>(o.w.view());
  const auto tiles = repack<host_layout>(q);
  dequantizes_to_its_values(q.view());
  dequantizes_to_its_values(tiles.view());
  test::check_layouts<arch::runtime>(q, o.x);
  test::check_real<F, arch::runtime>(q.view(), o.x);

  // The same integers as in plain C++, and three roundings per group of activations more or less.
  const auto x = lowbit::quantize<a8>(o.x.view());
  const auto y = test::product<arch::runtime>(q.view(), as<a8>(o.x.view()), tokens);
  const auto plain = test::product<arch::scalar>(q.view(), as<a8>(o.x.view()), tokens);
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < rows; ++r) {
      double size = 0;
      for (index_t c = 0; c < cols; ++c)
        size += std::fabs(double(q.view().at(r, c)) * double(x.view().at(t, c)));
      const std::size_t at = std::size_t(t * rows + r);
      wrong += !(std::fabs(double(y[at]) - double(plain[at])) <= 4e-6 * size);
    }
  CHECK(wrong == 0);
  // One token has kernels of its own.
  std::vector<float> one(rows);
  gemv(tiles.view(), as<a8>(span<const float>(o.x.view().row(0), cols)), one);
  CHECK(one == std::vector<float>(y.begin(), y.begin() + rows));
}

}  // namespace

TEST_CASE("equal steps") {
  check<format<uniform<4>, per_group<32>>>();
  check<format<uniform<2, asymmetric>, per_group<16>>>();
  check<format<uniform<5, minimum>, per_group<20>>>();
}
TEST_CASE("equal steps, 8 bits") { check<format<uniform<8, full_range>, per_group<32>>>(); }
TEST_CASE("tables of 16, 8 and 4 levels") {
  check<format<normal_float<4>, per_group<64>>>();
  check<format<normal_float<3>, per_row>>();
  check<format<four_levels, per_group<32>>>();
}
TEST_CASE("fields of 8 bits") { check<format<fp8_e4m3, per_group<32, e8m0>>>(); }
TEST_CASE("ternary") { check<format<ternary, per_group<64>>>(); }
TEST_CASE("codebooks") {
  check<format<vector_codebook<4, 8>, per_row>>();
  check<format<residual<vector_codebook<4, 6>, vector_codebook<4, 3>>, per_row>>();
}

TEST_CASE("complex units") {
  constexpr index_t rows = 19, cols = 75;
  dense_matrix<complex32> w(extent{rows, cols});
  std::vector<complex32> x, y(rows);
  const philox random{9};
  for (std::size_t i = 0; i < w.values.size(); ++i)
    w.values[i] = {random.normal(2 * i), random.normal(2 * i + 1)};
  for (index_t c = 0; c < cols; ++c)  // small integers: products with units are exact
    x.push_back({float(c * 37 % 255 - 127), float(c * 91 % 255 - 127)});
  const auto q = lowbit::quantize<format<complex_unit, per_row>>(std::as_const(w).view());
  dequantizes_to_its_values(q.view());
  gemv(q.view(), x, y);
  for (index_t r = 0; r < rows; ++r) {
    double re = 0, im = 0;
    for (index_t c = 0; c < cols; ++c) {
      const complex32 a = q.view().at(r, c), b = x[std::size_t(c)];
      re += double(a.re) * double(b.re) - double(a.im) * double(b.im);
      im += double(a.re) * double(b.im) + double(a.im) * double(b.re);
    }
    CHECK(double(y[std::size_t(r)].re) == doctest::Approx(re).epsilon(1e-5).scale(1000));
    CHECK(double(y[std::size_t(r)].im) == doctest::Approx(im).epsilon(1e-5).scale(1000));
  }
}
