// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What criteria share: scores, the choice of the best, and the contract.
#pragma once
#include <vector>

#include "../../core/sort_stably.hpp"
#include "../../importance.hpp"
#include "../none.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Chooses elements: `pick(matrix, importance or null)` returns their positions, in any order.
template <class C, class V>
concept element_criterion = requires(const C& c, matrix_view<const V> m, const importance* w) {
  { c.pick(m, w) } -> std::same_as<std::vector<position>>;
};
/// Chooses whole columns: `pick_columns(matrix, importance or null)`.
template <class C, class V>
concept column_criterion = requires(const C& c, matrix_view<const V> m, const importance* w) {
  { c.pick_columns(m, w) } -> std::same_as<std::vector<index_t>>;
};

/// Where candidates compete: in the whole matrix, or each row for itself.
enum class outlier_scope { matrix, row };

namespace detail {

/// Importance times |x|^2. The square is exact in binary64, the product with the importance is not.
LOWBIT_HD inline double energy(float x, float weight) {
  return mul_rn(double(x) * double(x), double(weight));
}
LOWBIT_HD inline double energy(complex32 x, float weight) {
  return mul_rn(double(x.re) * double(x.re) + double(x.im) * double(x.im), double(weight));
}

/// The n-th best of some scores, 0 < n <= their number: found digit by digit of eight bits, the
/// uppermost first. -0 counts as 0.
inline double nth_best(const std::vector<double>& scores, index_t n) {
  constexpr std::uint64_t sign = std::uint64_t(1) << 63;
  std::uint64_t found = 0, known = 0;
  for (int shift = 56; shift >= 0; shift -= 8) {
    index_t count[256] = {};
    for (const double score : scores) {
      const auto bits = bits_as<std::uint64_t>(score + 0.);
      const std::uint64_t ordered = (bits & sign) != 0 ? ~bits : bits | sign;
      if ((ordered & known) == found) ++count[ordered >> shift & 255];
    }
    int digit = 255;
    for (; count[digit] < n; --digit) n -= count[digit];
    found |= std::uint64_t(digit) << shift;
    known |= std::uint64_t(255) << shift;
  }
  return bits_as<double>((found & sign) != 0 ? found & ~sign : ~found);
}

/// The places of the `count` best scores, ascending; of equal ones the earlier. (A template, as is
/// `checked`: who calls none of them does not compile them.)
template <class Index>
std::vector<Index> best_places(const std::vector<double>& scores, Index count) {
  const Index n = Index(scores.size());
  std::vector<Index> places;
  if (n == 0 || count == 0) return places;
  count = min_of(count, n);
  places.reserve(std::size_t(count));
  const double last = nth_best(scores, count);
  Index equals = count;
  for (const double score : scores) equals -= score > last;
  for (Index i = 0; i < n; ++i) {
    const double score = scores[std::size_t(i)];
    if (score > last || (score == last && equals-- > 0)) places.push_back(i);
  }
  return places;
}

/// The best `count(n)` of the n elements of the matrix, or of each row.
template <class Score, class Count>
std::vector<position> best_elements(extent shape, outlier_scope scope, Score score, Count count) {
  const index_t run = scope == outlier_scope::row ? 1 : shape.rows;
  std::vector<position> kept;
  std::vector<double> scores;
  for (index_t first = 0; first < shape.rows; first += run) {
    scores.clear();
    for (index_t r = first; r < first + run; ++r)
      for (index_t c = 0; c < shape.cols; ++c) scores.push_back(score(r, c));
    for (const index_t i : best_places(scores, count(index_t(scores.size()))))
      kept.push_back({first + i / shape.cols, i % shape.cols});
  }
  return kept;
}

/// fraction * n rounded down, where a product that only rounding keeps below an integer counts as
/// that integer (0.29 of 100 is 29).
inline index_t share_of(double fraction, index_t n) {
  return index_t(mul_rn(mul_rn(fraction, double(n)), 1 + 1e-12));
}
inline void check_fraction(const char* who, double fraction) {
  if (!(fraction >= 0 && fraction <= 1))
    fail(errc::bad_argument, who, message("fraction ", fraction, ", expected 0 to 1"));
}
inline void check_shape(const char* who, extent found, extent expected) {
  if (!(found == expected))
    fail(errc::shape_mismatch, who,
         message(found.rows, " x ", found.cols, ", expected the ", expected.rows, " x ",
                 expected.cols, " of the matrix"));
}

/// What a criterion chose, sorted row by row; every position once and inside the matrix.
template <class Position>
std::vector<Position> checked(std::vector<Position> kept, extent e) {
  sort_stably(kept, [](const Position& a, const Position& b) {
    return a.row != b.row ? a.row < b.row : a.col < b.col;
  });
  std::size_t n = 0;
  for (const Position& p : kept)
    if (n == 0 || !(p == kept[n - 1])) kept[n++] = p;
  kept.resize(n);
  for (const Position& p : kept)
    if (p.row < 0 || p.row >= e.rows || p.col < 0 || p.col >= e.cols)
      fail(errc::out_of_range, "outlier_criterion",
           message("chose (", p.row, ", ", p.col, ") of a matrix of ", e.rows, " x ", e.cols));
  return kept;
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
