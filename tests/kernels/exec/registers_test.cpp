// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/exec/registers.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <lowbit/core/random.hpp>

using namespace lowbit;

namespace {

#if defined(__SIZEOF_FLOAT128__)
using wide = __float128;  // products and sums of halves are exact: they have 80 bits at most
#else
using wide = long double;
#endif

constexpr word half_bits(float x) { return float16(x).bits; }
float half_value(word h) { return float16::from_bits(std::uint16_t(h)); }
bool is_half_nan(word h) { return (h & 0x7fff) > 0x7c00; }

/// The half nearest to x, by trying: of the two on either side, the nearer, then the even one.
word nearest_half(wide x) {
  const word sign = x < 0 ? 0x8000 : 0;
  const wide a = x < 0 ? -x : x;
  word low = 0, high = 0x7c00;
  while (high - low > 1) {
    const word middle = (low + high) / 2;
    (wide(half_value(middle)) <= a ? low : high) = middle;
  }
  const wide below = a - wide(half_value(low)),
             above = (high == 0x7c00 ? wide(65536) : wide(half_value(high))) - a;
  return sign | (above < below || (above == below && low % 2 == 1) ? high : low);
}
/// The sign of an exact zero is not checked here.
bool is_nearest(word h, wide x) { return x == 0 ? (h & 0x7fff) == 0 : h == nearest_half(x); }

/// Finite halves of every size, and such that lie close together.
word operand(std::uint64_t i, std::uint64_t which) {
  const word b = philox{which}.word(i) & 0xffff;
  const word h = i % 3 == 0 ? b : i % 3 == 1 ? (b & 0x83ff) | 0x3800 : b & 0x83ff;
  return (h & 0x7c00) == 0x7c00 ? h ^ 0x4000 : h;
}

static_assert(and_or(0x12345678, 0x00ff00ff, 0xab000000) == 0xab340078);
static_assert(select_bits(0x00ff00ff, 0x12345678, 0xabcdef01) == 0xab34ef78);
static_assert(permute_bytes(0x03020100, 0x07060504, 0x7250) == 0x07020500);
static_assert(permute_bytes(0x80, 0x7f00, 0xd858) == 0x00ff7fff);  // signs fill bytes
static_assert(funnel_right(0x89abcdef, 0x01234567, 8) == 0x6789abcd);
static_assert(funnel_right(1, 2, 0) == 1);
static_assert(add2(halves(1, -2), halves(0.5f, 5)) == halves(1.5f, 3));
static_assert(mul2(halves(3, -2), halves(0.5f, 5)) == halves(1.5f, -10));
static_assert(fma2(halves(3, -2), halves(0.5f, 5), halves(-1, 1)) == halves(0.5f, -9));
static_assert(half_low(halves(1.5f, -3)) == 1.5f && half_high(halves(1.5f, -3)) == -3);
static_assert(halves(65520, 0x1p-25f) == 0x7c00);  // beyond the largest, and a tie to zero
static_assert(bfloats(0x1.02p0f, -0x1.fffp127f) == 0xff803f81);
static_assert(bfloats(0x1.01p0f, 0x1.03p0f) == 0x3f823f80);  // ties
static_assert(dot4_u8s8(0xff010203, 0x80ff0203, 7) == 7 + 255 * -128 + 1 * -1 + 2 * 2 + 3 * 3);

}  // namespace

TEST_CASE("sums and products of halves are rounded once, in each half of a register") {
  for (std::uint64_t i = 0; i < 300000; ++i) {
    const word a = operand(i, 1), b = operand(i, 2), c = operand(i, 3), d = operand(i, 4);
    const word ab = a | b << 16, cd = c | d << 16;
    const word sum = add2(ab, cd), product = mul2(ab, cd);
    const auto exact = [](word h) { return wide(half_value(h)); };
    REQUIRE(is_nearest(sum & 0xffff, exact(a) + exact(c)));
    REQUIRE(is_nearest(sum >> 16, exact(b) + exact(d)));
    REQUIRE(is_nearest(product & 0xffff, exact(a) * exact(c)));
    REQUIRE(is_nearest(product >> 16, exact(b) * exact(d)));
    const word e = operand(i, 5), f = operand(i, 6), fused = fma2(ab, cd, e | f << 16);
    REQUIRE(is_nearest(fused & 0xffff, exact(a) * exact(c) + exact(e)));
    REQUIRE(is_nearest(fused >> 16, exact(b) * exact(d) + exact(f)));
  }
}

