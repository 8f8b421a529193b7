// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <lowbit/kernels/device/row_values.hpp>

using namespace lowbit;

namespace {

/// Somebody's half, known to lowbit by one line.
struct foreign_half {
  std::uint16_t bits;
};
/// Somebody's number of 4 bytes: sixteenths.
struct sixteenths {
  std::int32_t n;
};

}  // namespace

template <>
struct lowbit::scalar_traits<foreign_half> : same_bits_traits<foreign_half, float16> {};
template <>
struct lowbit::scalar_traits<sixteenths> {
  static float to_float(sixteenths x) { return float(x.n) / 16; }
  static sixteenths from_float(float x) { return {round_int(x * 16)}; }
};

TEST_CASE("scalars are converted as their traits do, NaN to NaN") {
  for (word h = 0; h < 0x10000; ++h) {
    const auto same = [](float a, float b) {
      return bits_as<word>(a) == bits_as<word>(b) || (std::isnan(a) && std::isnan(b));
    };
    const auto half = float16::from_bits(std::uint16_t(h));
    const auto brain = bfloat16::from_bits(std::uint16_t(h));
    REQUIRE(same(value_of_scalar(half), float(half)));
    REQUIRE(same(value_of_scalar(brain), float(brain)));
    REQUIRE(same(value_of_scalar(foreign_half{std::uint16_t(h)}), float(half)));
    const float x = bits_as<float>(h << 16 | (h * 40503 & 0xffff));
    REQUIRE(same(scalar_of_value<float16>(x), float16(x)));
    REQUIRE(same(scalar_of_value<bfloat16>(x), bfloat16(x)));
    REQUIRE((std::isnan(x) || scalar_of_value<foreign_half>(x).bits == float16(x).bits));
    REQUIRE(same(scalar_of_value<float>(x), x));
  }
  CHECK(value_of_scalar(sixteenths{24}) == 1.5f);
  CHECK(scalar_of_value<sixteenths>(-1.5f).n == -24);
}

TEST_CASE("values are loaded and stored 16 bytes at a time, nothing beside them") {
  alignas(16) float16 halves_in[24];
  alignas(16) float floats_in[24];
  for (int i = 0; i < 24; ++i) {
    halves_in[i] = float16(float(i) - 7.5f);
    floats_in[i] = float(i) - 7.25f;
  }
  const arr<float, 8> h = load_values<8>(halves_in + 8), f = load_values<8>(floats_in + 4);
  for (int i = 0; i < 8; ++i) {
    CHECK(h[i] == float(i) + 0.5f);
    CHECK(f[i] == float(i) - 3.25f);
  }
  alignas(16) bfloat16 out[24];
  std::memset(static_cast<void*>(out), 0xff, sizeof out);
  store_values(out + 8, h);
  for (int i = 0; i < 24; ++i) {
    if (i >= 8 && i < 16)
      CHECK(float(out[i]) == float(i) - 7.5f);
    else
      CHECK(out[i].bits == 0xffff);
  }
}

TEST_CASE("rows are aligned when each of them starts on 16 bytes") {
  alignas(16) float16 x[64];
  CHECK(rows_are_aligned(x, 8));
  CHECK(rows_are_aligned(x + 8, 40));
  CHECK(!rows_are_aligned(x + 4, 8));
  CHECK(!rows_are_aligned(x, 12));
  CHECK(rows_are_aligned(static_cast<const float*>(nullptr), 4));
  CHECK(!rows_are_aligned(static_cast<const float*>(nullptr), 6));
}
