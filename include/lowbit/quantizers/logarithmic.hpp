// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "powers.hpp"
#include "uniform.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Logarithmic codes of RepQ-ViT and its kin: code q stands for base^-q, found by rounding the
/// logarithm, q = round(-log_base x), not by the nearest level (for that: power_of_two). Levels lie
/// in (0, 1]; sqrt 2 doubles the resolution of 2. Meant for maps after a softmax (`nonnegative`,
/// the default); `symmetric` puts a sign in the topmost bit.
///
/// Zero. The published quantizers set values whose rounded q is past the last code to 0, but store
/// that code. A packed code has to say it: under `with_zero` (default) the last q, 2^n - 1 with n
/// bits of q, stands for 0, and everything that rounds to it or past it goes there. So codes are as
/// published, and of the published values only that of the last q itself is lost. `without_zero`
/// keeps all powers, and small values become the smallest.
///
/// Values above 1, infinities and NaN become 1. Negative values without a sign, and zero, are 0,
/// or the smallest level where there is no zero. With a sign the code of -0 is not valid and never
/// produced. The rounding points are irrational: there are no ties.
/// decode: 2^-ceil(q/2), times sqrt 2 for odd q: a shift and one constant.
/// Source: RepQ-ViT (arXiv 2212.08254), classification/quant/quantizer.py.
template <int Bits, class Base = base_2, class Sign = nonnegative, class Zero = with_zero>
struct logarithmic {
  static_assert(std::same_as<Sign, nonnegative> || std::same_as<Sign, symmetric>,
                "lowbit::logarithmic: the sign is nonnegative or symmetric");
  static_assert(std::same_as<Zero, with_zero> || std::same_as<Zero, without_zero>,
                "lowbit::logarithmic: with_zero or without_zero");
  using strategy = field_constant_codes;
  static constexpr int bits = Bits;
  static constexpr bool is_signed = std::same_as<Sign, symmetric>;
  static constexpr bool has_zero_level = std::same_as<Zero, with_zero>;
  static constexpr int steps = Base::steps;
  static constexpr float odd_factor = Base::odd_factor;
  static constexpr int magnitudes = 1 << (Bits - int(is_signed));
  static constexpr int first_magnitude = 0;
  static constexpr int zero_magnitude = has_zero_level ? magnitudes - 1 : -1;
  static constexpr int last = magnitudes - 1 - int(has_zero_level);  // q of the smallest level
  static_assert(Bits >= 2 && last >= 1, "lowbit::logarithmic: at least two powers");
  static_assert(last <= 120 * steps, "lowbit::logarithmic: levels below 2^-120");
  static constexpr float peak = 1;
  static constexpr auto name =
      "logarithmic<" + (number_text<Bits>() +
                        ("," + (Base::name + ("," + (Sign::name + ("," + (Zero::name + ">")))))));

  static constexpr bool valid(code_t code) requires(is_signed&& has_zero_level) {
    return code != code_t(2 * magnitudes - 1);
  }

  LOWBIT_HD static constexpr float decode(code_t code) {
    const int q = int(code & code_t(magnitudes - 1));
    const float level = q == zero_magnitude ? 0 : detail::power_level<Base>(q);
    return is_signed && (code & code_t(magnitudes)) != 0 ? -level : level;
  }

  LOWBIT_HD static constexpr code_t encode(float x) {
    const bool negative = x < 0;
    const float size = !is_signed && negative ? 0 : magnitude(x);
    const int q = detail::nearest_power<Base, detail::logarithmic_points<Base>>(size);
    if (q > last && has_zero_level) return code_t(zero_magnitude);
    const code_t code = code_t(q < 0 ? 0 : q > last ? last : q);
    return is_signed && negative ? code | code_t(magnitudes) : code;
  }
  static constexpr code_t (*encodes_in_order)(float) = &logarithmic::encode;
};

}  // namespace lowbit::inline LOWBIT_ABI
