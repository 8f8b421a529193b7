// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "int8_levels.hpp"
#include "results.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// A product of int8 levels with int8 activations, cut into tiles of sixteen rows. Columns are
/// summed in runs whose weights share a scale, and whose activations do: the sum of a run is an
/// exact integer. A tile is decoded once, a chunk of columns at a time, for all tokens.
template <format_like F>
class int8_product {
 public:
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  using P = typename F::plane_type;
  using rows_type = int8_rows;
  static constexpr index_t tile_rows = row_ops::tile_rows, chunk = chunk_cols;
  static constexpr index_t row_stride = chunk + row_slack;
  static constexpr bool has_groups = detail::has_groups<G, Q>;

  int8_product(const row_ops& ops, const quantized_view<F>& w, const int8_rows& x, result_rows y,
               update factors)
      : ops_(ops),
        w_(w),
        x_(x),
        results_(w, y, factors),
        width_(G::block_cols != whole && has_groups ? G::block_cols
               : w.cols() > 0                       ? w.cols()
                                                    : 1),
        run_(common_run(width_, x.width, w.cols())),
        runs_(ceil_div(w.cols(), run_)) {}

  static index_t block_rows(index_t) { return tile_rows; }

  /// Memory that all tasks share; `fill` says whether it is there yet.
  void take_shared(detail::carver& memory, bool fill) {
    results_.take(memory, x_.tokens);
    scales_ = memory.take<float>(x_.tokens * runs_);
    sums_ = memory.take<float>(x_.tokens * runs_);
    group_ = memory.take<std::int32_t>(runs_);
    levels_ = memory.take<int8_table_for<Q>>(1);
    if (!fill) return;
    for (index_t i = 0; i < runs_; ++i) {
      const index_t c = i * run_;
      group_[i] = std::int32_t(c / width_ - c / chunk * chunk / width_);
    }
    for (index_t t = 0; t < x_.tokens; ++t)
      for (index_t i = 0; i < runs_; ++i) {
        const std::int32_t* const quads = x_.sums + t * x_.stride / 4;
        std::int32_t sum = 0;
        for (index_t q = i * run_ / 4; q < min_of(x_.stride, (i + 1) * run_) / 4; ++q)
          sum += quads[q];
        sums_[t * runs_ + i] = float(sum);
        scales_[t * runs_ + i] = x_.scales[t * x_.groups + i * run_ / x_.width];
      }
    make_int8_levels<Q>(w_.main.stored_levels(), ops_.level_bias, *levels_);
  }
  struct task_memory {
    std::int8_t* rows;     // levels of a chunk, row by row
    std::uint8_t* levels;  // and as a tile
    float* params;         // parameters of its groups, row by row
    float* scales;         // and as tiles
    float* zeros;
    float* sums;  // results: [token][row]
  };
  task_memory take_task(detail::carver& memory) const {
    task_memory m{};
    m.rows = memory.take<std::int8_t>(tile_rows * row_stride);
    m.levels = memory.take<std::uint8_t>(tile_rows * row_stride);
    m.params = memory.take<float>(2 * tile_rows * params_stride());
    m.scales = memory.take<float>(tile_rows * params_stride());
    m.zeros = memory.take<float>(tile_rows * params_stride());
    m.sums = memory.take<float>(tile_rows * x_.tokens);
    return m;
  }
  void prepare_outliers(const real_rows& values) { results_.prepare(values); }

  void run_rows(index_t first, index_t last, const task_memory& m) const {
    const float_mode_guard mode;
    for (index_t r = first; r < last; r += tile_rows) {
      const index_t rows = min_of(tile_rows, last - r);
      for (index_t i = 0; i < tile_rows * x_.tokens; ++i) m.sums[i] = 0;
      for (index_t c = 0; c < w_.cols(); c += chunk) {
        const index_t n = min_of(chunk, w_.cols() - c);
        row_ops::tile_weights tile = read_params(r, rows, c, n, m);
        read_levels(r, rows, c, n, m);
        tile.codes = m.levels;
        const index_t run = c / run_;
        ops_.dot_tile(tile, {x_.levels + c, x_.stride, scales_ + run, sums_ + run, runs_},
                      x_.tokens, ceil_div(n, 4), run_ / 4, m.sums);
      }
      results_.write(r, rows, x_.tokens, m.sums, tile_rows);
    }
  }