TEST_CASE("a summand far below the last place decides where a product lies between two halves") {
  int decided = 0;
  for (word a = 0x7400; a < 0x7800; ++a)  // 2^14 .. 2^15: the summand is 2^38 times smaller
    for (const word sign : {0u, 0x8000u})
      for (const word b : {half_bits(1.25f), half_bits(1.125f)}) {
        const wide product = wide(half_value(a | sign)) * wide(half_value(b));
        const word up = fma2(a | sign, b, half_bits(0x1p-24f)),
                   down = fma2(a | sign, b, half_bits(-0x1p-24f));
        REQUIRE((up & 0xffff) == nearest_half(product + wide(0x1p-24f)));
        REQUIRE((down & 0xffff) == nearest_half(product - wide(0x1p-24f)));
        decided += up != down;
      }
  CHECK(decided > 100);
  // 2^15 (1 + 2^-10) (1 + 2^-10) + 2^-24 spans 60 bits.
  const word wide_one = half_bits(0x1.004p15f), by = half_bits(0x1.004p0f);
  const wide product = wide(half_value(wide_one)) * wide(half_value(by));
  CHECK((fma2(wide_one, by, half_bits(0x1p-24f)) & 0xffff) ==
        nearest_half(product + wide(0x1p-24f)));
}

TEST_CASE("halves with infinities and NaN follow IEEE 754") {
  const float values[] = {INFINITY, -INFINITY, NAN, 0.0f, -0.0f, 65504.0f, -65504.0f, 0x1p-24f};
  for (const float a : values)
    for (const float b : values)
      for (const float c : values) {
        const auto same = [](word h, float expected) {
          return std::isnan(expected) ? is_half_nan(h & 0xffff)
                                      : (h & 0xffff) == half_bits(expected);
        };
        const word x = half_bits(a), y = half_bits(b), z = half_bits(c);
        CHECK(same(add2(x, y), a + b));
        CHECK(same(mul2(x, y), a * b));
        CHECK(same(fma2(x, y, z), float(double(a) * double(b) + double(c))));
      }
}

TEST_CASE("every half is read as its value and written back") {
  for (word h = 0; h < 0x10000; ++h) {
    if (is_half_nan(h)) {
      CHECK(std::isnan(half_low(h)));
      continue;
    }
    REQUIRE(half_low(h) == half_value(h));
    REQUIRE(half_high(h << 16) == half_value(h));
    REQUIRE(halves(half_low(h), half_value(h ^ 1)) ==
            (h | (is_half_nan(h ^ 1) ? halves(0, half_value(h ^ 1)) : (h ^ 1) << 16)));
  }
}

TEST_CASE("bytes are moved and multiplied as in memory") {
  const philox g{7};
  for (std::uint64_t i = 0; i < 20000; ++i) {
    const word a = g.word(3 * i), b = g.word(3 * i + 1), pick = g.word(3 * i + 2);
    std::uint8_t from[8], expected[4];
    std::memcpy(from, &a, 4);
    std::memcpy(from + 4, &b, 4);
    for (int k = 0; k < 4; ++k) {
      const word nibble = pick >> (4 * k) & 15;
      const std::uint8_t byte = from[nibble % 8];
      expected[k] = nibble < 8 ? byte : byte >= 128 ? 255 : 0;
    }
    word w;
    std::memcpy(&w, expected, 4);
    REQUIRE(permute_bytes(a, b, pick) == w);
    const int shift = int(pick % 32);
    REQUIRE(funnel_right(a, b, shift) == (shift == 0 ? a : a >> shift | b << (32 - shift)));
    REQUIRE(and_or(a, pick, b) == ((a & pick) | b));
    REQUIRE(select_bits(pick, a, b) == ((a & pick) | (b & ~pick)));
    std::int32_t sum = -5;
    for (int k = 0; k < 4; ++k)
      sum += int(from[k]) * int(static_cast<std::int8_t>(from[4 + k]));
    REQUIRE(dot4_u8s8(a, b, -5) == sum);
  }
  alignas(16) const word in_memory[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const words4 loaded = load_once(in_memory + 4);
  for (int k = 0; k < 4; ++k) CHECK(loaded[k] == word(5 + k));
  alignas(16) word written[6] = {9, 9, 9, 9, 9, 9};
  store16(written, loaded);
  for (int k = 0; k < 6; ++k) CHECK(written[k] == word(k < 4 ? 5 + k : 9));
}
