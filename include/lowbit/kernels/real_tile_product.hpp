// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "results.hpp"
#include "tile_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Equal steps whose level times a scale plus a minimum is one multiply-add of the code.
template <class Q>
inline constexpr bool adds_minima_exactly = [] {
  if constexpr (!std::same_as<strategy_of<Q>, affine_codes>)
    return false;
  else if constexpr (has_zero<Q> && zero_of<Q> != zero_kind::integer)
    return Q::slope == 1 && Q::intercept == 0;
  else
    return true;
}();
/// Formats whose real products run on tiles: levels in a table or equal steps, one scale for whole
/// quads.
template <class F>
inline constexpr bool has_tile_values = [] {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  return small_table<Q> && scales_of<Q> == 1 && !scales_columns<G> && G::block_cols % 4 == 0 &&
         std::same_as<typename F::value_type, float>;
}();

/// How kernels find the levels of a code set.
template <class Q>
inline constexpr level_kind kind_of_levels = [] {
  if constexpr (Q::bits <= 4) return level_kind::table16;
  if constexpr (adds_minima_exactly<Q>) return level_kind::codes;
  if constexpr (small_fields<Q>)
    if (Q::is_signed && Q::bits == 1 + Q::exponent_bits + Q::mantissa_bits &&
        Q::exponent_bits <= 5 && Q::bias == (1 << Q::exponent_bits >> 1) - 1)
      return fields_of(Q::bits, Q::exponent_bits);
  if constexpr (tabulated<Q>) {
    std::uint32_t all = 0;
    for (const float level : levels_of<Q>.items) all |= bits_as<std::uint32_t>(level);
    if ((all & 0xffff) == 0) return level_kind::table256_upper;
  }
  return level_kind::table256;
}();

/// A product with real activations, tile by tile: for a few tokens levels are found in registers
/// and multiplied at once, for many they are written out first, in pieces that stay in the first
/// cache. Scales meet the sums of runs, except where a minimum is added to every value.
template <class View>
class real_tile_product {
 public:
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  using rows_type = real_rows;
  using reader = tile_reader<View>;
  static constexpr index_t tile_rows = row_ops::tile_rows, chunk = chunk_cols;
  static constexpr index_t most_run = 128;  // columns summed before a scale: bounds the error
  static constexpr index_t many_tokens = 8;
  static constexpr index_t piece = 256;  // columns
  static constexpr level_kind kind = kind_of_levels<Q>;
  static constexpr bool affine = kind == level_kind::codes;
  static constexpr bool wide = !affine && kind != level_kind::table16;
  static constexpr bool shifted = has_zero<Q> || affine;
  /// For kernel_name.
  static constexpr auto name() {
    constexpr auto start = "real_tiles<" + number_text<Q::bits>();
    if constexpr (affine)
      return start + ",codes>";
    else if constexpr (is_fields(kind))
      return start + ",field>";
    else
      return start + ",table>";
  }

  real_tile_product(const row_ops& ops, const View& w, const real_rows& x, result_rows y,
                    update factors)
      : ops_(ops),
        w_(w),
        x_(x),
        results_(w, y, factors, &ops),
        tiles_(ops, w, most_run, w.cols()),
        table_(w.main.stored_levels()) {}

  static index_t block_rows(index_t) { return tile_rows; }

  void take_shared(detail::carver& memory, bool fill) {
    results_.take(memory, x_.tokens);
    group_ = memory.take<std::int32_t>(tiles_.runs());
    planes_ = memory.take<std::int8_t>(wide ? 4 * 256 : 0);
    if (!fill) return;
    tiles_.list_groups(group_);
    if constexpr (wide)
      for (int c = 0; c < 256; ++c)
        for (int p = 0; p < 4; ++p)
          planes_[256 * p + c] =
              std::int8_t(bits_as<std::uint32_t>(table_.data()[c]) >> (24 - 8 * p));
  }
  struct task_memory {
    typename reader::memory tile;
    float* factors;  // what levels are multiplied by and increased by, where needed
    float* shifts;
    float* values;  // of a piece, for many tokens
    float* sums;
  };
  task_memory take_task(detail::carver& memory) const {
    task_memory m{tiles_.take(memory), nullptr, nullptr, nullptr, nullptr};
    m.factors = memory.take<float>(params_room());
    m.shifts = memory.take<float>(params_room());
    m.values = memory.take<float>(x_.tokens >= many_tokens ? tile_rows * piece : 0);
    m.sums = memory.take<float>(tile_rows * x_.tokens);
    return m;
  }
  void prepare_outliers(const real_rows& values) { results_.prepare(values); }

