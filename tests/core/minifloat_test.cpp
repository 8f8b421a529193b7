// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cfenv>
#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

using namespace lowbit;

namespace {

using shifted_e4m3 = minifloat<4, 3, flavour::fn, 12>;
using unsigned_e1m3 = minifloat<1, 3, flavour::finite, -3, false>;
using e5m10_fn = minifloat<5, 10, flavour::fn>;

std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
float from_bits(std::uint32_t b) { return std::bit_cast<float>(b); }

/// The definition of the format, in double and with the library's powers of two.
template <class Q>
double magnitude_of(code_t mag) {
  const int e = int(mag >> Q::mantissa_bits);
  const double m = double(mag & ((code_t(1) << Q::mantissa_bits) - 1));
  const double fraction = std::ldexp(m, -Q::mantissa_bits);
  return e > 0 ? std::ldexp(1 + fraction, e - Q::bias) : std::ldexp(fraction, 1 - Q::bias);
}

template <class Q>
void check_values() {
  CAPTURE(std::string(std::string_view(Q::name)));
  for (code_t c = 0; c < code_t(1) << Q::bits; ++c) {
    const code_t mag = c & Q::all_ones;
    const bool negative = c != mag;
    const float x = Q::decode(c);
    CAPTURE(c);
    CHECK(bits_of(Q::decode(c | (code_t(1) << Q::bits))) == bits_of(x));  // bits above are ignored
    if (mag <= Q::peak_code) {
      REQUIRE(double(x) == (negative ? -1 : 1) * magnitude_of<Q>(mag));
      REQUIRE((bits_of(x) >> 31) == std::uint32_t(negative));  // -0 too
      REQUIRE(Q::encode(x) == c);
    } else if (Q::has_infinity && mag == Q::infinity_code) {
      CHECK(bits_of(x) == (negative ? 0xff800000u : 0x7f800000u));
    } else {
      CHECK(is_nan(x));
      CHECK((bits_of(x) & 0x00400000u) != 0);  // quiet
      CHECK((bits_of(x) >> 31) == std::uint32_t(negative));
    }
  }
  CHECK(double(Q::peak) == magnitude_of<Q>(Q::peak_code));
}

/// The code of a finite x, found by search among all values and the first one beyond them.
template <class Q>
code_t search(float x, rounding r, overflow o) {
  static const std::vector<double> values = [] {
    std::vector<double> v;
    for (code_t mag = 0; mag <= Q::peak_code + 1; ++mag) v.push_back(magnitude_of<Q>(mag));
    return v;
  }();
  const bool negative = std::signbit(x);
  if (!Q::is_signed && negative) return 0;
  const double a = std::fabs(double(x));
  const code_t high = code_t(std::lower_bound(values.begin(), values.end(), a) - values.begin());
  code_t mag = high;
  if (a >= values.back()) {  // far beyond: shrinks to the peak or grows without end
    const bool shrinks = r == rounding::toward_zero || (r == rounding::up && negative) ||
                         (r == rounding::down && !negative);
    mag = shrinks ? Q::peak_code : Q::peak_code + 1;
  } else if (values[high] != a) {
    const code_t low = high - 1;
    const double below = a - values[low], above = values[high] - a;
    bool grow = false;
    if (r == rounding::up) grow = !negative;
    if (r == rounding::down) grow = negative;
    if (r == rounding::nearest_away) grow = above <= below;
    if (r == rounding::nearest_even) {
      // one digit: the even one is zero, all others are equally odd
      const bool tie_grows = Q::mantissa_bits == 0 ? low != 0 : high % 2 == 0;
      grow = above < below || (above == below && tie_grows);
    }
    mag = grow ? high : low;
  }
  if (mag > Q::peak_code) {
    mag = Q::peak_code;
    if (o == overflow::infinity_or_nan && Q::has_nan) mag = Q::nan_code;
    if (o == overflow::infinity_or_nan && Q::has_infinity) mag = Q::infinity_code;
  }
  return mag | (negative ? code_t(1) << (Q::bits - 1) : 0);
}

/// Values, midpoints, their neighbours, and random bits.
template <class Q>
std::vector<float> interesting() {
  std::vector<float> xs;
  const auto around = [&](double center) {
    const std::uint32_t b = bits_of(float(center));
    for (std::uint32_t near : {b - 1, b, b + 1})
      for (std::uint32_t sign : {0u, 0x80000000u})
        if (is_finite(from_bits(near))) xs.push_back(from_bits(near | sign));
  };
  const code_t step = Q::bits > 8 ? 17 : 1;
  for (code_t mag = 0; mag <= Q::peak_code; mag += step) {
    around(magnitude_of<Q>(mag));
    around((magnitude_of<Q>(mag) + magnitude_of<Q>(mag + 1)) / 2);
  }
  around(magnitude_of<Q>(Q::peak_code + 1));
  around((double(Q::peak) + magnitude_of<Q>(Q::peak_code + 1)) / 2);
  around(0x1p-149);
  around(0x1p-126);
  around(0x1.fffffep127);
  for (std::uint64_t i = 0; i < 4000; ++i) {
    const float any = from_bits(philox{1}.word(i));
    if (is_finite(any)) xs.push_back(any);
    const float near_peak = Q::peak * (2.4f * philox{2}.uniform(i) - 1.2f);
    if (is_finite(near_peak)) xs.push_back(near_peak);
  }
  return xs;
}

template <class Q, rounding R>
void check_rounding(const std::vector<float>& xs) {
  CAPTURE(std::string(std::string_view(Q::name)));
  CAPTURE(int(R));
  std::int64_t wrong = 0;
  for (const float x : xs) {
    const code_t saturated = Q::template encode_as<R, overflow::saturate>(x);
    const code_t finite = Q::template encode_as<R, overflow::saturate_finite>(x);
    const code_t free = Q::template encode_as<R, overflow::infinity_or_nan>(x);
    if (saturated != search<Q>(x, R, overflow::saturate) || finite != saturated ||
        free != search<Q>(x, R, overflow::infinity_or_nan)) {
      if (++wrong <= 3) MESSAGE("wrong code of " << double(x));
    }
  }
  CHECK(wrong == 0);
}

template <class Q>
void check_roundings() {
  const std::vector<float> xs = interesting<Q>();
  check_rounding<Q, rounding::nearest_even>(xs);
  check_rounding<Q, rounding::nearest_away>(xs);
  check_rounding<Q, rounding::toward_zero>(xs);
  check_rounding<Q, rounding::up>(xs);
  check_rounding<Q, rounding::down>(xs);
}

template <class... Q, class F>
void for_types(F f) {
  (f(Q{}), ...);
}
template <class F>
void for_all_minifloats(F f) {
  for_types<fp4_e2m1, fp4_e1m2, fp4_e3m0, fp6_e2m3, fp6_e3m2, fp8_e4m3, e4m3_ieee, fp8_e5m2, ue4m3,
            shifted_e4m3, unsigned_e1m3, f16, bf16, e5m10_fn>(f);
}

}  // namespace

