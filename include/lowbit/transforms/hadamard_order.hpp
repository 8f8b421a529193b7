// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/arith.hpp"
#include "../core/arr.hpp"
#include "../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The order of a Hadamard matrix H_factor (x) H_2^log: factor 1, 12, 20, 28 or 36, so every power
/// of two and 12, 20, 28, 36, 40, 56 ... times one.
struct hadamard_order {
  int factor = 1;
  int log = 0;

  /// Of n values; factor 0 where there is no such matrix.
  LOWBIT_HD static constexpr hadamard_order of(index_t n) {
    if (n <= 0) return {0, 0};
    int log = 0;
    while (n % 2 == 0) n /= 2, ++log;
    if (n == 1) return {1, log};
    return n <= 9 && log >= 2 ? hadamard_order{int(4 * n), log - 2} : hadamard_order{0, 0};
  }
  LOWBIT_HD constexpr index_t size() const { return index_t(factor) << log; }

  /// 1 / sqrt(size()): exact, or one rounded constant times a power of two.
  LOWBIT_HD constexpr float norm() const {
    // 1 / sqrt(m) and 1 / sqrt(2 m) of m = 1, 3, 5, 7, 9.
    const bool odd = log % 2 != 0;
    float root = odd ? 0.70710678118654752f : 1.0f;
    if (factor == 12) root = odd ? 0.40824829046386302f : 0.57735026918962576f;
    if (factor == 20) root = odd ? 0.31622776601683793f : 0.44721359549995794f;
    if (factor == 28) root = odd ? 0.26726124191242438f : 0.37796447300922723f;
    if (factor == 36) root = odd ? 0.23570226039551584f : 0.33333333333333333f;
    return root * exp2_int(-(log / 2) - (factor > 1 ? 1 : 0));
  }
};

/// The matrix H_M of the factor M. 12 and 20 are Paley's first construction (I + S, with the
/// quadratic residues of 11 and 19), 28 and 36 his second (of 13 and 17; symmetric).
template <int M>
struct hadamard_factor {
  static_assert(M == 12 || M == 20 || M == 28 || M == 36);

  /// Whether the entry of a row and a column is -1; the others are 1.
  static constexpr bool is_negative(int row, int column) {
    if constexpr (M == 12 || M == 20) {
      if (row == 0) return false;
      if (column == 0) return true;
      return row != column && residue(M - 1, row - column) < 0;
    } else {
      // Blocks of two rows and columns: a conference matrix C, C (x) [1 1; 1 -1] + I (x) [1 -1; -1
      // -1].
      const int r = row / 2, c = column / 2, in = row % 2 + column % 2;
      if (r == c) return in > 0;
      const bool negative = r > 0 && c > 0 && residue(M / 2 - 1, r - c) < 0;
      return negative != (in == 2);
    }
  }
  /// Bit j: the entry of that row and column j is -1; and the same of the transposed matrix.
  static constexpr std::uint64_t row(int i) {
    std::uint64_t bits = 0;
    for (int j = 0; j < M; ++j) bits |= std::uint64_t(is_negative(i, j)) << j;
    return bits;
  }
  static constexpr std::uint64_t column(int i) {
    std::uint64_t bits = 0;
    for (int j = 0; j < M; ++j) bits |= std::uint64_t(is_negative(j, i)) << j;
    return bits;
  }

 private:
  /// 1 for a square modulo q other than 0, -1 for what is none.
  static constexpr int residue(int q, int a) {
    a = (a % q + q) % q;
    for (int x = 1; x < q; ++x)
      if (x * x % q == a) return 1;
    return a == 0 ? 0 : -1;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
