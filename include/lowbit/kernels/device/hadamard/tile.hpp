// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of a Hadamard transform that a warp does by itself.
#pragma once
#include <utility>

#include "../../../core/matrix_view.hpp"
#include "../../../core/random.hpp"
#include "../../../transforms/hadamard_order.hpp"
#include "../../exec/warp.hpp"
#include "../row_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What a launch of hadamard_rows works on: `in` and `out` have `rows` rows and do not overlap.
/// Forward, out has as many columns as the transform gives (whole blocks of the order); in has at
/// most as many, zeros stand for the rest. Inverse, in has whole blocks and out at most as many
/// columns. Complex values (parts = 2) are pairs of T, counted as two columns each.
template <scalar In, scalar Out>
struct hadamard_task {
  const In* in;
  index_t in_stride, in_cols;
  Out* out;
  index_t out_stride, out_cols;
  index_t rows;
  hadamard_order order;
  std::uint64_t seed = 0;
  int parts = 1;
  bool inverse = false;

  /// Values of a block of the transform, and of the blocks of a row.
  LOWBIT_HD index_t block() const { return order.size() * parts; }
  LOWBIT_HD index_t row() const {
    return ceil_div(inverse ? in_cols : out_cols, block()) * block();
  }
};

namespace detail {

inline constexpr int hadamard_of_a_warp = 1024;

/// 1024 values in a warp, of the values of all rows in one sequence: register V j + i of lane l
/// has number 32 V j + V l + i.
template <class W, class In, class Out>
struct hadamard_tile {
  static constexpr int V = sizeof(In) == 2 || sizeof(Out) == 2 ? 8 : 4;
  static constexpr int log_v = V == 8 ? 3 : 2;
  template <class T>
  using var = typename W::template var<T>;

  LOWBIT_HD hadamard_tile(const hadamard_task<In, Out>& of, index_t row, index_t first, int count)
      : task(of), row_size(word(row)), n(count) {
    first_row = first / row;
    first_col = word(first - first_row * row);
  }

  LOWBIT_HD static int number(int lane, int r) { return r / V * 32 * V + lane * V + r % V; }
  LOWBIT_HD position place(int at) const {
    const word col = first_col + word(at), rows = col / row_size;
    return {first_row + rows, index_t(col - rows * row_size)};
  }
  LOWBIT_HD void advance(position& p) const {
    if (++p.col < index_t(row_size)) return;
    p.col = 0;
    ++p.row;
  }

  LOWBIT_HD void load(const W& w) {
    const bool whole = row_size % V == 0 && rows_are_aligned(task.in, task.in_stride);
    w.lanes([&](int l) {
      for (int j = 0; j < 32 / V; ++j) {
        const int at = number(l, j * V);
        position p = place(at);
        arr<float, V> some;
        if (whole && at + V <= n && p.col + V <= task.in_cols) {
          some = load_values<V>(task.in + p.row * task.in_stride + p.col);
        } else {
          for (int i = 0; i < V; ++i, advance(p))
            some[i] = at + i < n && p.col < task.in_cols
                          ? value_of_scalar(task.in[p.row * task.in_stride + p.col])
                          : 0;
        }
        for (int i = 0; i < V; ++i) x[l][j * V + i] = some[i];
      }
    });
  }
  LOWBIT_HD void store(const W& w) const {
    const bool whole = row_size % V == 0 && rows_are_aligned(task.out, task.out_stride);
    w.lanes([&](int l) {
      for (int j = 0; j < 32 / V; ++j) {
        const int at = number(l, j * V);
        position p = place(at);
        arr<float, V> some;
        for (int i = 0; i < V; ++i) some[i] = x[l][j * V + i];
        if (whole && at + V <= n && p.col + V <= task.out_cols) {
          store_values(task.out + p.row * task.out_stride + p.col, some);
        } else {
          for (int i = 0; i < V; ++i, advance(p))
            if (at + i < n && p.col < task.out_cols)
              task.out[p.row * task.out_stride + p.col] = scalar_of_value<Out>(some[i]);
        }
      }
    });
  }
  LOWBIT_HD void scale(const W& w, float norm) {
    w.lanes([&](int l) {
      for (int r = 0; r < 32; ++r) x[l][r] = mul_rn(x[l][r], norm);
    });
  }

