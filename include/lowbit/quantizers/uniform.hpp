// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"
#include "minifloat.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Kinds of uniform level sets; N = 2^Bits.
struct symmetric {   // -(N/2 - 1) .. N/2 - 1, code = level + N/2; code 0 (-N/2) is never produced
  static constexpr auto name = text("symmetric");
};
struct full_range {  // -N/2 .. N/2 - 1, code = level + N/2
  static constexpr auto name = text("full_range");
};
struct centred {     // -(N-1)/2 .. (N-1)/2 in steps of 1, no zero level
  static constexpr auto name = text("centred");
};
struct asymmetric {  // 0 .. N-1 minus an integer zero of the group
  static constexpr auto name = text("asymmetric");
};
struct real_zero {   // 0 .. N-1 minus a real zero of the group
  static constexpr auto name = text("real_zero");
};
struct minimum {     // 0 .. N-1 steps above the least value of the group
  static constexpr auto name = text("minimum");
};
struct nonnegative { // 0 .. N-1, for parameters: a scale has no sign
  static constexpr auto name = text("nonnegative");
};

/// Integer codes of Bits bits with unit steps; the group's scale is the step. Encoding rounds to
/// nearest, ties to even, and clamps to the levels; NaN gives one of the ends. Strategy: affine,
/// level = code + intercept.
///
/// `symmetric` (default) is the restricted set of most papers; `full_range` also uses -N/2, and its
/// scale takes the sign that puts the value of largest magnitude there (as Q4_0 does); `centred`
/// is the even-sized set without zero (QuEST, OFQ), where a tie goes to the even multiple of a
/// step, so that 0 encodes to -1/2 (OFQ's StatsQ rounds -x: 0 becomes 1/2). The last four start at
/// 0; `real_zero` and `minimum` are the float zero and the minimum of GPTQ, HQQ and GGUF's Q4_1.
/// Bits is 2..8 for weights; 1 bit is `binary`. A nonnegative set may have 1..16 bits.
template <int Bits, class Kind = symmetric>
struct uniform {
  static constexpr bool starts_at_zero = std::same_as<Kind, asymmetric> ||
                                         std::same_as<Kind, real_zero> ||
                                         std::same_as<Kind, minimum> ||
                                         std::same_as<Kind, nonnegative>;
  static_assert(starts_at_zero || Bits >= 2, "lowbit::uniform: one bit has no zero, use binary");
  static_assert(Bits >= 1 && Bits <= 16, "lowbit::uniform: 2 to 8 bits (16 for a parameter)");

  static constexpr auto name = "uniform<" + (number_text<Bits>() + ("," + (Kind::name + ">")));
  static constexpr int bits = Bits;
  static constexpr int count = 1 << Bits;
  using strategy = affine_codes;
  static constexpr float slope = 1;
  static constexpr float intercept = starts_at_zero                   ? 0
                                     : std::same_as<Kind, centred> ? -(count - 1) / 2.f
                                                                      : -(count / 2.f);
  static constexpr float peak = starts_at_zero                       ? count - 1
                                : std::same_as<Kind, full_range>  ? count / 2
                                : std::same_as<Kind, centred>     ? (count - 1) / 2.f
                                                                     : count / 2 - 1;
  static constexpr zero_kind zero = std::same_as<Kind, asymmetric>   ? zero_kind::integer
                                    : std::same_as<Kind, real_zero> ? zero_kind::real
                                    : std::same_as<Kind, minimum>   ? zero_kind::minimum
                                                                    : zero_kind::none;
  using zero_number =
      std::conditional_t<std::same_as<Kind, asymmetric>, uniform<Bits, nonnegative>, f16>;
  /// The level on which the value of largest magnitude lands, sign and all; 0: either end.
  static constexpr float signed_peak = std::same_as<Kind, full_range>    ? -peak
                                       : std::same_as<Kind, nonnegative> ? peak
                                                                         : 0;

  LOWBIT_HD static constexpr float decode(code_t code) { return float(code) + intercept; }

  // The parts of encode (see code_rule).
  static constexpr float rounding_shift = std::same_as<Kind, centred> ? 0.5f : 0;
  static constexpr int lowest_code = std::same_as<Kind, symmetric> ? 1 : 0;
  static constexpr int zero_code = starts_at_zero                  ? 0
                                   : std::same_as<Kind, centred> ? count / 2 - 1
                                                                   : count / 2;

  LOWBIT_HD static constexpr code_t encode(float x) {
    const int code = round_int(std::same_as<Kind, centred> ? add_rn(x, 0.5f) : x) + zero_code;
    return code_t(code < lowest_code ? lowest_code : code >= count ? count - 1 : code);
  }
  static constexpr code_t (*encodes_in_steps)(float) = &uniform::encode;
};

}  // namespace lowbit::inline LOWBIT_ABI
