// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The search behind learned codebooks: which of many vectors is nearest to a given one.
#pragma once
#include <utility>
#include <vector>

#include "../core/arith.hpp"
#include "../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Vectors c_k of Width floats, stored for one question: the scores |c_k|^2 / 2 - c_k . x, which
/// order them by their distance from x: |c_k - x|^2 = 2 score_k + |x|^2.
///
/// Scores are binary64, where every product of two floats is exact. A compiler may therefore fuse
/// products and sums or not: the bits are the same. The order of two distances is right unless they
/// differ by less than some 2^-50 (|c|^2 + |c . x|); ties are exact where the sums are.
/// Memory: Width + 1 doubles per vector, in tiles of 8 that compilers vectorise.
template <int Width>
class vector_scores {
 public:
  static constexpr int tile = 8;

  vector_scores() = default;
  /// `vectors` holds them one after the other.
  explicit vector_scores(span<const float> vectors)
      : count_(vectors.size() / Width),
        tiles_(std::size_t(ceil_div(count_, tile) * rows * tile), 0.0) {
    for (index_t k = 0; k < ceil_div(count_, tile) * tile; ++k) {
      double* const at = tiles_.data() + k / tile * rows * tile + k % tile;
      if (k >= count_) {
        *at = __builtin_inf();  // fills up the last tile, never nearest
        continue;
      }
      double square = 0;
      for (int i = 0; i < Width; ++i) {
        const double c = vectors[k * Width + i];
        at[(i + 1) * tile] = c;
        square += c * c;
      }
      *at = square / 2;
    }
  }

  index_t size() const { return count_; }
  index_t tiles() const { return ceil_div(count_, tile); }

  /// The scores of vectors tile * t .. tile * t + 7.
  void score(index_t t, const float* x, double* out) const {
    score(t, x, out, std::make_integer_sequence<int, Width>());
  }

  struct match {
    index_t index = 0;
    double score = __builtin_inf();
  };
  /// The nearest vector, of equally near ones the first. Cost: size() * Width products.
  match nearest(const float* x) const {
    match best;
    for (index_t t = 0; t < tiles(); ++t) {
      double s[tile];
      score(t, x, s);
      const double low = least(s);
      if (low < best.score) {
        int i = 0;
        while (s[i] != low) ++i;
        best = {t * tile + i, low};
      }
    }
    return best;
  }

 private:
  static constexpr int rows = Width + 1;

  template <int... I>
  void score(index_t t, const float* x, double* out, std::integer_sequence<int, I...>) const {
    const double* const p = tiles_.data() + t * rows * tile;
    for (int k = 0; k < tile; ++k) {
      double s = p[k];
      ((s -= double(x[I]) * p[(I + 1) * tile + k]), ...);
      out[k] = s;
    }
  }
  static double least(const double* s) {
    double half[tile / 2];
    for (int k = 0; k < tile / 2; ++k) half[k] = s[k] < s[k + tile / 2] ? s[k] : s[k + tile / 2];
    double low = half[0];
    for (int k = 1; k < tile / 2; ++k) low = half[k] < low ? half[k] : low;
    return low;
  }

  index_t count_ = 0;
  std::vector<double> tiles_;
};

}  // namespace lowbit::inline LOWBIT_ABI
