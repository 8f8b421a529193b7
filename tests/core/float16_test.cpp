// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/float16.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <lowbit/core/random.hpp>
#include <type_traits>
#if defined(__F16C__)
#include <immintrin.h>
#endif

using namespace lowbit;

static_assert(sizeof(float16) == 2 && alignof(float16) == 2 && std::is_trivial_v<float16>);
static_assert(std::is_standard_layout_v<float16>);
static_assert(!std::is_convertible_v<float, float16>, "rounding must be asked for");
static_assert(std::is_convertible_v<float16, float>);
static_assert(float16(1.0f).bits == 0x3c00 && float(float16::from_bits(0xc000)) == -2);

TEST_CASE("every binary16 is the number of its fields and returns from float unchanged") {
  for (unsigned b = 0; b < 0x10000; ++b) {
    const float16 h = float16::from_bits(static_cast<std::uint16_t>(b));
    const float x = h;
    const int e = int(b >> 10 & 31), m = int(b & 1023);
    if (e == 31) {
      REQUIRE(std::isinf(x) == (m == 0));
      REQUIRE(std::isnan(x) == (m != 0));
      if (m == 0) REQUIRE(float16(x).bits == b);
      continue;
    }
    const double size = e > 0 ? std::ldexp(1024 + m, e - 25) : std::ldexp(m, -24);
    REQUIRE(double(x) == (b < 0x8000 ? size : -size));
    REQUIRE(std::signbit(x) == (b >= 0x8000));
    REQUIRE(float16(x).bits == b);
  }
}

TEST_CASE("a float becomes the nearest binary16, beyond 65504 infinity, NaN a quiet NaN") {
  CHECK(float16(65519.996f).bits == 0x7bff);
  CHECK(float16(65520.0f).bits == 0x7c00);
  CHECK(float16(-1e30f).bits == 0xfc00);
  CHECK(float16(2049.0f).bits == float16(2048.0f).bits);  // ties to even, down
  CHECK(float16(2051.0f).bits == float16(2052.0f).bits);  // and up
  CHECK(float16(0x1p-25f).bits == 0);                     // half the smallest: even is zero
  CHECK(float16(0x1.000002p-25f).bits == 1);
  CHECK(float16(-0.0f).bits == 0x8000);
  CHECK(float16(std::bit_cast<float>(0x7f800001u)).bits == 0x7e00);
  CHECK(float16(std::bit_cast<float>(0xffc00000u)).bits == 0xfe00);
}

#if defined(__F16C__)
TEST_CASE("conversions are the processor's") {
  for (std::uint64_t i = 0; i < 200000; ++i) {
    const float x = std::bit_cast<float>(philox{1}.word(i));
    if (std::isnan(x)) continue;
    REQUIRE(float16(x).bits == _cvtss_sh(x, _MM_FROUND_TO_NEAREST_INT));
  }
  for (unsigned b = 0; b < 0x10000; ++b)
    REQUIRE(std::bit_cast<std::uint32_t>(float(float16::from_bits(std::uint16_t(b)))) ==
            std::bit_cast<std::uint32_t>(_cvtsh_ss(std::uint16_t(b))));
}
#endif
