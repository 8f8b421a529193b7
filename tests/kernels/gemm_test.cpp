// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "kernels/products.hpp"

namespace {

namespace lb = lowbit;
using test::check;
using test::operands;
using test::product;
using namespace lowbit;
using w4 = format<uniform<4>, per_group<32>>;

}  // namespace

TEST_CASE("products stay within the bound: uniform") {
  check<w4>();
  check<format<uniform<2, asymmetric>, per_group<16>>>();
  check<format<uniform<8, asymmetric>, per_group<64>>>();
  check<format<uniform<8>, per_row>>();
}
TEST_CASE("products stay within the bound: half-integer levels, minima, float codes") {
  check<format<uniform<4, centred>, per_group<64>>>();
  check<format<uniform<5, minimum>, per_group<20>>>();
  check<format<fp4_e2m1, per_group<16, scaled<e4m3, per_tensor::with<f32>>>>>();
}
TEST_CASE("products stay within the bound: formats without an int8 form") {
  check<format<f16, unscaled>>();
  check<format<uniform<4>, per_block<2, 6>>>();
}
TEST_CASE("int8 levels of a float type with infinities are scaled by its largest finite level") {
  constexpr auto& table = kernels::int8_table_of<fp8_e5m2>;
  CHECK(!table.exact);
  CHECK(table.unit == div_rn(57344.f, 127.f));
  CHECK(int(table.values[fp8_e5m2::encode(57344.f)]) == 127);
  const operands o(9, 128, 2);
  const auto q = lb::quantize<format<fp8_e5m2, per_group<32>>>(o.w.view());
  const auto real = product<arch::runtime>(q.view(), o.x.view(), 2);
  const auto integer = product<arch::runtime>(q.view(), as<a8>(o.x.view()), 2);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < real.size(); ++i) {
    error += std::pow(double(real[i]) - double(integer[i]), 2);
    size += std::pow(double(real[i]), 2);
  }
  CHECK(error < 0.01 * size);
}

TEST_CASE("a result depends neither on threads nor on the tokens beside it") {
  const operands o(71, 700, 11);
  const auto q = lb::quantize<w4>(o.w.view());
  const auto all = product<arch::runtime>(q.view(), o.x.view(), 11);
  const auto all8 = product<arch::runtime>(q.view(), as<a8>(o.x.view()), 11);
  std::vector<float> threaded(all.size()), one(71);
  gemm(q.view(), o.x.view(), matrix_view<float>(threaded.data(), 11, 71), thread_pool{3});
  CHECK(threaded == all);
  gemm(q.view(), as<a8>(o.x.view()), matrix_view<float>(threaded.data(), 11, 71), thread_pool{2});
  CHECK(threaded == all8);
  for (index_t t = 0; t < 11; ++t) {
    const span<const float> x(o.x.view().row(t), 700);
    gemv(q.view(), x, one);
    CHECK(std::vector<float>(all.begin() + t * 71, all.begin() + (t + 1) * 71) == one);
    gemv(q.view(), as<a8>(x), one);
    CHECK(std::vector<float>(all8.begin() + t * 71, all8.begin() + (t + 1) * 71) == one);
  }
}

TEST_CASE("prepared activations, workspaces and any_matrix give the same results") {
  const operands o(20, 96, 3);
  const auto q = lb::quantize<w4>(o.w.view());
  const any_matrix any = q;
  workspace scratch;
  std::vector<float> y(60);
  const matrix_view<float> out(y.data(), 3, 20);
  const auto real = product<arch::runtime>(q.view(), o.x.view(), 3);
  const auto integer = product<arch::runtime>(q.view(), as<a8>(o.x.view()), 3);
  const auto real_x = prepare(o.x.view());
  const auto integer_x = prepare(as<a8>(o.x.view()));
  gemm(q.view(), real_x, out, scratch);
  CHECK(y == real);
  gemm(any, integer_x, out, scratch, thread_pool{2});
  CHECK(y == integer);
  gemm(any, o.x.view(), out);
  CHECK(y == real);
  gemm(any, as<a8>(o.x.view()), out);
  CHECK(y == integer);
  gemm(q.view(), integer_x, out);
  CHECK(y == integer);
}

TEST_CASE("16-bit activations are their own values") {
  const operands o(7, 40, 2);
  const auto q = lb::quantize<w4>(o.w.view());
  std::vector<float16> half;
  std::vector<bfloat16> brain;
  std::vector<float> half_values, brain_values;
  for (const float v : o.x.values) {
    half.emplace_back(v);
    brain.emplace_back(v);
    half_values.push_back(float(half.back()));
    brain_values.push_back(float(brain.back()));
  }
  const auto f = [&](const auto& x) {
    using T = typename std::remove_cvref_t<decltype(x)>::value_type;
    return product<arch::runtime>(q.view(), matrix_view<const T>(x.data(), 2, 40), 2);
  };
  CHECK(f(half) == f(half_values));
  CHECK(f(brain) == f(brain_values));
}

TEST_CASE("activations of any format are quantized and decoded, then multiplied as real ones") {
  const operands o(7, 64, 2);
  const auto q = lb::quantize<w4>(o.w.view());
  const auto check_format = [&]<class A>(std::type_identity<A>) {
    std::vector<float> x(128);
    const auto qx = lb::quantize<A>(o.x.view());
    dequantize(qx.view(), matrix_view<float>(x.data(), 2, 64));
    const auto expected =
        product<arch::runtime>(q.view(), matrix_view<const float>(x.data(), 2, 64), 2);
    CHECK(product<arch::runtime>(q.view(), as<A>(o.x.view()), 2) == expected);
  };
  check_format(std::type_identity<format<fp4_e2m1, per_group<32, e8m0>>>());
  check_format(std::type_identity<format<fp8_e4m3, per_group<32>>>());
  check_format(std::type_identity<format<uniform<4>, per_group<32>>>());
}

