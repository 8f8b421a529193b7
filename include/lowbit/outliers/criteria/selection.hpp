// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What criteria share: scores, the choice of the best, and the contract.
#pragma once
#include <algorithm>
#include <vector>

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

struct scored {
  double score;
  position at;
};

/// The positions of the `count` best scores; of equal ones the earlier, row by row. (A template, as
/// is `checked`: who calls none of them does not compile their sorting.)
template <class Scored>
std::vector<position> best_of_all(std::vector<Scored> all, index_t count) {
  const auto better = [](const Scored& a, const Scored& b) {
    if (a.score != b.score) return a.score > b.score;
    return a.at.row != b.at.row ? a.at.row < b.at.row : a.at.col < b.at.col;
  };
  const auto n = std::min<std::size_t>(std::size_t(count), all.size());
  std::nth_element(all.begin(), all.begin() + std::ptrdiff_t(n), all.end(), better);
  std::vector<position> kept;
  kept.reserve(n);
  for (std::size_t i = 0; i < n; ++i) kept.push_back(all[i].at);
  return kept;
}

/// The best `count(n)` of the n elements of the matrix, or of each row.
template <class Score, class Count>
std::vector<position> best_elements(extent shape, outlier_scope scope, Score score, Count count) {
  const index_t run = scope == outlier_scope::row ? 1 : shape.rows;
  std::vector<position> kept;
  for (index_t first = 0; first < shape.rows; first += run) {
    std::vector<scored> all;
    all.reserve(std::size_t(run * shape.cols));
    for (index_t r = first; r < first + run; ++r)
      for (index_t c = 0; c < shape.cols; ++c) all.push_back({score(r, c), {r, c}});
    const index_t n = count(index_t(all.size()));
    for (const position& p : best_of_all(std::move(all), n)) kept.push_back(p);
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
  std::sort(kept.begin(), kept.end(),
            [](Position a, Position b) { return a.row != b.row ? a.row < b.row : a.col < b.col; });
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  for (const Position& p : kept)
    if (p.row < 0 || p.row >= e.rows || p.col < 0 || p.col >= e.cols)
      fail(errc::out_of_range, "outlier_criterion",
           message("chose (", p.row, ", ", p.col, ") of a matrix of ", e.rows, " x ", e.cols));
  return kept;
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
