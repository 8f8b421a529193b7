// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles in plain loops: the reference for tiles.inl, where its operations are explained.

inline void transpose(const void* rows, index_t stride, index_t elements, void* tile) {
  const auto* from = static_cast<const std::uint8_t*>(rows);
  auto* to = static_cast<std::uint8_t*>(tile);
  for (index_t e = 0; e < elements; ++e)
    for (index_t r = 0; r < row_ops::tile_rows; ++r)
      __builtin_memcpy(to + 64 * e + 4 * r, from + r * stride + 4 * e, 4);
}

template <int Bits>
void unpack_tile(const std::uint8_t* packed, index_t blocks, const std::int8_t* table,
                 std::uint8_t* out) {
  for (index_t c = 0; c < 32 * blocks; ++c)
    for (int r = 0; r < row_ops::tile_rows; ++r) {
      const code_t code = host_layout::code_in_tile(packed, Bits, r, c);
      out[c / 4 * 64 + 4 * r + c % 4] = std::uint8_t(table == nullptr ? int(code) : table[code]);
    }
}
template <int Bits>
void pack_tile(const std::uint8_t* codes, index_t blocks, std::uint8_t* packed) {
  __builtin_memset(packed, 0, std::size_t(64 * Bits * blocks));
  for (index_t c = 0; c < 32 * blocks; ++c)
    for (int r = 0; r < row_ops::tile_rows; ++r)
      host_layout::set_code_in_tile(packed, Bits, r, c, codes[c / 4 * 64 + 4 * r + c % 4]);
}

template <int Bits, bool Back>
void turn_fields(const std::uint8_t* from, index_t words, std::uint8_t* to) {
  for (index_t i = 0; i < words * row_ops::tile_rows; ++i) {
    std::uint32_t word, turned = 0;
    __builtin_memcpy(&word, from + 4 * i, 4);
    for (int c = 0; c < 32 / Bits; ++c) {
      const int in_stream = Bits * c, in_plane = c % 4 * 8 + c / 4 * Bits;
      const std::uint32_t code = word >> (Back ? in_plane : in_stream) & ((1u << Bits) - 1);
      turned |= code << (Back ? in_stream : in_plane);
    }
    __builtin_memcpy(to + 4 * i, &turned, 4);
  }
}

// For entries.inl.
constexpr int parts_of_tile = 1;
template <int Bits, int I>
inline vb quad_codes(const std::uint8_t* block) {
  vb r;
  for (int i = 0; i < 64; ++i)
    r.v[i] = std::uint8_t(host_layout::code_in_tile(block, Bits, i / 4, 4 * I + i % 4));
  return r;
}
inline vb and_bytes(vb a, int mask) {
  for (std::uint8_t& b : a.v) b = std::uint8_t(b & mask);
  return a;
}
inline vb or_bytes(vb a, const vb& b) {
  for (int i = 0; i < 64; ++i) a.v[i] = std::uint8_t(a.v[i] | b.v[i]);
  return a;
}
template <int S>
inline vb shift_bits(vb a) {
  constexpr int down = S > 0 ? S : 0, up = S > 0 ? 0 : -S;
  for (std::uint8_t& b : a.v) b = std::uint8_t(b >> down << up);
  return a;
}
template <int Bits, int I>
inline void fetch_ahead(const std::uint8_t*) {}
inline void store_bytes(std::uint8_t* p, const vb& a) { __builtin_memcpy(p, &a, sizeof a); }

constexpr int level_bias = 0;
template <int Bits>
inline constexpr int code_bias = 0;