/// Within 1e-4 of the real product by norm, the same bits for a token alone and in tiles; int8
/// activations without a residual are far from that.
template <class F>
void check_residual() {
  CAPTURE(format_name<F>);
  const operands o(21, 700, 3);
  const auto q = lb::quantize<F>(o.w.view());
  const auto tiles = lb::repack<host_layout>(q);
  const auto real = product<arch::runtime>(q.view(), o.x.view(), 3);
  const auto distance = [&](const std::vector<float>& y) {
    double error = 0, size = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      error += std::pow(double(y[i]) - double(real[i]), 2);
      size += std::pow(double(real[i]), 2);
    }
    return std::sqrt(error / size);
  };
  const auto y = product<arch::runtime>(q.view(), as<a8r>(o.x.view()), 3);
  CHECK(distance(y) < 1e-4);
  CHECK(distance(product<arch::avx2>(q.view(), as<a8r>(o.x.view()), 3)) < 1e-4);
  CHECK(distance(product<arch::scalar>(q.view(), as<a8r>(o.x.view()), 3)) < 1e-4);
  CHECK(distance(product<arch::runtime>(q.view(), as<a8>(o.x.view()), 3)) > 1e-3);
  CHECK(product<arch::runtime>(tiles.view(), as<a8r>(o.x.view()), 3) == y);
  const matrix_view<const float> second(o.x.view().row(1), 1, 700);
  const std::vector<float> one(y.begin() + 21, y.begin() + 42);
  CHECK(product<arch::runtime>(tiles.view(), as<a8r>(second), 1) == one);
  CHECK(product<arch::runtime>(q.view(), prepare(as<a8r>(second)), 1) == one);
}
TEST_CASE("an int8 residual brings integer products within 1e-4 of real ones") {
  check_residual<format<uniform<4, asymmetric>, per_group<32>>>();
  check_residual<format<fp4_e2m1, per_group<32>, sparse<>>>();
}

TEST_CASE("alpha and beta: y = alpha W x + beta y, and beta 0 does not read y") {
  const operands o(5, 64, 1);
  const auto q = lb::quantize<w4>(o.w.view());
  const span<const float> x(o.x.values);
  std::vector<float> plain(5), y(5, std::numeric_limits<float>::quiet_NaN());
  gemv(q.view(), x, plain);
  gemv(q.view(), x, y, update{.alpha = 2, .beta = 0});
  for (int i = 0; i < 5; ++i) CHECK(y[std::size_t(i)] == 2 * plain[std::size_t(i)]);
  gemv(q.view(), x, y, update{.alpha = -1, .beta = 0.5f});
  for (int i = 0; i < 5; ++i) CHECK(y[std::size_t(i)] == 0);
}

TEST_CASE("a long row does not overflow the integer sums") {
  const index_t cols = 200000;
  std::vector<float> w(std::size_t(cols), -1.f), x(std::size_t(cols), 1.f), y(1);
  const auto q = lb::quantize<format<uniform<8, full_range>, per_row>>(
      matrix_view<const float>(w.data(), 1, cols));
  gemv(q.view(), as<format<uniform<8>, per_row::with<f32>>>(x), y);
  CHECK(y[0] == doctest::Approx(-200000).epsilon(1e-3));
  gemv(q.view(), x, y);
  CHECK(y[0] == doctest::Approx(-200000).epsilon(1e-6));
}

TEST_CASE("empty operands") {
  const test::random_matrix none(0, 8, 1), flat(3, 0, 1);
  std::vector<float> x(8, 1.f), y(3, 7.f), nothing;
  const auto no_rows = lb::quantize<w4>(none.view());
  gemv(no_rows.view(), x, nothing);
  const auto q = lb::quantize<w4>(flat.view());
  gemv(q.view(), nothing, y);
  CHECK(y == std::vector<float>(3, 0.f));
}

TEST_CASE("NaN and infinity of real activations reach their results; quantized ones are an error") {
  const operands o(4, 64, 1);
  const auto q = lb::quantize<w4>(o.w.view());
  std::vector<float> x(64, 1.f), y(4);
  x[17] = std::numeric_limits<float>::quiet_NaN();
  gemv(q.view(), x, y);
  CHECK(std::isnan(y[0]));
  CHECK_THROWS_WITH_AS(
      gemv(q.view(), as<a8>(x), y),
      "lowbit: x: the value at row 0, column 17 is not finite and cannot be quantized", error);
}

TEST_CASE("wrong operands are named before anything is written") {
  const operands o(4, 64, 1);
  const auto q = lb::quantize<w4>(o.w.view());
  std::vector<float> x(64, 1.f), y(4, 9.f), shorter(63), fewer(3);
  CHECK_THROWS_WITH_AS(gemv(q.view(), shorter, y),
                       "lowbit: x: 63 columns, expected the 64 of the matrix", error);
  CHECK_THROWS_WITH_AS(gemv(q.view(), x, fewer), "lowbit: y: 1 x 3, expected 1 x 4", error);
  CHECK_THROWS_WITH_AS(gemv(q.view(), x, span<float>(x.data() + 30, 4)),
                       "lowbit: y: shares memory with x, expected separate arrays", error);
  CHECK_THROWS_WITH_AS(gemv(any_matrix(), x, y), "lowbit: any_matrix: is empty, expected a matrix",
                       error);
  CHECK(y == std::vector<float>(4, 9.f));
}
