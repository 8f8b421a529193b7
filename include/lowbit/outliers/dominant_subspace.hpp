// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/arith.hpp"
#include "../core/matrix_view.hpp"
#include "../core/random.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// M ~ sum over k of left_k right_k^T; vector k of the left starts at k * rows, of the right at
/// k * cols.
struct thin_factors {
  std::vector<double> left, right;
};

inline double dot_rn(const double* a, const double* b, index_t n) {
  double sum = 0;
  for (index_t i = 0; i < n; ++i) sum += mul_rn(a[i], b[i]);
  return sum;
}

/// Makes `count` vectors of length n orthonormal (Gram-Schmidt, twice each, which is enough); those
/// that depend on earlier ones become 0.
inline void orthonormalize(std::vector<double>& vectors, index_t count, index_t n) {
  for (index_t k = 0; k < count; ++k) {
    double* const v = vectors.data() + k * n;
    const double before = dot_rn(v, v, n);
    for (int pass = 0; pass < 2; ++pass)
      for (index_t j = 0; j < k; ++j) {
        const double* const u = vectors.data() + j * n;
        const double along = dot_rn(u, v, n);
        for (index_t i = 0; i < n; ++i) v[i] -= mul_rn(along, u[i]);
      }
    const double after = dot_rn(v, v, n);
    const double length = after > before * 1e-20 ? __builtin_sqrt(after) : 0;
    for (index_t i = 0; i < n; ++i) v[i] = length > 0 ? v[i] / length : 0;
  }
}

/// 2^(half the binary exponent of x), 1 for 0.
inline double root_scale(double x) {
  const int biased = int(bits_as<std::uint64_t>(x) >> 52 & 2047);
  const int half = biased == 0 ? 0 : (biased - 1023) / 2;
  return bits_as<double>(std::uint64_t(half + 1023) << 52);
}

/// The projection of M on the subspace of its `rank` largest singular values, found by subspace
/// iteration from a fixed random start: 12 rounds of 4 rows cols rank operations. Every sum has one
/// order and no product is fused, so that the bits are the same everywhere. Both vectors of a pair
/// have about the same length.
inline thin_factors dominant_factors(matrix_view<const float> m, index_t rank) {
  const index_t rows = m.rows(), cols = m.cols();
  thin_factors f;
  f.left.resize(std::size_t(rank * rows));
  f.right.resize(std::size_t(rank * cols));
  const philox random{0};
  for (std::size_t i = 0; i < f.right.size(); ++i) f.right[i] = double(random.uniform(i)) - 0.5;

  constexpr int rounds = 12;
  for (int round = 0; round < rounds; ++round) {
    orthonormalize(f.right, rank, cols);
    for (index_t k = 0; k < rank; ++k)
      for (index_t r = 0; r < rows; ++r) {
        const double* const v = f.right.data() + k * cols;
        double sum = 0;
        for (index_t c = 0; c < cols; ++c) sum += mul_rn(double(m(r, c)), v[c]);
        f.left[std::size_t(k * rows + r)] = sum;
      }
    orthonormalize(f.left, rank, rows);
    for (index_t k = 0; k < rank; ++k) {
      double* const v = f.right.data() + k * cols;
      for (index_t c = 0; c < cols; ++c) v[c] = 0;
      for (index_t r = 0; r < rows; ++r) {
        const double u = f.left[std::size_t(k * rows + r)];
        for (index_t c = 0; c < cols; ++c) v[c] += mul_rn(u, double(m(r, c)));
      }
    }
  }
  // The left is orthonormal and the right M^T left: a power of two balances them exactly.
  for (index_t k = 0; k < rank; ++k) {
    double* const v = f.right.data() + k * cols;
    const double scale = root_scale(__builtin_sqrt(dot_rn(v, v, cols)));
    for (index_t r = 0; r < rows; ++r) f.left[std::size_t(k * rows + r)] *= scale;
    for (index_t c = 0; c < cols; ++c) v[c] /= scale;
  }
  return f;
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
