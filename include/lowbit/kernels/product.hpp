// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "activations.hpp"
#include "int8_levels.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// y = alpha * (W x) + beta * y; an argument of gemv and gemm. With beta = 0, y is only written.
struct update {
  float alpha = 1;
  float beta = 0;
};

namespace kernels {

/// Where a product leaves its results: element (token, row) at data[token * stride + row].
struct result_rows {
  float* data;
  index_t stride;
};

/// One product, cut into blocks of rows. A block of weights is decoded into the first caches, a
/// chunk of columns at a time, and multiplied with all tokens: no weight is decoded twice, and
/// nothing larger than a block is ever written out.
template <format_like F, class Rows>
class product {
 public:
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  using V = typename F::value_type;
  static constexpr index_t parts = is_complex<V> ? 2 : 1;
  static constexpr bool int8 = std::same_as<Rows, int8_rows>;
  static constexpr bool apart = !std::same_as<typename F::outliers_type, none>;
  static constexpr index_t chunk = row_reader<F>::chunk;
  static constexpr index_t panel_stride = parts * (chunk_cols + row_slack);

  product(const row_ops& ops, const quantized_view<F>& w, const Rows& x, result_rows y,
          update factors)
      : ops_(ops), w_(w), x_(x), y_(y), factors_(factors), reader_(ops, w) {
    if constexpr (int8 && has_state<Q>) {
      const level_table<Q> levels(w.main.stored_levels());
      table_ = make_int8_table(levels.data(), Q::bits, has_zero<Q>);
    }
  }

  /// Rows of a block: a panel that fits the first cache, or the second where many tokens share it.
  static index_t block_rows(index_t tokens) { return tokens >= 8 ? 32 : 8; }

  /// Memory that all tasks share, then the memory of each task.
  void take_shared(detail::carver& memory) {
    if constexpr (apart) outlier_scratch_ = memory.template take<V>(x_.tokens * scratch_size());
  }
  struct task_memory {
    float* panel;
    std::int8_t* levels;
    float* scales;
    float* zeros;
    float* tile;
  };
  task_memory take_task(detail::carver& memory) const {
    const index_t rows = block_rows(x_.tokens);
    task_memory m{};
    if constexpr (int8) {
      m.levels = memory.take<std::int8_t>(rows * panel_stride);
      m.scales = memory.take<float>(rows * panel_stride / 4);
      if constexpr (has_zero<Q>) m.zeros = memory.take<float>(rows * panel_stride / 4);
    } else {
      m.panel = memory.take<float>(rows * parts * panel_stride);
    }
    m.tile = memory.take<float>(rows * parts * x_.tokens);
    return m;
  }

  /// The outliers' view of the activations. `values` are the real ones that the product stands for.
  void prepare_outliers(const real_rows& values) {
    if constexpr (apart) {
      values_ = values;
      for (index_t t = 0; t < values.tokens; ++t)
        w_.apart.prepare(token_values(t), outlier_scratch_ + t * scratch_size());
    }
  }

  void run_rows(index_t first, index_t last, const task_memory& memory) const {
    const float_mode_guard mode;
    const index_t step = block_rows(x_.tokens);
    for (index_t r = first; r < last; r += step) {
      const index_t rows = min_of(step, last - r);
      if constexpr (int8)
        multiply_int8(r, rows, memory);
      else
        multiply_real(r, rows, memory);
      finish(r, rows, memory);
    }
  }

 private:
  index_t scratch_size() const { return w_.apart.scratch_size(); }
  const V* token_values(index_t t) const {
    return reinterpret_cast<const V*>(values_.values + t * values_.stride);
  }

  void multiply_real(index_t r, index_t rows, const task_memory& m) const {
    const index_t tile_stride = block_rows(x_.tokens) * parts;
    const index_t cols = w_.cols();
    if (cols == 0) return clear(m.tile, tile_stride);
    for (index_t c = 0; c < cols; c += chunk) {
      const index_t n = min_of(chunk, cols - c);
      const index_t whole_vectors = (parts * n + 15) / 16 * 16;
      for (index_t i = 0; i < rows; ++i) {
        float* const to = m.panel + i * parts * panel_stride;
        if constexpr (parts == 1)
          reader_.read(r + i, c, n, to);
        else
          read_complex(r + i, c, n, to);
        for (index_t p = 0; p < parts; ++p)
          for (index_t k = parts * n; k < whole_vectors; ++k) to[p * panel_stride + k] = 0;
      }
      ops_.dot_f32(m.panel, panel_stride, rows * parts, x_.values + parts * c, x_.stride, x_.tokens,
                   whole_vectors, m.tile, tile_stride, c > 0);
    }
  }

  /// A complex row as the two real rows (re, -im, ...) and (im, re, ...) that make its product.
  void read_complex(index_t r, index_t c, index_t n, float* to) const {
    complex32 values[chunk_cols + row_slack];
    if constexpr (parts == 2) reader_.read(r, c, n, values);
    for (index_t k = 0; k < n; ++k) {
      to[2 * k] = to[panel_stride + 2 * k + 1] = values[k].re;
      to[2 * k + 1] = -values[k].im;
      to[panel_stride + 2 * k] = values[k].im;
    }
  }

