// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/per.hpp"
#include "../ranges/twin_log_grid.hpp"
#include "one.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Logarithmic codes for weights, apart for the two signs: a sign bit on top and a step q,
///   value = +-((B + eta) r^q - eta),   q = 0 .. 2^(Bits-1) - 1
/// with a lowest magnitude B and a ratio r for each sign of each group, and one offset eta for the
/// matrix: levels are dense near B, and the more even the larger eta is. (In the source's terms
/// log2 r is Delta, log2 (B + eta) is zp Delta without its rounding.)
///
/// A group stores four scales: B and r of the positive, then of the negative values ("scales" ..
/// "scales4"); eta is one f32 ("zeros"). Found by `twin_log_grid`. r^q is a product of squares, so
/// that decoding needs no logarithm; in f16 the top level of 8 bits is 6 % uncertain: take f32.
///
/// Encodes to the nearest logarithm of |x| + eta; zero counts as positive; values beyond the ends
/// clamp; NaN gives the lowest positive code. There is no level 0 unless B is 0.
/// Strategy: any. Four parameters per group suit long groups: rows.
/// Source: LRQ-DiT (arXiv 2508.03485). Its negative half has one step more, which makes 2^Bits + 1
/// codes; that one is left out.
template <int Bits>
struct twin_log {
  static_assert(Bits >= 2 && Bits <= 8, "lowbit::twin_log: 2 to 8 bits");
  static constexpr bool is_twin_log = true;
  static constexpr int bits = Bits, scales = 4;
  static constexpr int top = (1 << (Bits - 1)) - 1;  // the last step
  static constexpr zero_kind zero = zero_kind::real;
  using zero_number = lowbit::scaled<one, per_tensor::with<f32>>;
  using range = twin_log_grid;
  using strategy = any_codes;
  static constexpr float peak = top + 1;
  static constexpr auto name = "twin_log<" + (number_text<Bits>() + ">");

  /// The level of a code is its sign times q + 1; values come from it by `scaled`.
  LOWBIT_HD static constexpr float decode(code_t code) {
    const int q = int(code & code_t(top));
    return (code & code_t(top + 1)) != 0 ? float(-1 - q) : float(1 + q);
  }
  LOWBIT_HD static constexpr code_t encode(float level) {
    const int step = round_int(magnitude(level)) - 1;
    const code_t q = code_t(step < 0 ? 0 : step > top ? top : step);
    return level < 0 ? q | code_t(top + 1) : q;
  }

  LOWBIT_HD static constexpr float scaled(float level, const arr<float, 4>& scale, float eta) {
    const int half = level < 0 ? 2 : 0;
    float value = add_rn(scale[half], eta), square = scale[half + 1];
    for (int q = int(magnitude(level)) - 1; q > 0; q /= 2) {
      if (q % 2 != 0) value = mul_rn(value, square);
      square = mul_rn(square, square);
    }
    value = sub_rn(value, eta);
    return level < 0 ? -value : value;
  }
  /// The step of a magnitude: goes up to the one whose logarithm is nearest.
  struct steps {
    float ratio, eta, middle;  // middle: in the logarithm, between this step and the next
    int q = 0;
    steps(float low, float r, float offset)
        : ratio(r), eta(offset), middle(mul_rn(add_rn(low, offset), sqrt_rn(r))) {}
    void advance(float size) {
      for (const float x = add_rn(size, eta); q < top && x > middle; ++q)
        middle = mul_rn(middle, ratio);
    }
  };
  static float unscaled(float x, const arr<float, 4>& scale, float eta) {
    const int half = x < 0 ? 2 : 0;
    steps step(scale[half], scale[half + 1], eta);
    step.advance(magnitude(x));
    return x < 0 ? float(-1 - step.q) : float(1 + step.q);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
