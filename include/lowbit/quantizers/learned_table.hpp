// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../storage/stored_numbers.hpp"
#include "minifloat.hpp"
#include "nearest_level.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What learning takes: defined in optimal_levels.hpp, which comes with quantize.hpp, so that who
/// only decodes does without.
template <int Count>
arr<float, Count> optimal_levels(span<const float> values, span<const float> weights);

/// 2^Bits levels that every matrix has of its own: those of least squared error for its normalised
/// values, weighted with the square of their scale and with importance (see `optimal_levels`).
/// Stored once per matrix as "state", 2^Bits ascending numbers of type Number; code = index.
///
///   using w4 = format<learned_table<4>, per_group<64>>;  // levels in f16
///   quantize<w4>(weights, given_levels{learned_table<4>::levels(mine)});  // not learned
///   learned_table<4, uniform<8>>  // int8 levels: products with int8 activations are exact
///
/// Ranges come first, levels after them. absmax takes the value of largest magnitude to +peak (1,
/// or that of an integer Number), so that the other levels are free to lie to one side: 5 % less
/// error on normal data at 4 bits, 10 % at 2. No level need be 0, but a group of zeros has scale 0.
/// Encoding finds the nearest level, ties to the lower one; values beyond the ends clamp; NaN gives
/// the lowest level. A matrix of no more distinct normalised values than levels keeps them all, as
/// Number has them. Strategy: table. Cost of learning: 0.3 s for a million values or more.
template <int Bits, class Number = f16>
struct learned_table {
  static_assert(Bits >= 1 && Bits <= 8, "lowbit::learned_table: 1 to 8 bits");
  static_assert(number<Number>, "lowbit::learned_table: levels are numbers (f16, f32, uniform<8>)");
  static constexpr auto name = [] {
    if constexpr (!has_name<Number>)
      return text("");
    else
      return "learned_table<" + (number_text<Bits>() + ("," + (Number::name + ">")));
  }();
  static constexpr int bits = Bits, count = 1 << Bits;
  using strategy = table_codes;
  static constexpr float peak =
      std::same_as<strategy_of<Number>, affine_codes> ? peak_of<Number> : 1;
  static constexpr float signed_peak = peak;

  /// The points between the levels: for many values.
  struct encoder_type {
    arr<float, count - 1> points{};
    constexpr code_t encode(float x) const { return code_t(count_below(points, x)); }
  };

  template <class Place>
  struct state {
    stored_numbers<Number, Place> numbers{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      stored_numbers<Number, Place>::each(visit, at / "state", self.numbers...);
    }
    void validate(const path& at) const requires(std::same_as<Place, borrowed>) {
      numbers.validate(at / "state", count);
      for (index_t i = 1; i < count; ++i)
        if (numbers[i] < numbers[i - 1])
          fail(errc::corrupted, (at / "state").str(),
               message("level ", i, " is below the one before, expected ascending levels"));
    }
    LOWBIT_HD float decode(code_t code) const requires(std::same_as<Place, borrowed>) {
      return numbers[index_t(code)];
    }
    /// For many values take `encoder()`.
    code_t encode(float x) const requires(std::same_as<Place, borrowed>) {
      return encoder().encode(x);
    }
    encoder_type encoder() const requires(std::same_as<Place, borrowed>) {
      encoder_type e;
      for (int i = 1; i < count; ++i) e.points[i - 1] = decision_point(numbers[i - 1], numbers[i]);
      return e;
    }
  };

  /// A state of given levels: 2^Bits of them, ascending. Throws bad_argument.
  static state<owned> levels(span<const float> values) {
    if (values.size() != count)
      fail(errc::bad_argument, "levels", message(values.size(), " levels, expected ", count));
    check_levels(values);
    state<owned> s;
    s.numbers.assign(values);
    return s;
  }
  static void check_levels(span<const float> values) {
    for (index_t i = 0; i < values.size(); ++i)
      if (!is_finite(values[i]) || (i > 0 && values[i] < values[i - 1]))
        fail(errc::bad_argument, "levels",
             message("level ", i, " is ", values[i], ", expected finite, ascending levels"));
  }

  template <class Executor>
  static state<owned> learn(span<const float> values, span<const float> weights, const Executor&) {
    const arr<float, count> best = optimal_levels<count>(values, weights);
    state<owned> s;
    s.numbers.assign(best.items);
    return s;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
