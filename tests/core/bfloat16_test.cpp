// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/bfloat16.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <lowbit/core/random.hpp>
#include <type_traits>

using namespace lowbit;

static_assert(sizeof(bfloat16) == 2 && alignof(bfloat16) == 2 && std::is_trivial_v<bfloat16>);
static_assert(!std::is_convertible_v<float, bfloat16>, "rounding must be asked for");
static_assert(std::is_convertible_v<bfloat16, float>);
static_assert(bfloat16(1.0f).bits == 0x3f80 && float(bfloat16::from_bits(0xc000)) == -2);

TEST_CASE("every bfloat16 is the upper half of its float and returns from it unchanged") {
  for (std::uint32_t b = 0; b < 0x10000; ++b) {
    const float x = bfloat16::from_bits(static_cast<std::uint16_t>(b));
    if (std::isnan(std::bit_cast<float>(b << 16))) {
      REQUIRE(std::isnan(x));
      continue;
    }
    REQUIRE(std::bit_cast<std::uint32_t>(x) == b << 16);
    REQUIRE(bfloat16(x).bits == b);
  }
}

TEST_CASE("a float becomes the nearest bfloat16, ties to even") {
  for (std::uint64_t i = 0; i < 100000; ++i) {
    // The lower half is random, or one of the values about the tie.
    std::uint32_t b = philox{1}.word(i);
    if (i % 4 == 1) b = (b & 0xffff0000u) | (0x7fffu + std::uint32_t(i / 4 % 3));
    const float x = std::bit_cast<float>(b);
    if (std::isnan(x)) continue;
    const std::uint32_t rest = b & 0xffff, down = b >> 16;
    const bool grow = rest > 0x8000 || (rest == 0x8000 && down % 2 == 1);
    REQUIRE(bfloat16(x).bits == down + grow);
  }
}

TEST_CASE("beyond the largest is infinity, NaN is a quiet NaN of the same sign") {
  CHECK(bfloat16(0x1.fffffep127f).bits == 0x7f80);
  CHECK(bfloat16(-0x1.fffffep127f).bits == 0xff80);
  CHECK(bfloat16(0x1.fep127f).bits == 0x7f7f);
  CHECK(bfloat16(-0.0f).bits == 0x8000);
  CHECK(bfloat16(std::bit_cast<float>(0x7f800001u)).bits == 0x7fc0);
  CHECK(bfloat16(std::bit_cast<float>(0xff812345u)).bits == 0xffc0);
}