  void run_rows(index_t first, index_t last, const task_memory& m) const {
    const float_mode_guard mode;
    for (index_t i = 0; i < params_room(); ++i) {
      m.factors[i] = slope;
      m.shifts[i] = intercept;
    }
    for (index_t r = first; r < last; r += tile_rows) {
      const index_t rows = min_of(tile_rows, last - r);
      for (index_t i = 0; i < tile_rows * x_.tokens; ++i) m.sums[i] = 0;
      results_.fetch(r, rows);
      add_rows(r, rows, m);
      results_.write(r, rows, x_.tokens, m.sums, tile_rows);
    }
  }
  /// Adds the products of a tile of rows to m.sums.
  void add_rows(index_t r, index_t rows, const task_memory& m) const {
    for (index_t c = 0; c < w_.cols(); c += tiles_.span()) multiply(r, rows, c, m);
  }

 private:
  static constexpr float slope = [] {
    if constexpr (affine)
      return Q::slope;
    else
      return 1.f;
  }();
  static constexpr float intercept = [] {
    if constexpr (affine)
      return Q::intercept;
    else
      return 0.f;
  }();

  index_t params_room() const { return shifted ? tiles_.params_room() : 0; }

  void multiply(index_t r, index_t rows, index_t c, const task_memory& m) const {
    const index_t n = min_of(tiles_.span(), w_.cols() - c);
    row_ops::tile_values tile = read_params(r, rows, c, n, m);
    if constexpr (reader::packed) {
      tile.codes = tiles_.packed_codes(r, c);
      multiply_codes<Q::bits>(tile, c, n, m);
    } else {
      for (index_t k = c; k < c + n; k += chunk) {
        const index_t part = min_of(chunk, c + n - k);
        tiles_.read_codes(r, rows, k, part, nullptr, m.tile);
        tile.codes = m.tile.codes;
        multiply_codes<8>(tile, k, part, m);
      }
    }
  }
  template <int Bits>
  void multiply_codes(row_ops::tile_values tile, index_t c, index_t n, const task_memory& m) const {
    const index_t run_quads = tiles_.run() / 4;
    tile.group = group_ + c / tiles_.run();
    if (x_.tokens < many_tokens)
      return dot_values<Bits, kind, shifted>(ops_.target)(tile, x_.values + c, x_.stride, x_.tokens,
                                                          ceil_div(n, 4), run_quads, m.sums);
    for (index_t k = 0; k < n; k += piece) {
      const index_t quads = ceil_div(min_of(piece, n - k), 4);
      read_values<Bits, kind, shifted>(ops_.target)(tile, quads, run_quads, m.values);
      ops_.dot_floats(m.values, tile, x_.values + c + k, x_.stride, x_.tokens, quads, run_quads,
                      m.sums);
      tile.codes += piece * 2 * Bits;
      tile.group += piece / tiles_.run();
    }
  }

  /// (factor * level + shift) * scale is the value: the scale comes last unless a minimum is added.
  row_ops::tile_values read_params(index_t r, index_t rows, index_t c, index_t n,
                                   const task_memory& m) const {
    const index_t count = tile_rows * tiles_.read_params(r, rows, c, n, m.tile);
    row_ops::tile_values tile{};
    tile.scales = m.tile.scales;
    if constexpr (!affine) tile.table = table_.data();
    tile.planes = planes_;
    if constexpr (has_zero<Q> && zero_of<Q> != zero_kind::integer) {
      // The value is scale * level + minimum, and is not scaled again.
      tile.factors = m.tile.scales;
      tile.shifts = m.tile.zeros;
      tile.scales = m.factors;
    } else if constexpr (shifted) {
      tile.factors = m.factors;
      tile.shifts = m.shifts;
      if constexpr (has_zero<Q>) {
        const float minus = -1, first = intercept;
        ops_.scale_plus(m.tile.zeros, count, count, 0, &minus, &first);
        tile.shifts = m.tile.zeros;
      }
    }
    return tile;
  }

  const row_ops& ops_;
  const View& w_;
  const real_rows& x_;
  product_results<View> results_;
  reader tiles_;
  level_table<Q> table_;
  std::int32_t* group_ = nullptr;
  std::int8_t* planes_ = nullptr;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
