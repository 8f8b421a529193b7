// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hadamard transforms of rows, as a warp program.
#pragma once
#include "hadamard/tile.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Transforms every row as `hadamard` (transforms/hadamard.hpp) does: the same signs, the same
/// additions in the same order in binary32, the same product; so that f32 results are its bits.
///
/// A warp has 1024 values in registers and adds across lanes by shuffles; larger orders and factors
/// go on in shared memory, which has all that a block of warps works on: orders of up to 57344
/// where it may have 224 KiB. Memory is read and written once, 16 bytes at a time where
/// rows are aligned to that. Any shape. Factor = the order's, so that its additions are unrolled.
template <int Factor>
struct hadamard_rows {
  static constexpr int max_warps = 8, min_blocks = 2;
  static constexpr int of_a_warp = detail::hadamard_of_a_warp;

  /// Whether warps need nothing of each other.
  LOWBIT_HD static constexpr bool in_registers(index_t block) {
    return Factor == 1 && block <= of_a_warp;
  }
  /// Values that a block of warps works on; the bytes of shared memory for them; blocks for all.
  LOWBIT_HD static constexpr index_t span_of(index_t block, int warps) {
    if (in_registers(block)) return index_t(warps) * of_a_warp;
    const index_t several = index_t(warps) * of_a_warp / block;
    return block * (several > 1 ? several : 1);
  }
  static constexpr std::size_t shared_bytes(index_t block, int warps) {
    return in_registers(block) ? 0 : std::size_t(span_of(block, warps)) * sizeof(float);
  }
  template <class In, class Out>
  static index_t blocks(const hadamard_task<In, Out>& task, int warps) {
    return ceil_div(task.rows * task.row(), span_of(task.block(), warps));
  }

  template <class Block, class In, class Out>
  LOWBIT_HD void operator()(Block& b, const hadamard_task<In, Out> task) const {
    using W = typename Block::warp;
    using values = detail::hadamard_tile<W, In, Out>;
    const index_t row = task.row(), all = task.rows * row;
    const index_t span = span_of(task.block(), b.warps()), first = b.index() * span;
    const int n = int(span < all - first ? span : all - first);
    const int log_parts = task.parts == 2 ? 1 : 0, end = log_parts + task.order.log;
    const bool once = in_registers(task.block());
    float* const shared = b.template shared<float>();

    for (int pass = 0; pass < (once ? 1 : 2); ++pass) {
      if (pass == 1) across_warps(b, task.inverse, shared, n, end);
      const bool is_last = once || pass == 1;
      b.phase([&](const W& w, int i) {
        for (int at = i * of_a_warp; at < n; at += b.warps() * of_a_warp) {
          values x(task, row, first + at, n - at);
          const bool flips = task.seed != 0 && (task.inverse ? is_last : pass == 0);
          typename W::template var<word> negative;
          if (flips) x.find_signs(w, negative, task.inverse ? task.out_cols : task.in_cols);
          if (pass == 0) {
            x.load(w);
            if (flips && !task.inverse) x.flip(w, negative);
            x.add_and_subtract(w, log_parts, end);
          } else {
            x.from_shared(w, shared + at);
          }
          if (is_last) {
            if (task.order.size() > 1) x.scale(w, task.order.norm());
            if (flips && task.inverse) x.flip(w, negative);
            x.store(w);
          } else {
            x.to_shared(w, shared + at);
          }
        }
      });
    }
  }

 private:
  /// What is left when warps have done their 1024 values: sums and differences of values further
  /// apart, and the factor.
  template <class Block>
  LOWBIT_HD static void across_warps(Block& b, bool inverse, float* shared, int n, int end) {
    using W = typename Block::warp;
    for (int bit = 10; bit < end; bit += 3)
      b.phase([&](const W& w, int i) {
        const int first = i * warp_size, step = b.warps() * warp_size;
        if (end - bit == 1)
          strided<2>(w, first, step, shared, n, bit);
        else if (end - bit == 2)
          strided<4>(w, first, step, shared, n, bit);
        else
          strided<8>(w, first, step, shared, n, bit);
      });
    if constexpr (Factor > 1)
      b.phase([&](const W& w, int i) {
        const int first = i * warp_size, step = b.warps() * warp_size;
        if (inverse)
          multiply<true>(w, first, step, shared, n, end);
        else
          multiply<false>(w, first, step, shared, n, end);
      });
  }
  /// Value i of N that lie 2^log apart, the c-th such set.
  template <int N>
  LOWBIT_HD static int number(int c, int i, int log) {
    return (((c >> log) * N + i) << log) | (c & ((1 << log) - 1));
  }

  template <int N, class W>
  LOWBIT_HD static void strided(const W& w, int first, int step, float* at, int n, int log) {
    w.lanes([&](int l) {
      for (int c = first + l; c < n / N; c += step) {
        float x[N];
        for (int i = 0; i < N; ++i) x[i] = at[number<N>(c, i, log)];
        for (int h = 1; h < N; h *= 2)
          for (int i = 0; i < N; ++i)
            if ((i & h) == 0) {
              const float low = x[i], high = x[i + h];
              x[i] = low + high;
              x[i + h] = low - high;
            }
        for (int i = 0; i < N; ++i) at[number<N>(c, i, log)] = x[i];
      }
    });
  }

  /// H_Factor, or its transposed.
  template <bool Transposed, class W>
  LOWBIT_HD static void multiply(const W& w, int first, int step, float* at, int n, int log) {
    w.lanes([&](int l) {
      for (int c = first + l; c < n / Factor; c += step) {
        arr<float, Factor> x;
        for (int i = 0; i < Factor; ++i) x[i] = at[number<Factor>(c, i, log)];
        rows<Transposed>(x, at, c, log, std::make_integer_sequence<int, Factor>{});
      }
    });
  }
  template <bool Transposed, int... I>
  LOWBIT_HD static void rows(const arr<float, Factor>& x, float* at, int c, int log,
                             std::integer_sequence<int, I...> all) {
    ((at[number<Factor>(c, I, log)] = signed_sum<signs<Transposed, I>>(x, all)), ...);
  }
  template <bool Transposed, int I>
  static constexpr std::uint64_t signs =
      Transposed ? hadamard_factor<Factor>::column(I) : hadamard_factor<Factor>::row(I);
  /// The sum in the order of columns; bit j says that x[j] is subtracted.
  template <std::uint64_t Negative, int... J>
  LOWBIT_HD static float signed_sum(const arr<float, Factor>& x, std::integer_sequence<int, J...>) {
    float sum = 0;
    ((sum = J == 0                     ? ((Negative & 1) != 0 ? -x[0] : x[0])
            : (Negative >> J & 1) != 0 ? sum - x[J]
                                       : sum + x[J]),
     ...);
    return sum;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
