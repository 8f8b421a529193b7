// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "learned_table.hpp"
#include "table_set.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What learning takes: defined in optimal_level_sets.hpp, which comes with quantize.hpp.
template <int Levels, class Executor>
void optimal_level_sets(span<const float> values, span<const float> weights,
                        span<const index_t> starts, span<float> sets, const Executor& threads);

namespace detail {
template <int Count, int Bits, class Number>
inline constexpr auto learned_set_name = [] {
  if constexpr (!has_name<Number>)
    return text("");
  else
    return "learned_table_set<" +
           (number_text<Count>() + ("," + (number_text<Bits>() + ("," + (Number::name + ">")))));
}();

/// A learned_table_set without the question of who shares a selector.
template <int Count, int Bits, class Number>
struct learned_set_base {
  static_assert(Count >= 2 && Count <= 256, "lowbit::learned_table_set: 2 to 256 tables");
  static_assert(Bits >= 1 && Bits <= 8, "lowbit::learned_table_set: 1 to 8 bits");
  static constexpr int bits = Bits, count = 1 << Bits, selectors = Count;
  using strategy = table_codes;
  static constexpr float peak = learned_table<Bits, Number>::peak;
  static constexpr float signed_peak = peak;

  struct encoder_type {
    arr<arr<float, count - 1>, Count> points{};
    constexpr code_t encode(float x, code_t selector) const {
      return code_t(count_below(points[int(selector)], x));
    }
  };

  template <class Place>
  struct state {
    stored_numbers<Number, Place> numbers{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      stored_numbers<Number, Place>::each(visit, at / "state", self.numbers...);
    }
    void validate(const path& at) const requires(std::same_as<Place, borrowed>) {
      numbers.validate(at / "state", Count * count);
      for (index_t i = 1; i < Count * count; ++i)
        if (i % count != 0 && numbers[i] < numbers[i - 1])
          fail(errc::corrupted, (at / "state").str(),
               message("level ", i % count, " of table ", i / count,
                       " is below the one before, expected ascending levels"));
    }
    LOWBIT_HD float decode(code_t code, code_t selector) const
        requires(std::same_as<Place, borrowed>) {
      return numbers[index_t(selector) * count + index_t(code)];
    }
    code_t encode(float x, code_t selector) const requires(std::same_as<Place, borrowed>) {
      return encoder().encode(x, selector);
    }
    encoder_type encoder() const requires(std::same_as<Place, borrowed>) {
      encoder_type e;
      for (int k = 0; k < Count; ++k)
        for (int i = 1; i < count; ++i)
          e.points[k][i - 1] = decision_point(numbers[k * count + i - 1], numbers[k * count + i]);
      return e;
    }
  };

  template <class Executor>
  static state<owned> learn(span<const float> values, span<const float> weights,
                            span<const index_t> starts, const Executor& threads) {
    std::vector<float> best(std::size_t(Count * count));
    optimal_level_sets<count>(values, weights, starts, best, threads);
    state<owned> s;
    s.numbers.assign(best);
    return s;
  }

  /// A state of given levels: Count tables, one after the other, each of 2^Bits ascending levels.
  /// Throws bad_argument.
  static state<owned> levels(span<const float> values) {
    if (values.size() != Count * count)
      fail(errc::bad_argument, "levels",
           message(values.size(), " levels, expected ", Count, " times ", count));
    for (index_t k = 0; k < Count; ++k)
      learned_table<Bits, Number>::check_levels(values.part(k * count, count));
    state<owned> s;
    s.numbers.assign(values);
    return s;
  }
};
}  // namespace detail

/// Count tables of 2^Bits levels that every matrix has of its own; every group of values uses the
/// one that suits it best, and a selector of log2 Count bits, rounded up, beside its scale says
/// which. Stored once per matrix as "state": the tables one after the other, each ascending.
///
///   using w4 = format<learned_table_set<4, 4>, per_group<32>>;
///   learned_table_set<4, 4>::per_row        one selector for all groups of a row
///   learned_table_set<4, 4>::per_matrix     one for the matrix
///   learned_table_set<4, 4>::shared<R, C>   one for R x C groups
///   quantize<w4>(weights, given_levels{learned_table_set<4, 4>::levels(mine)});  // not learned
///
/// Ranges come first, as for `learned_table`; then the tables are learned (see
/// `optimal_level_sets`), and every group, or all groups that share a selector, get the table of
/// least squared error, weighted by importance; ties take the first.
/// What it brings: on normal data in groups of 32, 4 tables of 4 bits have 19 % less error than one
/// for 0.06 bits more per weight, 16 of them 31 % less for 0.13. With scales of few bits, as in
///   format<learned_table_set<8, 4>, two_level<16, 16, uniform<4>>>     4.50 bits
///   format<learned_table_set<16, 4>, two_level<32, 128, uniform<4>>>   4.25 bits
///   format<learned_table_set<16, 3>, two_level<16, 256, uniform<3>>>   3.44 bits
/// .0038, .0050 and .0160 of the variance of normal data are lost. Strategy: table.
template <int Count, int Bits, class Number = f16>
struct learned_table_set : detail::learned_set_base<Count, Bits, Number> {
  static constexpr auto name = detail::learned_set_name<Count, Bits, Number>;

  /// The same, and one selector for Rows x Cols groups (`whole`: all of them).
  template <int Rows, int Cols>
  struct shared : detail::learned_set_base<Count, Bits, Number> {
    using selector_number = detail::shared_selector<Count, Rows, Cols>;
    static constexpr auto name =
        detail::shared_name<Rows, Cols>(detail::learned_set_name<Count, Bits, Number>);
  };
  using per_row = shared<1, whole>;
  using per_matrix = shared<whole, whole>;
};

}  // namespace lowbit::inline LOWBIT_ABI
