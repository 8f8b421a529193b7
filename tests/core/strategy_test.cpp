// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a strategy promises is all that a fast kernel knows: every code of the quantizers that name
// one is decoded here from the members that the strategy lists, as a kernel does it.
#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/concepts.hpp>
#include <lowbit/quantizers/binary.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/logarithmic.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/quantizers/power_of_two.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>

using namespace lowbit;

namespace {

template <class Q>
void affine() {
  static_assert(std::same_as<strategy_of<Q>, affine_codes>);
  int wrong = 0;
  for (code_t c = 0; c >> Q::bits == 0; ++c)
    wrong += double(Q::decode(c)) != double(Q::slope) * c + double(Q::intercept);
  CHECK(wrong == 0);
}

template <class Q>
void field() {
  static_assert(std::same_as<strategy_of<Q>, field_codes>);
  static_assert(Q::bits == int(Q::is_signed) + Q::exponent_bits + Q::mantissa_bits);
  int wrong = 0;
  for (code_t c = 0; c >> Q::bits == 0; ++c) {
    const float found = Q::decode(c);
    if (!is_finite(found)) continue;
    const bool negative = Q::is_signed && c >> (Q::bits - 1) != 0;
    const int exponent = int(c >> Q::mantissa_bits) & ((1 << Q::exponent_bits) - 1);
    const int mantissa = int(c) & ((1 << Q::mantissa_bits) - 1);
    const double fraction = double(mantissa) / (1 << Q::mantissa_bits);
    const double size = exponent == 0 ? std::ldexp(fraction, 1 - Q::bias)
                                      : std::ldexp(1 + fraction, exponent - Q::bias);
    wrong += double(found) != (negative ? -size : size);
  }
  CHECK(wrong == 0);
}

template <class Q>
void field_constant() {
  static_assert(std::same_as<strategy_of<Q>, field_constant_codes>);
  int wrong = 0;
  for (code_t c = 0; c >> Q::bits == 0; ++c) {
    const bool negative = Q::is_signed && c >> (Q::bits - 1) != 0;
    const int m = Q::is_signed ? int(c & ((1u << (Q::bits - 1)) - 1)) : int(c);
    double size = 0;
    if (m != Q::zero_magnitude) {
      const int k = m - Q::first_magnitude;
      size = std::ldexp(1.0, -((k + Q::steps - 1) / Q::steps));
      if (k % Q::steps != 0) size *= double(Q::odd_factor);
    }
    wrong += double(Q::decode(c)) != (negative ? -size : size);
  }
  CHECK(wrong == 0);
}

struct nameless {
  static constexpr int bits = 5;
  static constexpr float decode(code_t) { return 0; }
  static constexpr code_t encode(float) { return 0; }
};
struct wide : nameless {
  static constexpr int bits = 9;
};
struct complex_levels {
  static constexpr int bits = 2;
  static constexpr complex32 decode(code_t) { return {}; }
};
struct pairs {
  static constexpr int bits = 2, dim = 2;
  static constexpr arr<float, 2> decode(code_t) { return {}; }
};

}  // namespace

// A quantizer that names none gets the most that is true of any.
static_assert(std::same_as<strategy_of<nameless>, table_codes>);
static_assert(std::same_as<strategy_of<wide>, any_codes>);
static_assert(std::same_as<strategy_of<complex_levels>, any_codes>);
static_assert(std::same_as<strategy_of<pairs>, vector_codes>);
static_assert(std::same_as<strategy_of<complex_unit>, axis_codes>);

TEST_CASE("affine codes: slope * code + intercept") {
  affine<uniform<2>>();
  affine<uniform<4, full_range>>();
  affine<uniform<5, centred>>();
  affine<uniform<3, asymmetric>>();
  affine<uniform<8, nonnegative>>();
  affine<uniform<16>>();
  affine<ternary>();
  affine<binary>();
}

TEST_CASE("field codes: sign, exponent and mantissa") {
  field<fp4_e2m1>();
  field<fp4_e1m2>();
  field<fp4_e3m0>();
  field<fp6_e2m3>();
  field<fp6_e3m2>();
  field<fp8_e4m3>();
  field<fp8_e5m2>();
  field<f16>();
  field<bf16>();
}

TEST_CASE("field and constant: a power of 2, times one of two constants") {
  field_constant<logarithmic<4, base_2, symmetric>>();
  field_constant<logarithmic<3, base_sqrt2>>();
  field_constant<logarithmic<8, base_sqrt2, symmetric>>();
  field_constant<power_of_two<4>>();
  field_constant<post<4>>();
  field_constant<post<3>>();
}