  void multiply_int8(index_t r, index_t rows, const task_memory& m) const {
    const index_t tile_stride = block_rows(x_.tokens);
    const index_t cols = w_.cols();
    if (cols == 0) return clear(m.tile, tile_stride);
    for (index_t c = 0; c < cols; c += chunk_cols) {
      const index_t n = min_of(chunk_cols, cols - c), n64 = padded(n);
      for (index_t i = 0; i < rows; ++i) read_int8(r + i, c, n, n64, i, m);
      const row_ops::int8_operand w{m.levels,
                                    m.scales,
                                    zero_of<Q> == zero_kind::integer ? m.zeros : nullptr,
                                    zero_of<Q> == zero_kind::integer ? nullptr : m.zeros,
                                    nullptr,
                                    nullptr,
                                    panel_stride};
      const row_ops::int8_operand x{x_.levels + c,   x_.scales + c / 4, nullptr,  nullptr,
                                    x_.sums + c / 4, x_.offset + c / 4, x_.stride};
      ops_.dot_int8(w, rows, x, x_.tokens, n64, m.tile, tile_stride, c > 0);
    }
  }

  void read_int8(index_t r, index_t c, index_t n, index_t n64, index_t i,
                 const task_memory& m) const {
    const auto& p = w_.main;
    const index_t skip = c * Q::bits / 8;
    const std::uint8_t* codes = p.row(r) + skip;
    const index_t readable = index_t(p.codes.size()) - r * F::plane_type::row_bytes(p.cols) - skip;
    std::int8_t* const levels = m.levels + i * panel_stride;
    const int8_table& table = int8_levels();
    if constexpr (std::same_as<strategy_of<Q>, affine_codes> && tabulated<Q>) {
      constexpr bool unit_steps = int8_table_of<Q>.unit == 1 && Q::slope == 1;
      if constexpr (unit_steps)
        ops_.bytes_affine(codes, readable, Q::bits, n,
                          int(Q::intercept - int8_table_of<Q>.zero_shift), levels);
      else
        ops_.bytes_table(codes, readable, Q::bits, n, table.values, levels);
    } else {
      ops_.bytes_table(codes, readable, Q::bits, n, table.values, levels);
    }
    for (index_t k = n; k < n64; ++k) levels[k] = 0;

    float* const scales = m.scales + i * panel_stride / 4;
    if constexpr (detail::has_groups<G, Q>) {
      row_params<Q, G> params(ops_, p.groups, r, p.cols, c, n);
      if constexpr (zero_of<Q> == zero_kind::integer)
        for (index_t g = 0; g < params.groups; ++g) params.zero[g] -= table.zero_shift;
      else if constexpr (has_zero<Q>)
        for (index_t g = 0; g < params.groups; ++g)
          params.zero[g] = fma_rn(params.scale[g], table.zero_shift, params.zero[g]);
      if (table.unit != 1)
        for (index_t g = 0; g < params.groups; ++g)
          params.scale[g] = mul_rn(params.scale[g], table.unit);
      ops_.spread(params.scale, n, params.width, params.used, scales);
      for (index_t k = ceil_div(n, 4); k < n64 / 4; ++k) scales[k] = 0;
      if constexpr (has_zero<Q>) {
        float* const zeros = m.zeros + i * panel_stride / 4;
        ops_.spread(params.zero, n, params.width, params.used, zeros);
        for (index_t k = ceil_div(n, 4); k < n64 / 4; ++k) zeros[k] = 0;
      }
    } else {
      for (index_t k = 0; k < n64 / 4; ++k) scales[k] = table.unit;
    }
  }

  const int8_table& int8_levels() const {
    if constexpr (tabulated<Q>)
      return int8_table_of<Q>;
    else
      return table_;
  }

  void clear(float* tile, index_t tile_stride) const {
    for (index_t i = 0; i < tile_stride * x_.tokens; ++i) tile[i] = 0;
  }

  void finish(index_t r, index_t rows, const task_memory& m) const {
    const index_t tile_stride = block_rows(x_.tokens) * parts;
    for (index_t t = 0; t < x_.tokens; ++t) {
      const float* const tile = m.tile + t * tile_stride;
      float* const y = y_.data + t * y_.stride + parts * r;
      for (index_t i = 0; i < rows; ++i) {
        arr<float, int(parts)> kept{};
        if constexpr (apart)
          kept = bits_as<arr<float, int(parts)>>(
              w_.apart.dot(r + i, token_values(t), outlier_scratch_ + t * scratch_size()));
        for (int p = 0; p < int(parts); ++p) {
          float v = tile[parts * i + p];
          if constexpr (apart) v += kept[p];
          float& to = y[parts * i + p];
          v *= factors_.alpha;
          to = factors_.beta == 0 ? v : v + factors_.beta * to;  // beta 0 never reads y
        }
      }
    }
  }

  const row_ops& ops_;
  const quantized_view<F>& w_;
  const Rows& x_;
  result_rows y_;
  update factors_;
  row_reader<F> reader_;
  [[maybe_unused]] std::conditional_t<has_state<Q>, int8_table, none> table_{};
  V* outlier_scratch_ = nullptr;
  real_rows values_{};
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
