// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "entry_levels.hpp"
#include "results.hpp"
#include "tile_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Stands where other codes have their entries.
struct no_entries {
  no_entries(const row_ops&, index_t) {}
};

/// A product of int8 levels with int8 activations, tile by tile. The sum of a run of columns is an
/// exact integer; scales and zeros meet it once. A few rows of x are multiplied with packed codes
/// where they are stored as tiles and runs are not too short; else a tile is decoded once for all
/// rows.
template <class View>
class int8_product {
 public:
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  using P = typename View::plane_type;
  using rows_type = int8_rows;
  using reader = tile_reader<View>;
  static constexpr index_t tile_rows = row_ops::tile_rows, chunk = chunk_cols;
  static constexpr bool vectors = P::dim > 1;
  /// Levels that are multiplied for a column.
  static constexpr int repeats = [] {
    if constexpr (vectors)
      return entry_levels<View>::count;
    else
      return 1;
  }();
  static constexpr index_t most_run = [] {  // sums of 512 products are exact in binary32
    if constexpr (vectors)
      return entry_levels<View>::most_run;
    else
      return index_t(512);
  }();

  /// For kernel_name.
  static constexpr auto name() {
    constexpr auto start = "int8_tiles<" + number_text<Q::bits>();
    if constexpr (vectors)
      return start + ",entries>";
    else if constexpr (codes_are_levels)
      return start + ",codes>";
    else
      return start + ",table>";
  }

  int8_product(const row_ops& ops, const View& w, const int8_rows& x, result_rows y, update factors)
      : ops_(ops),
        w_(w),
        x_(x),
        results_(w, y, factors, &ops),
        tiles_(ops, w, most_run, x.width),
        entries_(ops, tiles_.run()) {}

  static index_t block_rows(index_t) { return tile_rows; }

  /// Memory that all tasks share; `fill` says whether it is there yet.
  void take_shared(detail::carver& memory, bool fill) {
    const index_t runs = tiles_.runs(), run = tiles_.run();
    results_.take(memory, x_.tokens);
    scales_ = memory.take<float>(x_.rows() * runs);
    sums_ = memory.take<float>(x_.rows() * runs);
    halved_ = memory.take<std::int32_t>(scales == scale_kind::integers ? x_.rows() * runs : 0);
    places_ = memory.take<row_ops::run_place>(runs);
    levels_ = memory.take<int8_table_for<Q>>(1);
    if constexpr (vectors) entries_.take(memory, x_);
    if (!fill) return;
    tiles_.list_places(places_, x_.width, most_exact);
    make_int8_levels<Q>(w_.main.stored_levels(), ops_.level_bias, *levels_);
    if constexpr (vectors) entries_.fill(*levels_, x_);
    const float scale_unit = has_minima ? 1 : unit();
    for (index_t t = 0; t < x_.rows(); ++t)
      for (index_t i = 0; i < runs; ++i) {
        const std::int32_t* const quads = x_.sums + t * x_.stride / 4;
        std::int32_t sum = 0;
        for (index_t q = i * run / 4; q < min_of(x_.stride, (i + 1) * run) / 4; ++q)
          sum += quads[q];
        sums_[t * runs + i] = float(repeats * sum);
        if constexpr (scales == scale_kind::integers)
          halved_[t * runs + i] = std::int32_t(std::uint32_t(sum - (sum >> 1)) << 16) |
                                  std::int32_t(std::uint16_t(sum >> 1));
        scales_[t * runs + i] = mul_rn(x_.scales[t * x_.groups + i * run / x_.width], scale_unit);
      }
  }
  struct task_memory {
    typename reader::memory tile;
    std::uint8_t* entries;  // levels of a codebook
    float* sums;            // results: [row of x][row]
  };
  task_memory take_task(detail::carver& memory) const {
    task_memory m{tiles_.take(memory), nullptr, nullptr};
    if constexpr (vectors) m.entries = memory.take<std::uint8_t>(entries_.tile_bytes);
    m.sums = memory.take<float>(tile_rows * x_.rows());
    return m;
  }
  void prepare_outliers(const real_rows& values) { results_.prepare(values); }

