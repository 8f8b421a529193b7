// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activations as tensor cores take them: the columns of the right operand, in the order in which
// the lanes of a warp read them.
#pragma once
#include "../../packing/mma16.hpp"
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

struct alignas(8) float_pair : arr<float, 2> {};

/// Columns of B for blocks of mma16: [piece][column][t] of 16 bytes, which hold the codes
/// 4 t .. 4 t + 3 of `Units` neighbouring units, unit after unit. A row of codes has 8 / Units
/// pieces for each block; what fills up the last block is zero.
///
///     word 4 ((piece columns + column) 4 + t) + (4 / Units) (unit % Units) ..,
///     piece = block 8 / Units + unit / Units
template <int Units>
struct fragment_columns {
  static constexpr int units = Units, pieces_of_block = 8 / Units;

  const word* fragments = nullptr;
  const float* sums = nullptr;  // [run][stride]: of a column's elements in a run; null: not needed
  int columns = 0;
  int stride = 0;  // columns, rounded up to 8

  LOWBIT_HD static constexpr index_t words(index_t row_codes, int columns) {
    return mma16::blocks(row_codes) * pieces_of_block * columns * 16;
  }
  /// The word where 4 of a lane begin. There are fewer than 2^32 / 4 pieces of columns:
  /// 32 gigabytes of activations.
  LOWBIT_HD std::size_t place(int piece, int column, int t) const {
    return std::size_t((word(piece) * word(columns) + word(column)) * 4 + word(t)) * 4;
  }
  LOWBIT_HD const word* at(int piece, int column, int t) const {
    return fragments + place(piece, column, t);
  }
  /// Pieces first, first + 1, ... of a column.
  struct cursor_type {
    const word* first;
    int step;
    LOWBIT_HD words4 operator[](int i) const { return load4(first + i * step); }
    LOWBIT_HD words4 inside(int i) const { return (*this)[i]; }
  };
  LOWBIT_HD cursor_type cursor(int first, int column, int t) const {
    return {at(first, column, t), columns * 16};
  }
  /// Whether pieces of a block, from `first` on, may be read by cursor_type::inside.
  LOWBIT_HD static constexpr bool is_whole(int) { return true; }
  /// Of column and column + 1; an even one.
  LOWBIT_HD arr<float, 2> sums_of(int run, int column) const {
    return *reinterpret_cast<const float_pair*>(sums + run * stride + column);
  }
};

/// f16, two columns for each token or one (`parts`): the value is
/// factor * (first + second / 2^11).
///
/// Where codes are vectors of `dim` values (4, 8 or 16) a block has as many units for every unit of
/// numbers: those of code i of all quads, four values of each after another. So the lane that
/// decodes a vector has its values' columns: unit (4 u + i) dim / 4 + j holds, for t = 0 .. 3, the
/// columns dim (16 u + 4 t + i) + 4 j .. + 3.
///
/// Products that multiply from shared memory take numbers in another order: [block][group of
/// columns][unit][h][column of the group] of 16 bytes, which hold the codes 4 t + 2 h and
/// 4 t + 2 h + 1 of the unit for t = 0 .. 3. `stride` is a multiple of a group then, and all of it
/// has room.
struct half_columns : fragment_columns<2> {
  int group = 0;                   // columns of a group in the second order; 0: the first order
  const float* factors = nullptr;  // [token]
  int parts = 1;                   // columns = tokens * parts
  int dim = 1;                     // columns of a code

  /// How many columns there are room for: whole blocks of codes.
  LOWBIT_HD static constexpr index_t padded(index_t cols, int dim) {
    return mma16::blocks(ceil_div(cols, dim)) * 128 * dim;
  }
  /// Where four neighbouring columns of a row lie, from 4 `quad` on.
  struct quad_place {
    int unit, t;
  };
  LOWBIT_HD quad_place place_of(int quad) const {
    if (dim == 1) return {quad / 4, quad % 4};
    const int quads = dim / 4, code = quad / quads;
    return {(code / 16 * 4 + code % 4) * quads + quad % quads, code / 4 % 4};
  }
  /// A block of the group that `column` belongs to, all in a row: 256 bytes for each column of it.
  LOWBIT_HD const word* group_at(int block, int column) const {
    return fragments + (std::size_t(word(block) * word(stride)) +
                        std::size_t(word(column / group) * word(group))) * 64;
  }
  /// The codes 4 t + 2 h and 4 t + 2 h + 1 of a unit, in either order.
  LOWBIT_HD const word* pair_at(int unit, int column, int t, int h) const {
    return group > 0 ? group_at(unit / 8, column) +
                           ((unit % 8 * 2 + h) * group + column % group) * 4 + t
                     : at(unit / 2, column, t) + unit % 2 * 2 + h;
  }
};

/// f16 as the caller has it, in rows: the pieces of half_columns are picked out of them, `Dim`
/// columns for each code. No kernel needs to prepare anything. Rows begin at multiples of 8 bytes,
/// and there are whole quads of columns.
template <int Dim>
struct half_rows {
  static constexpr int units = 2, parts = 1;
  static constexpr const float* factors = nullptr;
  const float16* data = nullptr;
  index_t stride = 0;
  int cols = 0;
  int columns = 0;  // tokens

  template <class Rows>
  static bool fits(const Rows& x) {
    return bits_as<std::uintptr_t>(x.data) % 8 == 0 && x.stride % 4 == 0 && x.cols % 4 == 0;
  }
  /// The first of the four columns that lane part t = 0 has of a unit, in the block of unit 0.
  LOWBIT_HD static constexpr int first_of(int unit) {
    if (Dim == 1) return 16 * unit;
    constexpr int quads = Dim < 4 ? 1 : Dim / 4;
    return (unit / (4 * quads) * 16 + unit / quads % 4) * Dim + unit % quads * 4;
  }
  struct cursor_type {
    const float16* first;
    int left;  // columns from there to the end of the row
    LOWBIT_HD words4 operator[](int i) const { return piece(i, left); }
    /// Of blocks that end within the row: with no question for each quad.
    LOWBIT_HD words4 inside(int i) const { return piece(i, 128 * Dim); }

   private:
    LOWBIT_HD words4 piece(int i, int end) const {
      words4 w{};
      LOWBIT_UNROLL for (int k = 0; k < 2; ++k) {
        const int c = first_of(2 * i + k);
        if (c >= end) continue;
        const auto two = bits_as<arr<word, 2>>(load_cached<std::uint64_t>(first + c));
        w[2 * k] = two[0];
        w[2 * k + 1] = two[1];
      }
      return w;
    }
  };
  LOWBIT_HD bool is_whole(int first) const { return 32 * first + 128 * Dim <= cols; }
  /// `first` begins a block of codes.
  LOWBIT_HD cursor_type cursor(int first, int column, int t) const {
    const int c = 32 * first + 4 * t * Dim;
    return {data + column * stride + c, cols - c};
  }
};

/// int8 levels in the bytes' order of mma16 (0, 2, 1, 3); a column is a token.
struct byte_columns : fragment_columns<4> {
  const float* scales = nullptr;     // [group of the activations][stride]
  int width = 1, groups = 1;         // codes in such a group; groups of a row
  LOWBIT_HD arr<float, 2> scales_of(int code, int column) const {
    const int group = code / width < groups ? code / width : groups - 1;
    return *reinterpret_cast<const float_pair*>(scales + group * stride + column);
  }
  static constexpr int parts = 1;
  static constexpr const float* factors = nullptr;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
