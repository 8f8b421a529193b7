// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/arith.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <lowbit/core/random.hpp>
#include <vector>

using namespace lowbit;

namespace {

#if defined(__SIZEOF_FLOAT128__)
using wide = __float128;  // 113 bits: rounding twice is harmless
#else
using wide = long double;
#endif

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
float from_bits(std::uint32_t b) { return std::bit_cast<float>(b); }

/// The same result, any NaN being as good as another.
bool same(float a, float b) { return bits_of(a) == bits_of(b) || (std::isnan(a) && std::isnan(b)); }

/// Random bits of every kind: all exponents; subnormal; of similar size, so that sums cancel.
float operand(std::uint64_t i, std::uint64_t which) {
  const philox g{which};
  const std::uint32_t b = g.word(i);
  switch (i % 4) {
    case 0:
      return from_bits(b);
    case 1:
      return from_bits(b & 0x81ffffffu);
    case 2:
      return from_bits((b & 0x80ffffffu) | 0x3f000000u);
    default:
      return from_bits((b & 0xff800fffu) | 0x1000u);  // short: products are exact
  }
}

#if defined(__x86_64__)
#define LOWBIT_WITH_FMA __attribute__((target("fma")))
#else
#define LOWBIT_WITH_FMA  // AArch64 always has it
#endif
#if defined(__x86_64__) || defined(__aarch64__)
/// The compiler may fuse here: the target has the instruction.
LOWBIT_WITH_FMA float product_and_sum(float a, float b, float c) { return add_rn(mul_rn(a, b), c); }
LOWBIT_WITH_FMA void product_and_sum(const float* a, const float* b, const float* c, float* y,
                                     int n) {
  for (int i = 0; i < n; ++i) y[i] = add_rn(mul_rn(a[i], b[i]), c[i]);
}
LOWBIT_WITH_FMA double product_and_sum(double a, double b, double c) { return mul_rn(a, b) + c; }
#endif

}  // namespace

static_assert(mul_rn(3.0f, 5.0f) == 15 && add_rn(1.0f, 2.0f) == 3 && fma_rn(2, 3, 4) == 10);
static_assert(is_power_of_two(0x1p-126f) && is_power_of_two(2) && !is_power_of_two(0x1p-127f) &&
              !is_power_of_two(3) && !is_power_of_two(-2) && !is_power_of_two(0));
static_assert(round_int(2.5f) == 2 && round_int(-3.5f) == -4 && ilog2(0x1p-149f) == -149);

TEST_CASE("tests on bits agree with the classification of the standard library") {
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const float x = operand(i, 1);
    REQUIRE(is_finite(x) == std::isfinite(x));
    REQUIRE(is_nan(x) == std::isnan(x));
    REQUIRE(same(magnitude(x), std::fabs(x)));
  }
  const float inf = std::numeric_limits<float>::infinity();
  CHECK(!is_finite(inf));
  CHECK(!is_nan(-inf));
  CHECK(is_nan(from_bits(0xff800001u)));
  CHECK(bits_of(magnitude(-0.0f)) == 0);
}

TEST_CASE("exp2_int and ilog2 are exact for every exponent") {
  for (int e = -149; e <= 127; ++e) {
    REQUIRE(exp2_int(e) == std::ldexp(1.0f, e));
    REQUIRE(ilog2(exp2_int(e)) == e);
    REQUIRE(ilog2(std::nextafter(exp2_int(e), INFINITY)) == (e == -149 ? -148 : e));
  }
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const float x = std::fabs(operand(i, 2));
    if (x > 0 && std::isfinite(x)) REQUIRE(ilog2(x) == std::ilogb(x));
  }
}

TEST_CASE("mul, add, sub, div round the exact result once") {
  int finite = 0;
  for (std::uint64_t i = 0; i < 400000; ++i) {
    const float a = operand(i, 3), b = operand(i, 4);
    if (std::isnan(a) || std::isnan(b)) continue;
    REQUIRE(same(mul_rn(a, b), float(double(a) * double(b))));
    REQUIRE(same(add_rn(a, b), float(wide(a) + wide(b))));
    REQUIRE(same(sub_rn(a, b), float(wide(a) - wide(b))));
    if (b != 0) REQUIRE(same(div_rn(a, b), float(wide(a) / wide(b))));
    finite += std::isfinite(mul_rn(a, b));
  }
  CHECK(finite > 200000);
}

TEST_CASE("sqrt rounds to the nearest: the squares of both midpoints enclose the argument") {
  for (std::uint64_t i = 0; i < 200000; ++i) {
    const float a = std::fabs(operand(i, 5));
    if (!std::isfinite(a) || a == 0) continue;
    const float r = sqrt_rn(a);
    const double low = (double(std::nextafter(r, 0.0f)) + double(r)) / 2;  // 25 bits
    const double high = (double(std::nextafter(r, INFINITY)) + double(r)) / 2;
    REQUIRE(low * low <= double(a));
    REQUIRE(double(a) <= high * high);
  }
  CHECK(sqrt_rn(0.0f) == 0);
  CHECK(sqrt_rn(2.0) == 0x1.6a09e667f3bcdp+0);
}

