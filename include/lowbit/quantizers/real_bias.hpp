// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/portable_math.hpp"
#include "../storage/stored_numbers.hpp"
#include "level_sample.hpp"
#include "minifloat.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A small float whose exponent bias is any real number, one for each matrix:
///   (-1)^s 2^(e - bias) (1 + m / 2^M),   subnormals likewise: the levels of Minifloat times
///   2^(Minifloat::bias - bias). That factor is what is stored, an f32, once per matrix, as
///   "state".
///
///   using w4 = format<real_bias<fp4_e2m1>, per_row>;
///   quantize<w4>(weights);                                                 // the best bias
///   quantize<w4>(weights, given_levels{real_bias<fp4_e2m1>::with_bias(1.3)});
///
/// The bias is learned after the scales: that of least squared error (weighted with the square of
/// the scale and importance) among 1/64 steps within 1 of Minifloat's. Under absmax scales it is a
/// clip that all groups share: what is beyond the outermost level clamps.
/// Codes and NaN as for Minifloat, which must have no NaN or infinity. Strategy: table.
/// (LLM-FP4's bias per channel is a scale per row in f32. Searching it means searching 2^d, as
/// here; the released program multiplies the bias, which has no effect where it is 0.) Source:
/// LLM-FP4 (arXiv 2310.16836).
template <class Minifloat>
struct real_bias {
  static_assert(std::same_as<strategy_of<Minifloat>, field_codes> && Minifloat::bits <= 8,
                "lowbit::real_bias: a minifloat of at most 8 bits");
  static_assert(!Minifloat::has_nan && !Minifloat::has_infinity,
                "lowbit::real_bias: a minifloat without NaN and infinity (flavour::finite)");
  static constexpr int bits = Minifloat::bits;
  using strategy = table_codes;
  static constexpr float peak = Minifloat::peak;
  static constexpr auto name = "real_bias<" + (Minifloat::name + ">");

  /// The level of a code under a factor 2^(Minifloat::bias - bias).
  LOWBIT_HD static constexpr float level(code_t code, float factor) {
    return mul_rn(factor, Minifloat::decode(code));
  }

  template <class Place>
  struct state {
    stored_numbers<f32, Place> factor{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      stored_numbers<f32, Place>::each(visit, at / "state", self.factor...);
    }
    void validate(const path& at) const requires(std::same_as<Place, borrowed>) {
      factor.validate(at / "state", 1);
      if (!(factor[0] >= lowest && factor[0] <= highest))
        fail(errc::corrupted, (at / "state").str(),
             message("factor ", factor[0], ", expected 2^-64 to 2^64"));
    }
    LOWBIT_HD float decode(code_t code) const requires(std::same_as<Place, borrowed>) {
      return level(code, factor[0]);
    }
    code_t encode(float x) const requires(std::same_as<Place, borrowed>) {
      return Minifloat::encode(div_rn(x, factor[0]));
    }
    /// The exponent bias.
    double bias() const requires(std::same_as<Place, borrowed>) {
      return Minifloat::bias - portable_log2(double(factor[0]));
    }
  };

  /// The state of a given bias, within 64 of Minifloat's. Throws bad_argument.
  static state<owned> with_bias(double bias) {
    if (!(bias >= Minifloat::bias - 64 && bias <= Minifloat::bias + 64))
      fail(errc::bad_argument, "bias",
           message(bias, ", expected ", Minifloat::bias - 64, " to ", Minifloat::bias + 64));
    const float factor = float(portable_exp2(Minifloat::bias - bias));
    state<owned> s;
    s.factor.assign({&factor, 1});
    return s;
  }

  template <class Executor>
  static state<owned> learn(span<const float> values, span<const float> weights, const Executor&) {
    const level_sample sample(values, weights);
    int best = 0;
    double least = error_of(sample, 0);
    const auto look = [&](int step, int around) {
      for (int k = around - 8 * step; k <= around + 8 * step; k += step)
        if (const double e = error_of(sample, k); e < least) {
          least = e;
          best = k;
        }
    };
    look(8, 0);
    look(1, best);
    return with_bias(Minifloat::bias + best / 64.0);
  }

 private:
  static constexpr float lowest = 0x1p-64f, highest = 0x1p64f;
  static constexpr int count = 1 << bits;

  static double error_of(const level_sample& sample, int bias_in_64ths) {
    const float factor = float(portable_exp2(-bias_in_64ths / 64.0));
    arr<float, count> levels{};  // ascending: negative ones by their codes backwards
    constexpr int positive = int(Minifloat::all_ones) + 1, negative = count - positive;
    for (int c = 0; c < count; ++c) {
      const int code = c < negative ? count - 1 - c : c - negative;
      levels[c] = level(code_t(code), factor);
    }
    return sample.error(levels.items);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