TEST_CASE("every code of every type has the value of the definition and encodes to itself") {
  for_all_minifloats([]<class Q>(Q) { check_values<Q>(); });
}

TEST_CASE("every rounding picks what a search among all values picks") {
  for_all_minifloats([]<class Q>(Q) { check_roundings<Q>(); });
}

TEST_CASE("encode is nearest_even, saturating, with a quiet NaN") {
  for_all_minifloats([]<class Q>(Q) {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      const float x = from_bits(philox{3}.word(i));
      const code_t named =
          Q::template encode_as<rounding::nearest_even, overflow::saturate, nan_policy::quiet>(x);
      REQUIRE(Q::encode(x) == named);
      REQUIRE(named < (code_t(1) << Q::bits));
    }
  });
}

TEST_CASE("codes of one sign are ordered like the numbers that they stand for") {
  for_all_minifloats([]<class Q>(Q) {
    code_t before = 0;
    for (std::uint32_t b = 0; b < 0x7f800000u; b += 7919) {
      const code_t c = Q::encode(from_bits(b));
      REQUIRE(c >= before);
      before = c;
    }
    CHECK(before == Q::peak_code);
  });
}

TEST_CASE("NaN and infinity become what each named policy says") {
  using enum rounding;
  using enum overflow;
  using enum nan_policy;
  const float nan = from_bits(0x7fc00000u), minus_nan = from_bits(0xffc00000u);
  const float payload = from_bits(0x7f800001u), inf = from_bits(0x7f800000u);
  SUBCASE("E2M1 has neither: the largest, or ml_dtypes' zero of the other sign") {
    CHECK(fp4_e2m1::encode(nan) == 0x7);  // CUDA and ONNX
    CHECK(fp4_e2m1::encode(minus_nan) == 0x7);
    CHECK(fp4_e2m1::encode_as<nearest_even, saturate, all_ones>(minus_nan) == 0x7);
    CHECK(fp4_e2m1::encode_as<nearest_even, saturate, signed_quiet>(nan) == 0x8);
    CHECK(fp4_e2m1::encode_as<nearest_even, saturate, signed_quiet>(minus_nan) == 0x0);
    CHECK(fp4_e2m1::encode(inf) == 0x7);
    CHECK(fp4_e2m1::encode(-inf) == 0xf);
    CHECK(fp4_e2m1::encode_as<nearest_even, infinity_or_nan>(-inf) == 0xf);
  }
  SUBCASE("E4M3 has NaN only") {
    CHECK(e4m3::encode(inf) == 0x7e);  // CUDA's satfinite
    CHECK(e4m3::encode(-inf) == 0xfe);
    CHECK(e4m3::encode_as<nearest_even, saturate_finite>(inf) == 0x7f);  // ml_dtypes, saturating
    CHECK(e4m3::encode_as<nearest_even, saturate_finite>(1e9f) == 0x7e);
    CHECK(e4m3::encode_as<nearest_even, infinity_or_nan>(1e9f) == 0x7f);
    CHECK(e4m3::encode_as<nearest_even, infinity_or_nan>(-1e9f) == 0xff);
    CHECK(e4m3::encode_as<nearest_even, infinity_or_nan>(464) == 0x7e);  // the tie is even
    CHECK(e4m3::encode_as<toward_zero, infinity_or_nan>(1e9f) == 0x7e);
    CHECK(e4m3::encode_as<toward_zero, infinity_or_nan>(inf) == 0x7f);
    CHECK(e4m3::encode(payload) == 0x7f);
    CHECK(e4m3::encode(minus_nan) == 0x7f);
    CHECK(e4m3::encode_as<nearest_even, saturate, signed_quiet>(minus_nan) == 0xff);
  }
  SUBCASE("E5M2 and the 16-bit types have both") {
    CHECK(e5m2::encode(inf) == 0x7b);
    CHECK(e5m2::encode_as<nearest_even, saturate_finite>(inf) == 0x7c);
    CHECK(e5m2::encode_as<nearest_even, saturate_finite>(1e9f) == 0x7b);
    CHECK(e5m2::encode_as<nearest_even, infinity_or_nan>(61440) == 0x7c);  // the tie is even
    CHECK(e5m2::encode(nan) == 0x7e);
    CHECK(e5m2::encode_as<nearest_even, saturate, all_ones>(minus_nan) == 0x7f);  // CUDA
    CHECK(e5m2::encode_as<nearest_even, saturate, signed_quiet>(minus_nan) == 0xfe);
    CHECK(f16::encode(payload) == 0x7e00);
    CHECK(f16::encode_as<nearest_even, infinity_or_nan, all_ones>(nan) == 0x7fff);
    CHECK(f16::encode(65520) == 0x7bff);
    CHECK(f16::encode_as<nearest_even, infinity_or_nan>(65520) == 0x7c00);
    CHECK(f16::encode_as<nearest_even, infinity_or_nan>(65519) == 0x7bff);
    CHECK(bf16::encode(nan) == 0x7fc0);
    CHECK(bf16::encode_as<up, infinity_or_nan>(0x1.fffffep127f) == 0x7f80);
    CHECK(bf16::encode_as<up, infinity_or_nan>(-0x1.fffffep127f) == 0xff7f);
    CHECK(bits_of(f16::decode(0x7e01)) == 0x7fc02000u);  // a payload stays
    CHECK(bits_of(f16::decode(0xfc01)) == 0xffc02000u);  // and becomes quiet
  }
  SUBCASE("without a sign everything negative is zero, NaN is NaN") {
    CHECK(ue4m3::encode(-0.f) == 0);
    CHECK(ue4m3::encode(-1) == 0);
    CHECK(ue4m3::encode(-inf) == 0);
    CHECK(ue4m3::encode_as<down, infinity_or_nan>(-inf) == 0);
    CHECK(ue4m3::encode(minus_nan) == 0x7f);
    CHECK(ue4m3::encode(500) == 0x7e);
  }
}

