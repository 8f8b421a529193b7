// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "int8_levels.hpp"
#include "tile_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Codes of a codebook as int8 levels for tiled products. A code that picks from several tables is
/// several codes of the same columns: activations are repeated, and all levels share a unit, so
/// that the sum of a run stays one exact integer.
///
/// Instruction sets that look bytes up in registers take the levels of many codes plane by plane:
/// the first value of every entry, then the second ...; a quad of the tile then holds one plane of
/// four codes, and activations are reordered to match (4 dim columns at a time, which therefore
/// have to share their scales). Else a quad is four neighbouring columns of one entry.
template <class View>
class entry_levels {
 public:
  using P = typename View::plane_type;
  using Q = typename P::quantizer_type;
  using reader = tile_reader<View>;
  using tables = entry_tables<Q>;
  static constexpr int dim = P::dim, count = tables::count;
  /// Columns whose levels are written at a time: whole runs and whole blocks of codes.
  static constexpr index_t piece = 32 * dim > 512 ? 32 * dim : 512;
  /// Columns of the longest run: the sum of 512 products is exact in binary32.
  static constexpr index_t most_run = count == 1 ? 512 : count == 2 ? 256 : 128;
  static_assert(count <= 4, "lowbit: a code picks from at most four tables");
  static constexpr index_t tile_bytes = row_ops::tile_rows * piece * count;

  /// Sums are taken over runs of so many columns.
  entry_levels(const row_ops& ops, index_t run)
      : ops_(ops), by_planes_(run % (4 * dim) == 0 && looked_up(ops)) {}

  /// Memory that all tasks share.
  void take(detail::carver& memory, const int8_rows& x) {
    stride_ = ceil_div(x.stride, 4 * dim) * 4 * dim * count;
    planes_ = memory.take<std::int8_t>(by_planes_ ? 256 * dim * count : 0);
    levels_ = memory.take<std::int8_t>(x.rows() * stride_);
  }
  /// `table` stays where it is while this is used.
  void fill(const int8_table_for<Q>& table, const int8_rows& x) {
    table_ = table.values;
    for (int t = 0; by_planes_ && t < count; ++t)
      for (index_t e = 0; e >> tables::bits(t) == 0; ++e)
        for (int j = 0; j < dim; ++j)
          planes_[256 * (t * dim + j) + e] = table_[(tables::offset(t) + e) * dim + j];
    for (index_t t = 0; t < x.rows(); ++t)
      arrange(x.levels + t * x.stride, x.stride, levels_ + t * stride_);
  }

  /// Activations as the tiles want them, and how far apart tokens are.
  const std::int8_t* levels() const { return levels_; }
  index_t stride() const { return stride_; }
  /// Quads of a tile that n columns of weights become.
  index_t quads(index_t n) const {
    return by_planes_ ? ceil_div(n, 4 * dim) * dim * count : ceil_div(n, 4) * count;
  }

  /// The levels of columns c .. c + n - 1, n <= piece.
  void read(const reader& tiles, index_t r, index_t rows, index_t c, index_t n,
            const typename reader::memory& m, std::uint8_t* out) const {
    const auto codes = tiles.read_code_tiles(r, rows, c, n, m);
    const index_t blocks = ceil_div(n, 32 * dim);
    [&]<int... T>(std::integer_sequence<int, T...>) { (read_table<T>(codes, blocks, out), ...); }
    (std::make_integer_sequence<int, count>{});
  }

 private:
  static bool looked_up(const row_ops& ops) {
    for (int t = 0; t < count; ++t)
      if (tables::bits(t) > ops.register_bits) return false;
    return true;
  }

  void arrange(const std::int8_t* x, index_t n, std::int8_t* out) const {
    if (by_planes_) {
      for (index_t c = 0; c < n; c += 4 * dim)
        for (int t = 0; t < count; ++t)
          for (index_t j = 0; j < dim; ++j)
            for (index_t k = 0; k < 4; ++k) {
              const index_t at = c + k * dim + j;
              *out++ = at < n ? x[at] : std::int8_t(0);
            }
    } else {
      for (index_t c = 0; c < n; c += 4)
        for (int t = 0; t < count; ++t, out += 4) __builtin_memcpy(out, x + c, 4);
    }
  }

  template <int T>
  void read_table(const typename reader::code_tiles& codes, index_t blocks,
                  std::uint8_t* out) const {
    constexpr int low = reader::code_tiles::low_bits, high = reader::code_tiles::high_bits;
    constexpr int first = tables::first_bit(T), bits = tables::bits(T);
    if constexpr (bits <= 8)
      if (by_planes_)
        return read_planes<low, high, first, bits, dim>(ops_.target)(
            codes.low, codes.high, blocks, planes_ + 256 * dim * T, dim * count,
            out + 64 * dim * T);
    read_entries<low, high, first, bits, dim / 4>(ops_.target)(
        codes.low, codes.high, blocks, table_ + tables::offset(T) * dim, count, out + 64 * T);
  }

  const row_ops& ops_;
  bool by_planes_;
  index_t stride_ = 0;
  std::int8_t* planes_ = nullptr;  // [table][value of an entry][entry]
  std::int8_t* levels_ = nullptr;
  const std::int8_t* table_ = nullptr;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
