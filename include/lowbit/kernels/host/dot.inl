// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel text: products of rows. Included once per target, after its primitives.
//
// Every element of y is summed in one order, whatever tile it falls into, so that results depend
// neither on the number of threads nor on the number of tokens.

template <int Rows, int Tokens>
inline void write_sums(vf (&sum)[Rows][Tokens], float* y, index_t y_stride, bool accumulate) {
  unroll<Tokens>([&](auto t) {
    unroll<Rows>([&](auto r) {
      float& to = y[t * y_stride + r];
      to = accumulate ? to + reduce(sum[r][t]) : reduce(sum[r][t]);
    });
  });
}

template <int Rows, int Tokens>
inline void dot_f32_tile(const float* w, index_t w_stride, const float* x, index_t x_stride,
                         index_t n, float* y, index_t y_stride, bool accumulate) {
  vf sum[Rows][Tokens];
  unroll<Rows>([&](auto r) { unroll<Tokens>([&](auto t) { sum[r][t] = set1(0); }); });
  for (index_t k = 0; k < n; k += lanes) {
    vf xs[Tokens];
    unroll<Tokens>([&](auto t) { xs[t] = load(x + t * x_stride + k); });
    unroll<Rows>([&](auto r) {
      const vf ws = load(w + r * w_stride + k);
      unroll<Tokens>([&](auto t) { sum[r][t] = sum_fma(ws, xs[t], sum[r][t]); });
    });
  }
  write_sums(sum, y, y_stride, accumulate);
}

/// Covers rows x tokens with the target's tile; columns of eight rows and single rows at the edges.
template <class Tile, class Row, class Column, class One>
inline void for_tiles(index_t rows, index_t tokens, Tile tile, Row row, Column column, One one) {
  const index_t tiled = tokens / tile_tokens * tile_tokens;
  index_t r = 0;
  if (tiled > 0)
    for (; r + tile_rows <= rows; r += tile_rows)
      for (index_t t = 0; t < tiled; t += tile_tokens) tile(r, t);
  for (index_t t = 0; t < tiled; t += tile_tokens)
    for (index_t rest = r; rest < rows; ++rest) row(rest, t);
  for (index_t t = tiled; t < tokens; ++t) {
    for (r = 0; r + column_rows <= rows; r += column_rows) column(r, t);
    for (; r < rows; ++r) one(r, t);
  }
}
template <class Later>
void dot_f32(const float* w, index_t w_stride, index_t rows, const float* x, index_t x_stride,
             index_t tokens, index_t n, float* y, index_t y_stride, bool accumulate) {
  const auto run = [&](auto tile, index_t r, index_t t) {
    tile(w + r * w_stride, w_stride, x + t * x_stride, x_stride, n, y + t * y_stride + r, y_stride,
         accumulate);
  };
  for_tiles(
      rows, tokens, [&](index_t r, index_t t) { run(dot_f32_tile<tile_rows, tile_tokens>, r, t); },
      [&](index_t r, index_t t) { run(dot_f32_tile<1, tile_tokens>, r, t); },
      [&](index_t r, index_t t) { run(dot_f32_tile<column_rows, 1>, r, t); },
      [&](index_t r, index_t t) { run(dot_f32_tile<1, 1>, r, t); });
}

// A template, so that including the library does not compile the kernels that nobody calls.
template <class Later = void>
inline constexpr row_ops ops{target_name,
                             levels_affine,
                             levels_table,
                             levels_sets,
                             levels_field,
                             levels_exponent,
                             levels_f16,
                             levels_bf16,
                             scale,
                             scale_minus_zero,
                             scale_plus,
                             scale_tile,
                             dot_f32<Later>,
                             dot_elements,
                             dot_elements_tile,
                             entry_values<Later>,
                             bytes_table,
                             bytes_moved,
                             absmax,
                             quantize,
                             copy_past_caches,
                             transpose,
                             level_bias,
                             {0, code_bias<1>, code_bias<2>, code_bias<3>, code_bias<4>,
                              code_bias<5>, code_bias<6>, code_bias<7>, code_bias<8>},
                             register_bits,
                             dot_tile<Later>,
                             dot_floats<Later>};
