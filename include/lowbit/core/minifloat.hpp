// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "arith.hpp"
#include "rounding.hpp"
#include "span.hpp"
#include "strategy.hpp"
#include "text.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What the topmost codes of a small float mean.
enum class flavour {
  finite,  // every code is a number (OCP's FP4 and FP6)
  fn,      // no infinity; the magnitude of all ones is NaN (OCP's E4M3)
  ieee     // the top exponent holds infinity (mantissa 0) and NaN
};

namespace detail {
template <int E, int M, flavour F, int Bias, bool Signed>
constexpr auto minifloat_name() {
  constexpr int usual_bias = (1 << (E - 1)) - 1;
  if constexpr (E == 5 && M == 10 && F == flavour::ieee && Bias == usual_bias && Signed) {
    return text("f16");
  } else if constexpr (E == 8 && M == 7 && F == flavour::ieee && Bias == usual_bias && Signed) {
    return text("bf16");
  } else {
    constexpr auto sign = [] {
      if constexpr (Signed)
        return text("");
      else
        return text("u");
    }();
    constexpr auto special = [] {
      if constexpr (F == flavour::fn)
        return text("fn");
      else if constexpr (F == flavour::ieee)
        return text("ieee");
      else
        return text("");
    }();
    constexpr auto shifted = [] {
      if constexpr (Bias == usual_bias)
        return text("");
      else
        return text("b") + number_text<Bias>();
    }();
    return sign + text("e") + number_text<E>() + text("m") + number_text<M>() + special + shifted;
  }
}
}  // namespace detail

/// A float of E exponent and M mantissa bits, and a quantizer on its values:
///   (-1)^s 2^(e - Bias) (1 + m / 2^M) for e > 0,   (-1)^s 2^(1 - Bias) m / 2^M for e = 0;
/// the code is s e m, s on top and absent when not Signed. Codes of one sign are ordered like
/// their values. Every value is a binary32, checked at compile time.
///
/// All conversions are integer arithmetic on bits: the same under every compiler, floating-point
/// mode and target, usable in constant expressions and in device code.
template <int E, int M, flavour F, int Bias = (1 << (E - 1)) - 1, bool Signed = true>
struct minifloat {
  static_assert(E >= 1 && E <= 8, "lowbit::minifloat: E, the exponent bits, must be 1..8");
  static_assert(M >= 0 && M <= 22, "lowbit::minifloat: M, the mantissa bits, must be 0..22");
  static_assert(F != flavour::ieee || (E >= 2 && M >= 1),
                "lowbit::minifloat: the ieee flavour needs E >= 2 and M >= 1");

  using strategy = field_codes;
  static constexpr int bits = int(Signed) + E + M;
  static constexpr int exponent_bits = E, mantissa_bits = M, bias = Bias;
  static constexpr bool is_signed = Signed;
  static constexpr bool has_infinity = F == flavour::ieee, has_nan = F != flavour::finite;
  static constexpr auto name = detail::minifloat_name<E, M, F, Bias, Signed>();

  /// Codes: of the largest finite value, of infinity where there is one, and of the quiet NaN.
  static constexpr code_t all_ones = (code_t(1) << (E + M)) - 1;
  static constexpr code_t infinity = all_ones - ((code_t(1) << M) - 1);
  static constexpr code_t top = F == flavour::finite ? all_ones
                                : F == flavour::fn   ? all_ones - 1
                                                     : infinity - 1;
  static constexpr code_t nan =
      F == flavour::ieee ? infinity | (code_t(1) << (M - 1 + (M == 0))) : all_ones;

  static_assert(int(top >> M) - Bias <= 127, "lowbit::minifloat: values beyond binary32's range");
  static_assert(1 - Bias - M >= -149, "lowbit::minifloat: values below binary32's range");

