// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named types; what every minifloat does is tested in core/minifloat_test.cpp, and against
// other implementations in oracle/.
#include <lowbit/quantizers/minifloat.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <initializer_list>
#include <iterator>
#include <lowbit/core/random.hpp>

#include "quantizers/laws.hpp"

using namespace lowbit;

namespace {

template <class Q>
constexpr bool decodes_to(std::initializer_list<float> levels) {
  code_t c = 0;
  for (const float level : levels)
    if (Q::decode(c++) != level) return false;
  return true;
}
template <class Q>
constexpr bool all_codes_return() {
  for (code_t c = 0; c < code_t(1) << Q::bits; ++c)
    if ((c & Q::all_ones) <= Q::peak_code && Q::encode(Q::decode(c)) != c) return false;
  return true;
}

}  // namespace

// The published tables of the smallest types, at compile time.
static_assert(decodes_to<fp4_e2m1>({0, .5f, 1, 1.5f, 2, 3, 4, 6, -0.f, -.5f, -1, -1.5f, -2, -3, -4,
                                    -6}));
static_assert(decodes_to<fp4_e1m2>({0, .5f, 1, 1.5f, 2, 2.5f, 3, 3.5f, -0.f, -.5f}));
static_assert(decodes_to<fp4_e3m0>({0, .25f, .5f, 1, 2, 4, 8, 16, -0.f, -.25f}));
static_assert(decodes_to<fp6_e2m3>({0, .125f, .25f, .375f, .5f, .625f, .75f, .875f, 1, 1.125f}));
static_assert(decodes_to<fp6_e3m2>({0, .0625f, .125f, .1875f, .25f, .3125f, .375f, .4375f, .5f}));
static_assert(fp6_e2m3::peak == 7.5f && fp6_e3m2::peak == 28 && fp8_e4m3::peak == 448);
static_assert(fp8_e5m2::peak == 57344 && e4m3_ieee::peak == 240 && f16::peak == 65504);
static_assert(fp8_e4m3::decode(1) == 0x1p-9f && fp8_e5m2::decode(1) == 0x1p-16f);
static_assert(f16::decode(1) == 0x1p-24f && bf16::decode(1) == 0x1p-133f);
static_assert(all_codes_return<fp4_e2m1>() && all_codes_return<fp4_e1m2>() &&
              all_codes_return<fp4_e3m0>() && all_codes_return<fp6_e2m3>() &&
              all_codes_return<fp6_e3m2>() && all_codes_return<fp8_e4m3>() &&
              all_codes_return<fp8_e5m2>() && all_codes_return<e4m3_ieee>() &&
              all_codes_return<ue4m3>());

TEST_CASE("golden vector: E2M1 to nearest even") {
  const float xs[] = {.25f, .75f, 1.25f, 1.75f, 2.5f, 3.5f, 5, 7, -0.f, -.25f, -5.1f};
  const code_t codes[] = {0, 2, 2, 4, 4, 6, 6, 7, 8, 8, 15};
  for (std::size_t i = 0; i < std::size(xs); ++i) CHECK(fp4_e2m1::encode(xs[i]) == codes[i]);
}

TEST_CASE("errors on normal data are the published ones") {
  const auto near = [](double x) { return doctest::Approx(x).epsilon(0.01); };
  CHECK(laws::normal_mse<fp4_e2m1>(2.92248) == near(0.0126849));
  CHECK(laws::best_normal_mse<fp4_e2m1>(2, 4) == near(0.0126849));
  CHECK(laws::best_normal_mse<fp4_e1m2>(2, 4) == near(0.0128894));  // uniform codes
  CHECK(laws::best_normal_mse<fp4_e3m0>(2, 5) == near(0.0377));
}

TEST_CASE("f32 keeps every bit") {
  for (std::uint64_t i = 0; i < 1000; ++i) {
    const std::uint32_t b = philox{6}.word(i);
    if (is_nan(std::bit_cast<float>(b))) continue;  // passing a signalling NaN may make it quiet
    CHECK(f32::encode(std::bit_cast<float>(b)) == b);
    CHECK(std::bit_cast<std::uint32_t>(f32::decode(b)) == b);
  }
  CHECK(f32::encode(f32::peak) == 0x7f7fffffu);
}
