// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "results.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// A product with real activations, cut into blocks of rows. A block of weights is decoded into the
/// first caches, a chunk of columns at a time, and multiplied with all tokens: no weight is decoded
/// twice, and nothing larger than a block is ever written out.
template <class View>
class real_row_product {
 public:
  using F = typename View::format_type;
  using V = typename F::value_type;
  using rows_type = real_rows;
  static constexpr index_t parts = is_complex<V> ? 2 : 1;
  static constexpr index_t chunk = row_reader<View>::chunk;
  static constexpr index_t panel_stride = parts * (chunk_cols + row_slack);
  /// For kernel_name.
  static constexpr auto name() {
    return "rows<" + number_text<row_reader<View>::Q::bits>() + "," +
           row_reader<View>::levels_name() + ">";
  }

  real_row_product(const row_ops& ops, const View& w, const real_rows& x, result_rows y,
                   update factors)
      : ops_(ops), w_(w), x_(x), results_(w, y, factors, &ops) {}

  /// Rows of a block: a panel that fits the first cache, or the second where many tokens share it.
  static index_t block_rows(index_t tokens) { return tokens >= 8 ? 32 : 8; }

  /// Memory that all tasks share, then the memory of each task.
  void take_shared(detail::carver& memory, bool fill) {
    results_.take(memory, x_.tokens);
    entries_ = memory.take<float>(row_reader<View>::table_size);
    if (fill) row_reader<View>::tabulate(w_.main.stored_levels(), entries_);
  }
  struct task_memory {
    float* panel;
    float* sums;
  };
  task_memory take_task(detail::carver& memory) const {
    const index_t rows = block_rows(x_.tokens);
    return {memory.take<float>(rows * parts * panel_stride),
            memory.take<float>(rows * parts * x_.tokens)};
  }
  void prepare_outliers(const real_rows& values) { results_.prepare(values); }

  void run_rows(index_t first, index_t last, const task_memory& m) const {
    const float_mode_guard mode;
    const index_t step = block_rows(x_.tokens);
    row_reader<View> reader(ops_, w_, entries_);
    for (index_t r = first; r < last; r += step) {
      const index_t rows = min_of(step, last - r);
      multiply(reader, r, rows, m);
      results_.write(r, rows, x_.tokens, m.sums, step * parts);
    }
  }

 private:
  void multiply(row_reader<View>& reader, index_t r, index_t rows, const task_memory& m) const {
    const index_t sums_stride = block_rows(x_.tokens) * parts;
    const index_t cols = w_.cols();
    if (cols == 0)
      for (index_t i = 0; i < sums_stride * x_.tokens; ++i) m.sums[i] = 0;
    for (index_t c = 0; c < cols; c += chunk) {
      const index_t n = min_of(chunk, cols - c);
      const index_t whole_vectors = (parts * n + 15) / 16 * 16;
      for (index_t i = 0; i < rows; ++i) {
        float* const to = m.panel + i * parts * panel_stride;
        if constexpr (parts == 1)
          reader.read(r + i, c, n, to);
        else
          read_complex(reader, r + i, c, n, to);
        for (index_t p = 0; p < parts; ++p)
          for (index_t k = parts * n; k < whole_vectors; ++k) to[p * panel_stride + k] = 0;
      }
      ops_.dot_f32(m.panel, panel_stride, rows * parts, x_.values + parts * c, x_.stride, x_.tokens,
                   whole_vectors, m.sums, sums_stride, c > 0);
    }
  }

  /// A complex row as the two real rows (re, -im, ...) and (im, re, ...) that make its product.
  void read_complex(row_reader<View>& reader, index_t r, index_t c, index_t n, float* to) const {
    complex32 values[chunk_cols + row_slack];
    if constexpr (parts == 2) reader.read(r, c, n, values);
    for (index_t k = 0; k < n; ++k) {
      to[2 * k] = to[panel_stride + 2 * k + 1] = values[k].re;
      to[2 * k + 1] = -values[k].im;
      to[panel_stride + 2 * k] = values[k].im;
    }
  }

  const row_ops& ops_;
  const View& w_;
  const real_rows& x_;
  product_results<View> results_;
  float* entries_ = nullptr;  // of a codebook
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