  void run_rows(index_t first, index_t last, const task_memory& m) const {
    const float_mode_guard mode;
    for (index_t r = first; r < last; r += tile_rows) {
      const index_t rows = min_of(tile_rows, last - r);
      for (index_t i = 0; i < tile_rows * x_.rows(); ++i) m.sums[i] = 0;
      results_.fetch(r, rows);
      add_rows(r, rows, m);
      if (x_.parts > 1) join_parts(m.sums);
      results_.write(r, rows, x_.tokens, m.sums, tile_rows);
    }
  }
  /// Adds the products of a tile of rows to m.sums.
  void add_rows(index_t r, index_t rows, const task_memory& m) const {
    for (index_t c = 0; c < w_.cols(); c += tiles_.span()) multiply(r, rows, c, m);
  }

 private:
  /// The sums of a token's rows become one.
  void join_parts(float* sums) const {
    for (index_t t = 0; t < x_.tokens; ++t)
      for (index_t i = 0; i < tile_rows; ++i) {
        float sum = sums[t * x_.parts * tile_rows + i];
        for (index_t p = 1; p < x_.parts; ++p) sum += sums[(t * x_.parts + p) * tile_rows + i];
        sums[t * tile_rows + i] = sum;
      }
  }
  static constexpr bool has_minima = has_zero<Q> && zero_of<Q> != zero_kind::integer;
  void multiply(index_t r, index_t rows, index_t c, const task_memory& m) const {
    const index_t n = min_of(tiles_.span(), w_.cols() - c), run_quads = tiles_.run() / 4;
    row_ops::tile_weights tile = read_params(r, rows, c, n, m.tile);
    const auto inputs = [&](index_t at) {
      const index_t run = at / tiles_.run();
      tile.runs = places_ + run;
      return row_ops::tile_inputs{x_.levels + at, x_.stride,     scales_ + run,
                                  sums_ + run,    tiles_.runs(), halved_ + run};
    };
    if constexpr (reader::packed)
      if (multiplies_packed()) {
        // Nested minima are added by the piece: the same pieces as below give the same bits.
        const index_t step = nested && has_minima ? chunk : n;
        tile.table = levels_->values;
        for (index_t k = c; k < c + n; k += step) {
          tile.codes = tiles_.packed_codes(r, k);
          const index_t quads = ceil_div(min_of(step, c + n - k), 4);
          dot_packed<Q::bits, levels_of_codes, scales>(ops_.target)(tile, inputs(k), x_.rows(),
                                                                    quads, run_quads, m.sums);
        }
        return;
      }
    if constexpr (vectors) {
      tile.codes = m.entries;
      for (index_t k = c; k < c + n; k += entries_.piece) {
        const index_t part = min_of(entries_.piece, c + n - k);
        entries_.read(tiles_, r, rows, k, part, m.tile, m.entries);
        row_ops::tile_inputs in = inputs(k);
        in.levels = entries_.levels() + k * repeats;
        in.stride = entries_.stride();
        ops_.dot_tile(tile, in, x_.rows(), entries_.quads(part), run_quads * repeats, m.sums);
      }
    } else {
      tile.codes = m.tile.codes;
      for (index_t k = c; k < c + n; k += chunk) {
        const index_t part = min_of(chunk, c + n - k);
        tiles_.read_codes(r, rows, k, part, levels_->values, m.tile);
        ops_.dot_tile(tile, inputs(k), x_.rows(), ceil_div(part, 4), run_quads, m.sums);
      }
    }
  }

  /// Whether packed codes are multiplied as they are stored.
  bool multiplies_packed() const {
    return reader::packed && x_.rows() <= most_packed_tokens && tiles_.run() >= least_packed_run;
  }
  /// Packed codes that are levels but for a power of two and a constant need no table. Constants
  /// are multiples of 1/2 of a step, so that sums less them stay exact.
  static constexpr bool codes_are_levels = [] {
    if constexpr (reader::packed && std::same_as<strategy_of<Q>, affine_codes> && tabulated<Q>) {
      constexpr float halves = 2 * Q::intercept / Q::slope;
      constexpr bool small = magnitude(halves) <= (2 << Q::bits) && float(int(halves)) == halves;
      return is_power_of_two(Q::slope) && small && (Q::bits < 8 || int(halves) % 2 == 0) &&
             (!has_zero<Q> || Q::slope == 1);
    } else {
      return false;
    }
  }();
  static constexpr packed_levels levels_of_codes = [] {
    if constexpr (codes_are_levels)
      return packed_levels::codes;
    else if constexpr (tabulated<Q>)
      return int8_table_of<Q>.most - int8_table_of<Q>.least <= (Q::bits <= 4 ? 31 : 127)
                 ? packed_levels::small_table
                 : packed_levels::table;
    else
      return packed_levels::table;
  }();
  bool as_codes() const { return codes_are_levels && multiplies_packed(); }