  LOWBIT_HD void to_shared(const W& w, float* shared) const {
    w.lanes([&](int l) {
      for (int r = 0; r < 32; ++r)
        if (number(l, r) < n) shared[number(l, r)] = x[l][r];
    });
  }
  LOWBIT_HD void from_shared(const W& w, const float* shared) {
    w.lanes([&](int l) {
      for (int r = 0; r < 32; ++r) x[l][r] = number(l, r) < n ? shared[number(l, r)] : 0;
    });
  }

  /// Sums and differences of values whose numbers differ in bit `begin`, then in the next, below
  /// `end` and 10.
  LOWBIT_HD void add_and_subtract(const W& w, int begin, int end) {
    steps(w, begin, end, std::make_integer_sequence<int, 10>{});
  }

  /// Bit r: the seed changes the sign of register r, which is in the first `cols` of its row.
  LOWBIT_HD void find_signs(const W& w, var<word>& negative, index_t cols) const {
    const philox random{task.seed};
    const auto word_of = [&](index_t sign) {
      const arr<std::uint32_t, 4> four = random(std::uint64_t(sign) / 128);
      const int k = int(sign / 32 % 4);
      return k == 0 ? four[0] : k == 1 ? four[1] : k == 2 ? four[2] : four[3];
    };
    w.lanes([&](int l) { negative[l] = 0; });
    if (task.parts == 1 && row_size % 128 == 0) {
      // Lane 8 i + k makes word i of the signs of 128 values, number 128 k and those that follow.
      var<word> signs;
      w.lanes([&](int l) { signs[l] = word_of(place(128 * (l % 8)).col + l / 8 * 32); });
      for (int j = 0; j < 32 / V; ++j) {
        const auto mine = w.shuffle(signs, [=](int lane) {
          const int at = number(lane, j * V);
          return at / 128 + at % 128 / 32 * 8;
        });
        w.lanes([&](int l) {
          const int at = number(l, j * V);
          const index_t known = cols - place(at).col;
          const word valid = known >= V ? (1 << V) - 1 : known > 0 ? (1 << int(known)) - 1 : 0;
          negative[l] |= (mine[l] >> (at % 32) & valid) << (j * V);
        });
      }
    } else {
      w.lanes([&](int l) {
        for (int r = 0; r < 32; ++r) {
          const index_t col = place(number(l, r)).col, i = task.parts == 2 ? col / 2 : col;
          if (col < cols) negative[l] |= (word_of(i) >> (i % 32) & 1) << r;
        }
      });
    }
  }
  LOWBIT_HD void flip(const W& w, const var<word>& negative) {
    w.lanes([&](int l) {
      for (int r = 0; r < 32; ++r)
        x[l][r] = bits_as<float>(bits_as<word>(x[l][r]) ^ (negative[l] >> r & 1) << 31);
    });
  }

 private:
  template <int... Bit>
  LOWBIT_HD void steps(const W& w, int begin, int end, std::integer_sequence<int, Bit...>) {
    ((Bit >= begin && Bit < end ? step<Bit>(w) : void()), ...);
  }
  template <int Bit>
  LOWBIT_HD void step(const W& w) {
    if constexpr (Bit >= log_v && Bit < log_v + 5) {
      constexpr int mask = 1 << (Bit - log_v);
      for (int r = 0; r < 32; ++r) {
        var<float> mine;
        w.lanes([&](int l) { mine[l] = x[l][r]; });
        const var<float> other = shuffle_xor(w, mine, mask);
        w.lanes([&](int l) {
          x[l][r] = (l & mask) != 0 ? other[l] - mine[l] : mine[l] + other[l];
        });
      }
    } else {
      constexpr int distance = Bit < log_v ? 1 << Bit : 1 << (Bit - 5);
      w.lanes([&](int l) {
        for (int r = 0; r < 32; ++r)
          if ((r & distance) == 0) {
            const float low = x[l][r], high = x[l][r + distance];
            x[l][r] = low + high;
            x[l][r + distance] = low - high;
          }
      });
    }
  }

  const hadamard_task<In, Out>& task;
  index_t first_row;
  const word row_size;
  word first_col;
  const int n;
  var<arr<float, 32>> x;
};

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
