// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "powers.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Powers of two with a sign (POT), or of sqrt 2 (POST), for weights. The code is a sign in the
/// topmost bit and a magnitude m; the levels are +-base^-k:
///   with_zero (default)  m = 0 is 0, m = k + 1; 2^Bits - 1 levels (15 at 4 bits: k = 0..6)
///   filled               the same, and in the place of -0 one more positive level, the next
///   smaller
///                        one; 2^Bits levels, not symmetric
///   without_zero         m = k; 2^Bits levels (16 at 4 bits: k = 0..7)
///   released             m = 0 is 0, m = k + 1; 2^Bits + 1 levels (17 at 4 bits: k = 0..7), the
///                        set of POST's program, which takes Bits + 1 bits
/// Encodes to the nearest level, ties to the smaller magnitude, so that 0 without a zero level is
/// the smallest positive one. Values beyond 1, infinities and NaN (positive) clamp to 1. The code
/// of -0, and magnitudes past the last level of `released`, are not valid and never produced.
/// decode: 2^-ceil(k/2), times sqrt 2 for odd k: a shift and one constant (`filled`: a table).
///
/// More bits help a POT set only near zero; sqrt 2 halves its largest gap once, and five bits are
/// where POST stops improving. Source: ASQ and POST (arXiv 2504.17263), whose released code has
/// base 2 and 2^Bits + 1 levels.
template <int Bits, class Base = base_2, class Zero = with_zero>
struct power_of_two {
  static constexpr bool has_zero_level = !std::same_as<Zero, without_zero>;
  static constexpr bool one_bit_more = std::same_as<Zero, released>;
  static constexpr bool fills_minus_zero = std::same_as<Zero, filled>;
  using strategy = std::conditional_t<fills_minus_zero, table_codes, field_constant_codes>;
  static constexpr int bits = Bits + int(one_bit_more);
  static constexpr bool is_signed = true;
  static constexpr int steps = Base::steps;
  static constexpr float odd_factor = Base::odd_factor;
  static constexpr int magnitudes = 1 << (bits - 1);
  static constexpr int first_magnitude = int(has_zero_level);
  static constexpr int zero_magnitude = has_zero_level ? 0 : -1;
  /// k of the smallest level.
  static constexpr int last = (1 << (Bits - 1)) - (has_zero_level && !one_bit_more ? 2 : 1);
  /// What `filled` has in the place of -0, and the largest float that is nearest to it.
  static constexpr float extra_level = detail::power_level<Base>(last + 1);
  static constexpr float extra_top = decision_point(extra_level, detail::power_level<Base>(last));
  static_assert(Bits >= 3 && bits <= 8, "lowbit::power_of_two: 3 to 8 bits (released: 3 to 7)");
  static_assert(magnitudes <= 120 * steps, "lowbit::power_of_two: levels below 2^-120");
  static constexpr float peak = 1;
  static constexpr auto name =
      "power_of_two<" + (number_text<Bits>() + ("," + (Base::name + ("," + (Zero::name + ">")))));

  static constexpr bool valid(code_t code) requires(has_zero_level && !fills_minus_zero) {
    const int m = int(code & code_t(magnitudes - 1));
    return m <= last + 1 && code != code_t(magnitudes);
  }

  LOWBIT_HD static constexpr float decode(code_t code) {
    if (fills_minus_zero && code == code_t(magnitudes)) return extra_level;
    const int m = int(code & code_t(magnitudes - 1));
    const float level = m == zero_magnitude ? 0 : detail::power_level<Base>(m - first_magnitude);
    return (code & code_t(magnitudes)) != 0 ? -level : level;
  }

  LOWBIT_HD static constexpr code_t encode(float x) {
    constexpr float half_smallest = detail::power_level<Base>(last) / 2;
    const float size = magnitude(x);
    if (fills_minus_zero && x > 0 && size <= extra_top)
      return size <= extra_level / 2 ? code_t(0) : code_t(magnitudes);
    if (has_zero_level && size <= half_smallest) return 0;
    const int k = detail::nearest_power<Base, detail::linear_points<Base>>(size);
    const code_t m = code_t(first_magnitude + (k < 0 ? 0 : k > last ? last : k));
    return x < 0 ? m | code_t(magnitudes) : m;
  }
  static constexpr code_t (*encodes_in_order)(float) = &power_of_two::encode;
};

/// The two by their names in the field: pot<4>, post<4> (15 levels), post<4, released> (17).
template <int Bits, class Zero = with_zero>
using pot = power_of_two<Bits, base_2, Zero>;
template <int Bits, class Zero = with_zero>
using post = power_of_two<Bits, base_sqrt2, Zero>;

}  // namespace lowbit::inline LOWBIT_ABI