  /// Nested parameters are used one after the other.
  static constexpr bool nested = reader::nested;
  /// Columns whose products with integer scales are exact in binary32, in halves: a power of two,
  /// the same for every layout and instruction set.
  static constexpr index_t exact_cols = [] {
    constexpr index_t largest = [] {  // of codes, and of increased levels
      if constexpr (vectors || !tabulated<Q>) {
        return 255;
      } else {
        constexpr int span = int8_table_of<Q>.most - int8_table_of<Q>.least;
        constexpr int codes = (1 << Q::bits) - 1;
        return span > 127 ? 255 : span > codes ? span : codes;
      }
    }();
    constexpr index_t scale = reader::largest_scale > 0 ? reader::largest_scale : 1;
    index_t cols = most_run;
    while (cols > 4 && cols * largest * 127 * scale > 1 << 23) cols /= 2;
    return cols;
  }();
  static constexpr scale_kind scales = [] {
    constexpr bool whole_minima = reader::largest_minimum > 0 || !has_zero<Q>;
    constexpr index_t width = View::format_type::granularity_type::block_cols;
    return nested && !vectors && reader::largest_scale > 0 && whole_minima && width != whole &&
                   exact_cols >= min_of(width, most_run)
               ? scale_kind::integers
           : nested ? scale_kind::nested
                    : scale_kind::floats;
  }();
  /// Columns up to a run that ends_sum.
  static constexpr index_t most_exact =
      scales == scale_kind::integers ? exact_cols : most_outer_cols;
  /// The unit of the levels meets the scales of the activations, unless minima are added to what
  /// they make.
  float unit() const {
    if constexpr (codes_are_levels)
      if (as_codes()) return Q::slope;
    return levels_->unit;
  }

  /// Parameters, and zeros with what the kernel takes off.
  row_ops::tile_weights read_params(index_t r, index_t rows, index_t c, index_t n,
                                    const typename reader::memory& m) const {
    row_ops::tile_weights tile{};
    const index_t count = tile_rows * read_groups(r, rows, c, n, m, tile);
    float bias = float(levels_->bias) - levels_->zero_shift;
    if (as_codes()) {
      bias = -float(ops_.code_bias[Q::bits]);
      if constexpr (codes_are_levels) bias -= Q::intercept / Q::slope;
    }
    tile.scales = m.scales;
    tile.bias = bias;
    tile.most = levels_->largest;
    if constexpr (zero_of<Q> == zero_kind::integer) {
      const float one = 1;
      if (bias != 0) ops_.scale_plus(m.zeros, count, count, 0, &one, &bias);
      tile.zeros = m.zeros;
    } else if constexpr (has_minima) {
      tile.minima = m.zeros;
      if (unit() != 1) {
        const float by = unit();
        if constexpr (nested) {
          const index_t outers = tile_rows * tiles_.outers(c, n);
          ops_.scale(m.outer_scales, outers, outers, 0, &by);
        } else {
          ops_.scale(m.scales, count, count, 0, &by);
        }
      }
    }
    return tile;
  }
  /// The number of groups.
  index_t read_groups(index_t r, index_t rows, index_t c, index_t n,
                      const typename reader::memory& m, row_ops::tile_weights& tile) const {
    if constexpr (nested) {
      const bool integers = scales == scale_kind::integers && multiplies_packed();
      tile.outer_scales = m.outer_scales;
      if constexpr (reader::nested_minima)
        tile.outer_minima = m.outer_minima;
      else if constexpr (zero_of<Q> == zero_kind::real)
        tile.outer_minima = m.outer_scales;
      if (integers) {
        tile.whole_scales = m.whole_scales;
        if constexpr (reader::nested_minima) tile.whole_minima = m.whole_minima;
      }
      return tiles_.read_nested_params(r, rows, c, n, integers, m);
    } else {
      return tiles_.read_params(r, rows, c, n, m);
    }
  }

  const row_ops& ops_;
  const View& w_;
  const int8_rows& x_;
  product_results<View> results_;
  reader tiles_;
  std::conditional_t<vectors, entry_levels<View>, no_entries> entries_;
  float* scales_ = nullptr;
  float* sums_ = nullptr;
  std::int32_t* halved_ = nullptr;
  row_ops::run_place* places_ = nullptr;
  int8_table_for<Q>* levels_ = nullptr;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
