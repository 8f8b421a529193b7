// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/quantize_linear.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <lowbit/transforms/hadamard.hpp>

#include "storage/laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using w3 = format<uniform<3>, per_row>;
using w2 = format<ternary, per_group<16>>;
using cu = format<complex_unit, per_group<16>>;

constexpr hadamard front{.seed = 1}, back{.seed = 2};

}  // namespace

TEST_CASE("a rotated 4-bit linear in two lines") {
  const test::random_matrix w(24, 64, 1);
  const auto l = quantize_linear<w4>(w.view(), front);
  CHECK(compare(w.view(), l).sqnr_db > 18);

  static_assert(std::same_as<decltype(l), const linear_for<hadamard, quantized_matrix<w4>>>);
  static_assert(std::string_view(matrix_traits<linear_for<hadamard, quantized_matrix<w4>>>::name) ==
                "linear<hadamard;uniform<4,symmetric>/per_group<32,f16>;>");
  CHECK(l.shape() == extent{24, 64});
  check_products(l);
  // It is what its parts make.
  const linear same{front, quantize<w4>(transform_rows(front, w.view()).view())};
  CHECK(values_of(same).values == values_of(l).values);
}

TEST_CASE("a Hadamard transform helps where single weights are large") {
  std::vector<float> w(std::size_t(16 * 128), 0.5f);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = i % 61 == 0 ? 20.f : i % 2 == 0 ? 0.4f : -0.3f;
  const matrix_view<const float> m(w.data(), 16, 128);
  CHECK(relative_error(m, quantize_linear<w4>(m, front)) <
        0.5 * relative_error(m, quantize<w4>(m)));
}

TEST_CASE("any size by padding, which is counted") {
  const test::random_matrix w(7, 300, 2);
  const auto l = quantize_linear<w4>(w.view(), front, behind{back});
  CHECK(l.shape() == extent{7, 300});
  CHECK(l.inner_shape() == extent{8, 512});
  CHECK(std::get<0>(l.terms()).shape() == extent{8, 512});
  CHECK(l.bytes() == 8 * 512 / 2 + 8 * 16 * 2 + 2 * 12);  // codes, scales, two transforms
  CHECK(l.bits_per_weight() == 8.0 * double(l.bytes()) / (7 * 300));
  CHECK(compare(w.view(), l).bits_per_weight == l.bits_per_weight());
  CHECK(relative_error(w.view(), l) < 0.02);
  check_products(l);
  // Without an extent the padding belongs to the matrix.
  CHECK(linear(front, std::get<0>(l.terms())).shape() == extent{8, 512});
  CHECK(linear(extent{8, 257}, front, std::get<0>(l.terms())).shape() == extent{8, 257});
}

TEST_CASE("a sum of terms of different formats: each codes what those before it leave") {
  const test::random_matrix w(20, 50, 3);
  const auto l = quantize_linear<w3, w2, w2>(w.view());
  static_assert(std::string_view(matrix_traits<std::remove_cvref_t<decltype(l)>>::name) ==
                "linear<;uniform<3,symmetric>/per_row<f16>,ternary/per_group<16,f16>,"
                "ternary/per_group<16,f16>;>");
  const auto& [a, b, c] = l.terms();
  const auto first = values_of(a), second = values_of(b), third = values_of(c), all = values_of(l);
  for (std::size_t i = 0; i < all.values.size(); ++i)
    CHECK(all.values[i] == (first.values[i] + second.values[i]) + third.values[i]);
  CHECK(l.bytes() == a.bytes() + b.bytes() + c.bytes());
  CHECK(relative_error(w.view(), l) < 0.3 * relative_error(w.view(), linear(a, b)));
  CHECK(relative_error(w.view(), linear(a, b)) < 0.5 * relative_error(w.view(), a));
  check_products(l);
}

TEST_CASE("a pair of complex matrices takes 1 bit per weight and its scales") {
  const test::random_matrix w(32, 64, 11);
  const auto l = quantize_widely_linear<cu>(w.view());
  // 2 x (16 x 32) codes of 2 bits; two f16 scales for 16 of them
  CHECK(l.bytes() == 2 * (16 * 32 / 4 + 2 * (16 * 2) * 2));
  CHECK(l.bits_per_weight() == 1 + 2 * 16 / 16.0 / 2);
}

TEST_CASE("bits are the same for every number of threads that quantize") {
  const test::random_matrix w(40, 100, 27);
  const auto a = quantize_linear<w4, w2>(w.view(), front, behind{back});
  const auto b = quantize_linear<w4, w2>(w.view(), thread_pool{3}, front, behind{back});
  CHECK(values_of(a).values == values_of(b).values);
}

TEST_CASE("weights that are not finite are named where they stand, before transforms spread them") {
  test::random_matrix w(8, 32, 30);
  w.values[2 * 32 + 5] = std::numeric_limits<float>::infinity();
  const char* expected = "lowbit: weights: the value at row 2, column 5 is not finite";
  CHECK_THROWS_WITH_AS(quantize_linear<w4>(w.view(), front), expected, error);
  CHECK_THROWS_WITH_AS(quantize_widely_linear<cu>(w.view()), expected, error);
}

TEST_CASE("arguments of quantize reach every term") {
  const test::random_matrix w(24, 64, 31);
  const auto plain = quantize_linear<w2, w2>(w.view(), front);
  const auto searched = quantize_linear<w2, w2>(w.view(), mse_grid{}, front);
  const auto rotated = transform_rows(front, w.view());
  CHECK(values_of(std::get<0>(searched.terms())).values ==
        values_of(quantize<w2>(rotated.view(), mse_grid{})).values);
  CHECK(values_of(searched).values != values_of(plain).values);
}