 private:
  /// Columns of a run: a power of two that divides both widths, at most 512 so that sums are exact.
  /// A width of the whole row divides into anything.
  static index_t common_run(index_t a, index_t b, index_t cols) {
    index_t run = 512;
    while ((a < cols && a % run != 0) || (b < cols && b % run != 0)) run /= 2;
    return run;
  }
  /// Groups that a chunk may touch, rounded up to what a transposition takes.
  index_t params_stride() const { return padded(chunk / min_of(width_, chunk) + 2); }

  void read_levels(index_t r, index_t rows, index_t c, index_t n, const task_memory& m) const {
    for (index_t i = 0; i < rows; ++i) {
      std::int8_t* const to = m.rows + i * row_stride;
      if constexpr (P::dim == 1) {
        const index_t skip = c * Q::bits / 8;
        const std::uint8_t* const codes = w_.main.row(r + i) + skip;
        const index_t readable =
            index_t(w_.main.codes.size()) - (r + i) * P::row_bytes(w_.cols()) - skip;
        ops_.bytes_table(codes, readable, Q::bits, n, levels_->values, to);
      } else {
        for (index_t b = 0; b < ceil_div(n, P::dim); ++b)
          __builtin_memcpy(to + b * P::dim, levels_->entry(w_.main.code(r + i, c / P::dim + b)),
                           std::size_t(P::dim));
      }
    }
    clear_rest(m.rows, row_stride, rows);
    ops_.transpose(m.rows, row_stride, padded(n) / 4, m.levels);
  }

  /// Scales and zeros of the groups of a chunk as tiles.
  row_ops::tile_weights read_params(index_t r, index_t rows, index_t c, index_t n,
                                    const task_memory& m) const {
    const float bias = float(ops_.level_bias);
    row_ops::tile_weights tile{nullptr, nullptr, m.scales,         nullptr,
                               nullptr, bias,    group_ + c / run_};
    const index_t stride = params_stride(), bytes = stride * index_t(sizeof(float));
    if constexpr (!has_groups) {
      for (index_t i = 0; i < tile_rows; ++i) m.scales[i] = levels_->unit;
    } else {
      float* const zero_rows = m.params + tile_rows * stride;
      index_t groups = 0;
      for (index_t i = 0; i < rows; ++i)
        groups = read_group_params<Q, G>(ops_, w_.main.groups, r + i, w_.cols(), c, n,
                                         m.params + i * stride, zero_rows + i * stride);
      clear_rest(m.params, stride, rows);
      ops_.transpose(m.params, bytes, groups, m.scales);
      if constexpr (has_zero<Q>) {
        clear_rest(zero_rows, stride, rows);
        ops_.transpose(zero_rows, bytes, groups, m.zeros);
      }
      const index_t count = tile_rows * groups;
      if constexpr (zero_of<Q> == zero_kind::integer) {
        for (index_t i = 0; i < count; ++i) m.zeros[i] += bias - levels_->zero_shift;
        tile.zeros = m.zeros;
      } else if constexpr (has_zero<Q>) {
        for (index_t i = 0; i < count; ++i)
          m.zeros[i] = fma_rn(m.scales[i], levels_->zero_shift, m.zeros[i]);
        tile.minima = m.zeros;
      }
      if (levels_->unit != 1)
        for (index_t i = 0; i < count; ++i) m.scales[i] = mul_rn(m.scales[i], levels_->unit);
    }
    return tile;
  }
  template <class T>
  static void clear_rest(T* rows, index_t stride, index_t used) {
    for (T* p = rows + used * stride; p < rows + tile_rows * stride; ++p) *p = 0;
  }

  const row_ops& ops_;
  const quantized_view<F>& w_;
  const int8_rows& x_;
  product_results<F> results_;
  index_t width_, run_, runs_;
  float* scales_ = nullptr;
  float* sums_ = nullptr;
  std::int32_t* group_ = nullptr;
  int8_table_for<Q>* levels_ = nullptr;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