/// Byte is std::int8_t for levels, std::uint8_t for codes as they are.
template <class Byte, scale_kind Scales>
void dot_bytes(const row_ops::tile_weights& w, const row_ops::tile_inputs& x, index_t tokens,
               index_t quads, index_t run_quads, float* y) {
  constexpr bool integers = Scales == scale_kind::integers;
  const bool has_minima = integers ? w.whole_minima != nullptr : w.minima != nullptr;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < row_ops::tile_rows; ++r) {
      float &total = y[t * row_ops::tile_rows + r], inner = 0, outer = 0, least = 0;
      for (index_t q = 0, run = 0; q < quads; ++run) {
        std::int32_t sum = 0;
        for (const index_t end = min_of(quads, q + run_quads); q < end; ++q)
          for (int k = 0; k < 4; ++k) {
            const auto code = static_cast<Byte>(w.codes[64 * q + 4 * r + k]);
            sum += int(code) * int(x.levels[t * x.stride + 4 * q + k]);
          }
        const row_ops::run_place place = w.runs[run];
        const index_t at = place.group * row_ops::tile_rows + r, input = t * x.runs_stride + run;
        const float scale = integers ? float(w.whole_scales[at]) : w.scales[at];
        const float minimum = !has_minima ? 0 : integers ? float(w.whole_minima[at]) : w.minima[at];
        const float rest =
            float(sum) - (w.zeros != nullptr ? w.zeros[at] : w.bias) * x.sums[input];
        if (w.outer_scales == nullptr) {
          total += scale * x.scales[input] * rest;
          if (has_minima) total += minimum * (x.scales[input] * x.sums[input]);
          continue;
        }
        inner += scale * rest;
        least += minimum * (x.scales[input] * x.sums[input]);
        if (place.ends_sum) {
          outer += x.scales[input] * inner;
          inner = 0;
        }
        if (place.ends_outer) {
          const index_t from = place.outer * row_ops::tile_rows + r;
          total += w.outer_scales[from] * outer;
          if (has_minima) total += w.outer_minima != nullptr ? w.outer_minima[from] * least : least;
          outer = least = 0;
        }
      }
    }
}
template <class Later>
void dot_tile(const row_ops::tile_weights& w, const row_ops::tile_inputs& x, index_t tokens,
              index_t quads, index_t run_quads, float* y) {
  dot_bytes<std::int8_t, scale_kind::floats>(w, x, tokens, quads, run_quads, y);
}
template <int Bits, packed_levels Kind, scale_kind Scales>
void dot_packed(const row_ops::tile_weights& w, const row_ops::tile_inputs& x, index_t tokens,
                index_t quads, index_t run_quads, float* y) {
  constexpr bool by_table = Kind != packed_levels::codes;
  constexpr index_t step = most_outer_cols / 4;  // whole runs
  std::uint8_t levels[16 * most_outer_cols];
  row_ops::tile_weights tile = w;
  row_ops::tile_inputs part = x;
  tile.codes = levels;
  for (index_t q = 0; q < quads; q += step) {
    const index_t n = min_of(step, quads - q);
    unpack_tile<Bits>(w.codes + q * 8 * Bits, ceil_div(n, 8),
                      by_table ? w.table : nullptr, levels);
    dot_bytes<std::conditional_t<by_table, std::int8_t, std::uint8_t>, Scales>(
        tile, part, tokens, n, run_quads, y);
    const index_t runs = step / run_quads;
    tile.runs += runs;
    part.levels += 4 * step;
    part.scales += runs;
    part.sums += runs;
  }
}

template <level_kind Kind>
float level_of_kind(const row_ops::tile_values& w, code_t code) {
  return Kind == level_kind::codes ? float(code) : w.table[code];
}
template <int Bits, level_kind Kind, bool Shifted>
void read_values(const row_ops::tile_values& w, index_t quads, index_t run_quads, float* out) {
  for (index_t c = 0; c < 4 * quads; ++c)
    for (int r = 0; r < row_ops::tile_rows; ++r) {
      const float level =
          level_of_kind<Kind>(w, host_layout::code_in_tile(w.codes, Bits, r, c));
      const index_t at = w.group[c / 4 / run_quads] * row_ops::tile_rows + r;
      out[c * row_ops::tile_rows + r] =
          Shifted ? fma_rn(w.factors[at], level, w.shifts[at]) : level;
    }
}
template <class Later>
void dot_floats(const float* values, const row_ops::tile_values& w, const float* x, index_t stride,
                index_t tokens, index_t quads, index_t run_quads, float* y) {
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < row_ops::tile_rows; ++r)
      for (index_t q = 0, run = 0; q < quads; ++run) {
        float sum[4] = {};
        for (const index_t end = min_of(quads, q + run_quads); q < end; ++q)
          for (index_t j = 0; j < 4; ++j)
            sum[j] += values[(4 * q + j) * row_ops::tile_rows + r] * x[t * stride + 4 * q + j];
        y[t * row_ops::tile_rows + r] += w.scales[w.group[run] * row_ops::tile_rows + r] *
                                         ((sum[0] + sum[1]) + (sum[2] + sum[3]));
      }
}
template <int Bits, level_kind Kind, bool Shifted>
void dot_values(const row_ops::tile_values& w, const float* x, index_t stride, index_t tokens,
                index_t quads, index_t run_quads, float* y) {
  constexpr index_t piece = 32;  // quads: 128 columns, the longest run
  float values[16 * 4 * piece];
  row_ops::tile_values part = w;
  for (index_t q = 0; q < quads; q += piece) {
    const index_t n = min_of(piece, quads - q);
    read_values<Bits, Kind, Shifted>(part, n, run_quads, values);
    dot_floats<void>(values, part, x + 4 * q, stride, tokens, n, run_quads, y);
    part.codes += piece * 8 * Bits;
    part.group += piece / run_quads;
  }
}