TEST_CASE("conversions do not depend on the floating-point mode of the caller") {
  const auto codes_and_values = []<class Q>(Q) {
    std::vector<std::uint32_t> all;
    for (std::uint64_t i = 0; i < 3000; ++i)
      all.push_back(Q::encode(from_bits(philox{4}.word(i) & 0x83ffffffu)));  // tiny ones
    for (std::uint64_t i = 0; i < 3000; ++i) all.push_back(Q::encode(from_bits(philox{5}.word(i))));
    for (code_t c = 0; c < code_t(1) << Q::bits; ++c) all.push_back(bits_of(Q::decode(c)));
    return all;
  };
  for_all_minifloats([&]<class Q>(Q) {
    const auto expected = codes_and_values(Q{});
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
      std::fesetround(mode);
      const auto found = codes_and_values(Q{});
      std::fesetround(FE_TONEAREST);
      CHECK(found == expected);
    }
#if defined(__SSE2__)
    const unsigned before = _mm_getcsr();
    _mm_setcsr(before | 0x8040u);  // flush to zero, denormals are zero
    const auto found = codes_and_values(Q{});
    _mm_setcsr(before);
    CHECK(found == expected);
#endif
  });
}

TEST_CASE("no two types share a name") {
  std::set<std::string> names;
  int types = 0;
  const auto add = [&]<class Q>(Q) {
    names.insert(std::string(std::string_view(Q::name)));
    ++types;
  };
  for_all_minifloats(add);
  for_types<f32, e8m0, minifloat<4, 3, flavour::finite>, minifloat<4, 3, flavour::fn, 8>,
            minifloat<4, 3, flavour::fn, -8>, minifloat<8, 0, flavour::fn, 127, false>,
            minifloat<5, 10, flavour::ieee, 14>, minifloat<5, 10, flavour::ieee, 15, false>>(add);
  CHECK(int(names.size()) == types);
  CHECK(names.contains("f16"));
  CHECK(names.contains("bf16"));
  CHECK(names.contains("e2m1"));
  CHECK(names.contains("e4m3fn"));
  CHECK(names.contains("e4m3ieee"));
  CHECK(names.contains("ue4m3fn"));
  CHECK(names.contains("ue1m3b-3"));
}

TEST_CASE("the nearest value is what the nearest code decodes to") {
  const auto check = [](auto number) {
    using N = decltype(number);
    for (code_t c = 0; c < code_t(1) << (N::bits < 12 ? N::bits : 16); ++c) {
      const float level = N::decode(c), next = N::decode(c ^ 1);
      for (const float x : {level, (level + next) / 2, level * 0.999f, level * 1.3f, level * 1e6f})
        for (const std::uint32_t d : {0u, 1u, 0xffffffffu}) {
          const float y = lowbit::bits_as<float>(lowbit::bits_as<std::uint32_t>(x) + d);
          const float expected = N::decode(N::encode(y));
          if (lowbit::bits_as<code_t>(N::nearest(y)) != lowbit::bits_as<code_t>(expected)) {
            CAPTURE(y);
            REQUIRE(N::nearest(y) == expected);
          }
        }
    }
  };
  check(lowbit::f16{});
  check(lowbit::bf16{});
  check(lowbit::fp8_e4m3{});
  check(lowbit::fp8_e5m2{});
  check(lowbit::fp6_e3m2{});
  check(lowbit::fp4_e3m0{});
  check(lowbit::ue4m3{});
}
