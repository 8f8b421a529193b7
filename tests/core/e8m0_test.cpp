// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/e8m0.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <lowbit/core/random.hpp>

using namespace lowbit;
using enum rounding;
using enum overflow;

static float from_bits(std::uint32_t b) { return std::bit_cast<float>(b); }

static_assert(e8m0::decode(127) == 1 && e8m0::decode(0) == 0x1p-127f && e8m0::peak == 0x1p127f);

TEST_CASE("code c is 2^(c - 127), 255 is NaN, and every code encodes to itself") {
  for (code_t c = 0; c < 255; ++c) {
    CHECK(double(e8m0::decode(c)) == std::ldexp(1.0, int(c) - 127));
    CHECK(e8m0::encode(e8m0::decode(c)) == c);
    CHECK(e8m0::encode_as<down>(e8m0::decode(c)) == c);
    CHECK(e8m0::encode_as<up>(e8m0::decode(c)) == c);
  }
  CHECK(is_nan(e8m0::decode(255)));
  CHECK(e8m0::decode(256 + 127) == 1);  // bits above are ignored
}

TEST_CASE("the three roundings: floor, nearest with ties up, ceiling") {
  CHECK(e8m0::encode_as<down>(1.5f) == 0x7f);
  CHECK(e8m0::encode(1.5f) == 0x80);
  CHECK(e8m0::encode_as<up>(1.5f) == 0x80);
  for (std::uint64_t i = 0; i < 20000; ++i) {
    // all exponents, the subnormal ones as often as all others
    const std::uint32_t word = philox{9}.word(i);
    const float x = from_bits(i % 2 == 0 ? word % 0x7f000000u : word % 0x00800000u);
    if (x < 0x1p-127f) {
      REQUIRE(e8m0::encode(x) == 0);
      REQUIRE(e8m0::encode_as<up>(x) == 0);
      continue;
    }
    const int floor = std::ilogb(x);
    const double low = std::ldexp(1.0, floor);
    const code_t code = code_t(floor + 127);
    REQUIRE(e8m0::encode_as<down>(x) == code);
    REQUIRE(e8m0::encode_as<toward_zero>(x) == code);
    REQUIRE(e8m0::encode_as<up>(x) == code + (double(x) > low));
    REQUIRE(e8m0::encode_as<nearest_even>(x) == code + (double(x) >= 1.5 * low));
    REQUIRE(e8m0::encode_as<nearest_away>(x) == e8m0::encode(x));
  }
}

TEST_CASE("what is not a power of two in range saturates, or is NaN where the policy says so") {
  const float inf = from_bits(0x7f800000u), nan = from_bits(0xffc00001u);
  CHECK(e8m0::encode(0.f) == 0);
  CHECK(e8m0::encode(-0.f) == 0);
  CHECK(e8m0::encode(-8.f) == 0);
  CHECK(e8m0::encode(-inf) == 0);
  CHECK(e8m0::encode(0x1p-149f) == 0);
  CHECK(e8m0::encode(0x1.8p127f) == 254);
  CHECK(e8m0::encode(inf) == 254);
  CHECK(e8m0::encode(nan) == 255);
  CHECK(e8m0::encode_as<down, infinity_or_nan>(0x1.fffffep127f) == 254);
  CHECK(e8m0::encode_as<up, infinity_or_nan>(0x1.000002p127f) == 255);
  CHECK(e8m0::encode_as<up, saturate_finite>(0x1.000002p127f) == 254);
  CHECK(e8m0::encode_as<up, saturate_finite>(inf) == 255);
  CHECK(e8m0::encode_as<down, infinity_or_nan>(inf) == 255);
}
