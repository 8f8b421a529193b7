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
/// Conversions are integer arithmetic on bits (and one exact product): the same under every
/// compiler, floating-point mode and target, usable in constant expressions and in device code.
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
  /// The leading bits of a binary32, as bfloat16 is: decoding is a shift.
  static constexpr bool cut_binary32 = E == 8 && Bias == 127;
  static constexpr bool has_infinity = F == flavour::ieee, has_nan = F != flavour::finite;
  static constexpr auto name = detail::minifloat_name<E, M, F, Bias, Signed>();

  /// Codes of the largest finite value, of infinity (ieee only) and of the quiet NaN; a type
  /// without NaN has the largest value in its place.
  static constexpr code_t all_ones = (code_t(1) << (E + M)) - 1;
  static constexpr code_t infinity_code = all_ones - ((code_t(1) << M) - 1);
  static constexpr code_t peak_code = F == flavour::finite ? all_ones
                                      : F == flavour::fn   ? all_ones - 1
                                                           : infinity_code - 1;
  static constexpr code_t nan_code =
      F == flavour::ieee ? infinity_code | code_t(1) << (M > 0 ? M - 1 : 0) : all_ones;

  static_assert(int(peak_code >> M) - Bias <= 127,
                "lowbit::minifloat: values beyond binary32's range");
  static_assert(cut_binary32 || 1 - Bias - M >= -126,
                "lowbit::minifloat: every value other than zero must be a normal binary32");

  /// The value of a code; bits above the code are ignored. A NaN keeps its sign and, in the ieee
  /// flavour, its payload, and becomes quiet.
  LOWBIT_HD static constexpr float decode(code_t code) {
    const code_t mag = code & all_ones;
    std::uint32_t b = mag << (23 - M);
    if constexpr (!cut_binary32) {
      b += std::uint32_t(127 - Bias) << 23;
      const float subnormal = float(int(mag)) * exp2_int(1 - Bias - M);  // exact in every mode
      if (mag < (code_t(1) << M)) b = bits_as<std::uint32_t>(subnormal);
    }
    if constexpr (F == flavour::fn) {
      if (mag == nan_code) b = 0x7fc00000u;
    }
    if constexpr (F == flavour::ieee) {
      if (mag >= infinity_code) b |= 0x7f800000u;
      if (mag > infinity_code) b |= 0x00400000u;
    }
    return bits_as<float>(b | (Signed ? (code >> (E + M) & 1) << 31 : 0));
  }

  /// The largest finite value.
  static constexpr float peak = decode(peak_code);

  /// The nearest code: ties to even, values beyond peak and infinities to +-peak, -0 keeps its
  /// sign, NaN to nan_code. Not Signed: what is negative to 0.
  LOWBIT_HD static constexpr code_t encode(float x) { return encode_as(x); }
  static constexpr code_t (*encodes_in_order)(float) = &minifloat::encode;

  /// decode(encode(x)), the nearest value: what storing makes of x. Normal numbers stay on the way.
  LOWBIT_HD static constexpr float nearest(float x) {
    if constexpr (M > 0 && Signed && !cut_binary32) {
      constexpr int drop = 23 - M;
      constexpr std::uint32_t least = std::uint32_t(128 - Bias) << 23,
                              most = (peak_code << drop) + (std::uint32_t(127 - Bias) << 23);
      const std::uint32_t b = bits_as<std::uint32_t>(x), a = b & 0x7fffffffu;
      if (a >= least && a <= most) {
        const std::uint32_t up = (std::uint32_t(1) << (drop - 1)) - 1 + ((b >> drop) & 1);
        return bits_as<float>((b + up) & ~((std::uint32_t(1) << drop) - 1));
      }
    }
    return decode(encode(x));
  }

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
    return with_sign(mag <= peak_code ? mag : beyond_top<R, O>(a == 0x7f800000u, negative),
                     negative);
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
    const std::uint32_t significand = (a & 0x007fffffu) | std::uint32_t(normal) << 23;
    const int exponent = int(a >> 23) - 126 - int(normal);  // a = significand * 2^(exponent - 23)
    const int above = exponent - lowest_exponent;
    // Past 25 dropped bits nothing changes: the value is below a quarter of the last place.
    const int needed = above >= 0 ? 23 - M : 23 - M - above, dropped = needed < 25 ? needed : 25;
    return (code_t(above > 0 ? above : 0) << M) + shift_right<R>(significand, dropped, negative);
  }

  template <rounding R, overflow O>
  LOWBIT_HD static constexpr code_t beyond_top(bool was_infinite, bool negative) {
    if (!has_nan || O == overflow::saturate) return peak_code;
    const bool shrinks = R == rounding::toward_zero || (R == rounding::up && negative) ||
                         (R == rounding::down && !negative);
    if (!was_infinite && (shrinks || O == overflow::saturate_finite)) return peak_code;
    return has_infinity ? infinity_code : nan_code;
  }

  template <nan_policy N>
  LOWBIT_HD static constexpr code_t nan_of(bool negative) {
    if (N == nan_policy::all_ones) return all_ones;
    if (N == nan_policy::quiet) return nan_code;
    return has_nan ? with_sign(nan_code, negative) : with_sign(0, !negative);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