TEST_CASE("fma is the standard library's, also where a tie must be broken by what was lost") {
  for (std::uint64_t i = 0; i < 400000; ++i) {
    const float a = operand(i, 6), b = operand(i, 7);
    float c = operand(i, 8);
    if (i % 5 == 0) c = float(-double(a) * double(b));  // cancels: the rest is the rounding error
    if (i % 5 == 1) c = from_bits(bits_of(a * b) ^ 0x80000000u) * 0x1p24f;
    if (std::isnan(a) || std::isnan(b) || std::isnan(c)) continue;
    if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(c)) continue;
    REQUIRE(same(fma_rn(a, b, c), std::fma(a, b, c)));
  }
  // Products that lie on a tie of binary32: a third summand far below binary64's last place
  // decides.
  for (const float sign : {1.0f, -1.0f})
    for (const float below : {0x1p-80f, -0x1p-80f}) {
      const float even = sign * 0x1.001p0f, odd = sign * 0x1.003p0f;
      REQUIRE(fma_rn(even, 0x1.001p0f, below) == std::fma(even, 0x1.001p0f, below));
      REQUIRE(fma_rn(odd, 0x1.001p0f, below) == std::fma(odd, 0x1.001p0f, below));
      CHECK(fma_rn(even, 0x1.001p0f, -below) != fma_rn(even, 0x1.001p0f, below));
      CHECK(fma_rn(odd, 0x1.001p0f, -below) != fma_rn(odd, 0x1.001p0f, below));
    }
}

TEST_CASE("fma of infinities and NaN is the standard library's") {
  const float values[] = {INFINITY, -INFINITY, NAN, 0.0f, -0.0f, 1.5f, -1.5f, 0x1p127f};
  for (const float a : values)
    for (const float b : values)
      for (const float c : values) CHECK(same(fma_rn(a, b, c), std::fma(a, b, c)));
}

#if defined(__x86_64__) || defined(__aarch64__)
TEST_CASE("no compiler fuses a product and a sum, whatever the target") {
#if defined(__x86_64__)
  if (!__builtin_cpu_supports("fma")) return;
#endif
  int fused_differs = 0, fused_differs_in_double = 0;
  std::vector<float> a, b, c;
  for (std::uint64_t i = 0; i < 20000; ++i) {
    a.push_back(philox{9}.normal(i));
    b.push_back(philox{10}.normal(i));
    c.push_back(philox{11}.normal(i));
    const float p = a.back() * b.back();
    const volatile float product = p;
    const float expected = product + c.back();
    REQUIRE(product_and_sum(a.back(), b.back(), c.back()) == expected);
    fused_differs += expected != std::fma(a.back(), b.back(), c.back());

    const double x = double(a.back()) / 3, y = double(b.back()) / 7, z = double(c.back());
    const volatile double wide_product = x * y;
    REQUIRE(product_and_sum(x, y, z) == wide_product + z);
    fused_differs_in_double += wide_product + z != std::fma(x, y, z);
  }
  std::vector<float> y(a.size());
  product_and_sum(a.data(), b.data(), c.data(), y.data(), int(a.size()));
  for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(y[i] == product_and_sum(a[i], b[i], c[i]));
  CHECK(fused_differs > 1000);  // the data can tell
  CHECK(fused_differs_in_double > 500);
}
#endif

TEST_CASE("round_int is the nearest integer, ties to even, in every rounding mode") {
  std::vector<float> xs;
  for (int n = 0; n <= 5000; ++n)  // every tie and what surrounds it
    for (const float center : {float(n) + 0.5f, float(n) + 1.0f})
      for (int ulps = -2; ulps <= 2; ++ulps)
        xs.push_back(from_bits(bits_of(center) + std::uint32_t(ulps)));
  for (int e = 12; e < 22; ++e)  // a tie at every size
    for (int k = 0; k < 64; ++k) xs.push_back(std::ldexp(1.0f, e) + float(k) * 0.25f);
  for (std::uint64_t i = 0; i < 200000; ++i) xs.push_back(4194303.0f * philox{12}.uniform(i));
  for (std::uint64_t i = 0; i < 200000; ++i)
    xs.push_back(from_bits(philox{13}.word(i) % 0x4a800000u));
  std::vector<int> expected;
  for (const float x : xs) expected.push_back(int(std::nearbyint(x)));
  for (const int mode : {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < xs.size(); ++i)
      wrong += round_int(xs[i]) != expected[i] || round_int(-xs[i]) != -expected[i];
    std::fesetround(FE_TONEAREST);
    CHECK(wrong == 0);
  }
}

TEST_CASE("round_int of what is too large, infinite or NaN is +-2^22") {
  CHECK(round_int(4194303.5f) == 4194304);
  CHECK(round_int(4194304.0f) == 4194304);
  CHECK(round_int(5000001.0f) == 4194304);
  CHECK(round_int(1e30f) == 4194304);
  CHECK(round_int(-1e30f) == -4194304);
  CHECK(round_int(-std::numeric_limits<float>::infinity()) == -4194304);
  CHECK(round_int(from_bits(0x7fc00000u)) == 4194304);
  CHECK(round_int(from_bits(0xffc00000u)) == -4194304);
}

TEST_CASE("ordered_sum adds 16 strided partials pairwise") {
  int order_matters = 0;
  for (const int n : {0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000}) {
    const auto value = [](std::int64_t i) {
      return double(philox{14}.normal(std::uint64_t(i))) * double(exp2_int(int(i * 7 % 61) - 30));
    };
    double part[16] = {};
    for (int p = 0; p < 16; ++p)
      for (int i = p; i < n; i += 16) part[p] += value(i);
    const double pairs8[8] = {part[0] + part[8],  part[1] + part[9],  part[2] + part[10],
                              part[3] + part[11], part[4] + part[12], part[5] + part[13],
                              part[6] + part[14], part[7] + part[15]};
    const double pairs4[4] = {pairs8[0] + pairs8[4], pairs8[1] + pairs8[5], pairs8[2] + pairs8[6],
                              pairs8[3] + pairs8[7]};
    const double expected = (pairs4[0] + pairs4[2]) + (pairs4[1] + pairs4[3]);
    CHECK(ordered_sum(n, value) == expected);
    double in_order = 0;
    for (int i = 0; i < n; ++i) in_order += value(i);
    order_matters += in_order != expected;
  }
  CHECK(order_matters > 3);
}