  /// The value of a code; bits above the code are ignored. A NaN keeps its sign and, in the ieee
  /// flavour, its payload, and becomes quiet.
  LOWBIT_HD static constexpr float decode(code_t code) {
    const code_t mag = code & all_ones;
    const std::uint32_t sign = Signed ? (code >> (E + M) & 1) << 31 : 0;
    if constexpr (has_nan) {
      if (mag > top) {
        if (F == flavour::ieee && mag == infinity) return bits_as<float>(sign | 0x7f800000u);
        const std::uint32_t payload = F == flavour::ieee ? mag << (23 - M) & 0x003fffffu : 0;
        return bits_as<float>(sign | 0x7fc00000u | payload);
      }
    }
    const int e = int(mag >> M);
    const std::uint32_t m = mag & ((code_t(1) << M) - 1);
    if (e > 0 && e - Bias >= -126)
      return bits_as<float>(sign | std::uint32_t(e - Bias + 127) << 23 | m << (23 - M));
    // value = significand * 2^exponent: a subnormal here or in binary32
    const std::uint32_t significand = e > 0 ? m | (code_t(1) << M) : m;
    if (significand == 0) return bits_as<float>(sign);
    const int exponent = (e > 0 ? e : 1) - Bias - M;
    const int lead = 31 - __builtin_clz(significand);
    if (exponent + lead < -126) return bits_as<float>(sign | significand << (exponent + 149));
    const std::uint32_t fraction = (significand << (23 - lead)) & 0x007fffffu;
    return bits_as<float>(sign | std::uint32_t(exponent + lead + 127) << 23 | fraction);
  }

  /// The largest finite value.
  static constexpr float peak = decode(top);

  /// The nearest code: ties to even, values beyond peak and infinities to +-peak, -0 keeps its
  /// sign, NaN to `nan` (without NaN: to +peak, see nan_policy). Not Signed: below zero to 0.
  LOWBIT_HD static constexpr code_t encode(float x) { return encode_as(x); }

  /// The code of x under named policies. With M = 0 an even last bit exists only at zero: there a
  /// tie goes to zero, every other tie to the larger magnitude, as IEEE 754 has it for one digit.
  template <rounding R = rounding::nearest_even, overflow O = overflow::saturate,
            nan_policy N = nan_policy::quiet>
  LOWBIT_HD static constexpr code_t encode_as(float x) {
    const std::uint32_t b = bits_as<std::uint32_t>(x), a = b & 0x7fffffffu;
    const bool negative = b >> 31 != 0;
    if (a > 0x7f800000u) return nan_of<N>(negative);
    if (!Signed && negative) return 0;
    const code_t mag = round_magnitude<R>(a, negative);
    return with_sign(mag <= top ? mag : beyond_top<R, O>(a == 0x7f800000u, negative), negative);
  }

 private:
  static constexpr int lowest_exponent = 1 - Bias;

  LOWBIT_HD static constexpr code_t with_sign(code_t mag, bool negative) {
    return Signed ? mag | code_t(negative) << (E + M) : mag;
  }

  /// The magnitude code of the binary32 magnitude with bits a, as if there were codes without end.
  template <rounding R>
  LOWBIT_HD static constexpr code_t round_magnitude(std::uint32_t a, bool negative) {
    const bool normal = a >= 0x00800000u;
    std::uint32_t significand = (a & 0x007fffffu) | std::uint32_t(normal) << 23;
    int exponent = int(a >> 23) - 126 - int(normal);  // a = significand * 2^(exponent - 23)
    if constexpr (lowest_exponent < -126) {           // a subnormal binary32 may be normal here
      if (a == 0) return 0;
      if (!normal) {
        const int lift = __builtin_clz(a) - 8;
        significand <<= lift;
        exponent -= lift;
      }
    }
    const int above = exponent - lowest_exponent;
    // Past 25 dropped bits nothing changes: the value is below a quarter of the last place.
    const int dropped = above >= 0 ? 23 - M : min_shift(23 - M - above, 25);
    return (code_t(above > 0 ? above : 0) << M) + shift_right<R>(significand, dropped, negative);
  }
  LOWBIT_HD static constexpr int min_shift(int a, int b) { return a < b ? a : b; }

  template <rounding R, overflow O>
  LOWBIT_HD static constexpr code_t beyond_top(bool was_infinite, bool negative) {
    if (!has_nan || O == overflow::saturate) return top;
    const bool shrinks = R == rounding::toward_zero || (R == rounding::up && negative) ||
                         (R == rounding::down && !negative);
    if (!was_infinite && (shrinks || O == overflow::saturate_finite)) return top;
    return has_infinity ? infinity : nan;
  }

  template <nan_policy N>
  LOWBIT_HD static constexpr code_t nan_of(bool negative) {
    if (N == nan_policy::all_ones) return all_ones;
    if (N == nan_policy::quiet) return has_nan ? nan : top;
    return has_nan ? with_sign(nan, negative) : with_sign(0, !negative);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
