// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/scalar_traits.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>

namespace foreign {
/// A 16-bit float of another library, as __half is to us.
struct half {
  unsigned short raw;
};
/// A type that is no 16-bit float at all: a fixed-point number in steps of 1/256.
struct fixed {
  int steps;
};
}  // namespace foreign

template <>
struct lowbit::scalar_traits<foreign::half>
    : lowbit::same_bits_traits<foreign::half, lowbit::float16> {};

template <>
struct lowbit::scalar_traits<foreign::fixed> {
  static float to_float(foreign::fixed x) { return float(x.steps) / 256; }
  static foreign::fixed from_float(float x) { return {int(std::lround(x * 256))}; }
};

using namespace lowbit;

static_assert(scalar<float> && scalar<float16> && scalar<bfloat16>);
static_assert(scalar<foreign::half> && scalar<foreign::fixed>);
static_assert(!scalar<double> && !scalar<int> && !scalar<const char*>);

template <scalar T>
static float round_trip(float x) {
  return scalar_traits<T>::to_float(scalar_traits<T>::from_float(x));
}

TEST_CASE("own types convert as their conversions do") {
  CHECK(round_trip<float>(0.1f) == 0.1f);
  CHECK(round_trip<float16>(0.1f) == float(float16(0.1f)));
  CHECK(round_trip<bfloat16>(0.1f) == float(bfloat16(0.1f)));
}

TEST_CASE("a foreign type enters by one specialisation") {
  CHECK(round_trip<foreign::fixed>(1.5f) == 1.5f);
  for (unsigned b = 0; b < 0x10000; ++b) {
    const foreign::half h{static_cast<unsigned short>(b)};
    const float x = scalar_traits<foreign::half>::to_float(h);
    if (std::isnan(x)) continue;
    REQUIRE(x == float(float16::from_bits(h.raw)));
    REQUIRE(scalar_traits<foreign::half>::from_float(x).raw == h.raw);
  }
}

#if defined(__FLT16_MANT_DIG__) && \
    (!defined(__aarch64__) || defined(__clang__) || __GNUC__ >= 13)
TEST_CASE("the compiler's binary16 is one of the types, with the compiler's own values") {
  static_assert(scalar<_Float16>);
  for (unsigned b = 0; b < 0x10000; ++b) {
    const auto h = std::bit_cast<_Float16>(static_cast<unsigned short>(b));
    const float x = scalar_traits<_Float16>::to_float(h);
    if (std::isnan(x)) continue;
    REQUIRE(x == float(h));
    REQUIRE(scalar_traits<_Float16>::from_float(x) == h);
  }
}
#endif
