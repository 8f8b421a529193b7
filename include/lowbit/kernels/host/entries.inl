// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel text: codes that stand for vectors. Included once per target, after its tiles.
//
// Codes come in tiles of packed ones, 32 columns of codes in a block; those of more than 8 bits in
// two, the low 8 bits and the rest (host_layout). A table is asked with the bits First .. First +
// Bits - 1 of a code.

/// Bits First .. First + Count - 1 (at most 8) of the codes of quad I of a block.
template <int Low, int High, int First, int Count, int I>
inline vb code_bits(const std::uint8_t* low, const std::uint8_t* high) {
  constexpr int mask = (1 << Count) - 1;
  if constexpr (First >= 8) {
    return and_bytes(shift_bits<First - 8>(quad_codes<High, I>(high)), mask);
  } else if constexpr (High == 0 || First + Count <= 8) {
    return and_bytes(shift_bits<First>(quad_codes<Low, I>(low)), mask);
  } else {
    constexpr int below = 8 - First;
    return or_bytes(
        and_bytes(shift_bits<First>(quad_codes<Low, I>(low)), (1 << below) - 1),
        and_bytes(shift_bits<-below>(quad_codes<High, I>(high)), mask & ~((1 << below) - 1)));
  }
}

/// The levels of Dim columns for each code: every vector of 64 codes is looked up in Dim tables of
/// 256 bytes. Plane j of quad q of codes becomes quad q * stride + j of the tile.
template <int Low, int High, int First, int Bits, int Dim>
[[gnu::flatten]] void read_planes(const std::uint8_t* low, const std::uint8_t* high, index_t blocks,
                                  const std::int8_t* tables, index_t stride, std::uint8_t* out) {
  constexpr int at_once = 4;  // tables that fit the registers
  static_assert(Dim % at_once == 0);
  for (int d = 0; d < Dim; d += at_once) {
    const std::int8_t* const table = tables + 256 * d;
    const byte_lut look_up[at_once] = {
        byte_lut(table, Bits), byte_lut(table + 256, Bits), byte_lut(table + 512, Bits),
        byte_lut(table + 768, Bits)};
    for (index_t b = 0; b < blocks; ++b)
      for (int part = 0; part < parts_of_tile; ++part)
        unroll<8>([&](auto i) __attribute__((always_inline)) {
          const int lane = part * 4 * lanes;
          if (d == 0 && part == 0) {
            fetch_ahead<Low, i>(low + b * 64 * Low);
            fetch_ahead<High, i>(high + b * 64 * High);
          }
          const vb codes = code_bits<Low, High, First, Bits, i>(low + b * 64 * Low + lane,
                                                                high + b * 64 * High + lane);
          std::uint8_t* const to = out + 64 * ((8 * b + i) * stride + d) + lane;
          unroll<at_once>([&](auto j) __attribute__((always_inline)) {
            store_bytes(to + 64 * j, look_up[j](codes));
          });
        });
  }
}

/// The index of every code of a quad, [row][code]: bytes, or words for more than 8 bits.
template <int Low, int High, int First, int Bits, int I, class Index>
inline void code_indices(const std::uint8_t* low, const std::uint8_t* high, Index* index) {
  alignas(64) std::uint8_t bytes[64], above[64];
  constexpr int count = Bits < 8 ? Bits : 8;
  std::uint8_t* const first = Bits > 8 ? bytes : reinterpret_cast<std::uint8_t*>(index);
  for (int lane = 0; lane < 64; lane += 4 * lanes)
    store_bytes(first + lane, code_bits<Low, High, First, count, I>(low + lane, high + lane));
  if constexpr (Bits > 8) {
    for (int lane = 0; lane < 64; lane += 4 * lanes)
      store_bytes(above + lane,
                  code_bits<Low, High, First + 8, Bits - 8, I>(low + lane, high + lane));
    for (int i = 0; i < 64; ++i) index[i] = Index(bytes[i] | above[i] << 8);
  }
}

/// The same levels, entry by entry: 4 Quads bytes each, and quad s of code c becomes quad
/// (c * Quads + s) * stride of the tile. Whole words are loaded and stored, which costs less than
/// any gather instruction on most machines.
template <int Low, int High, int First, int Bits, int Quads>
[[gnu::flatten]] void read_entries(const std::uint8_t* low, const std::uint8_t* high,
                                   index_t blocks, const std::int8_t* entries, index_t stride,
                                   std::uint8_t* out) {
  alignas(64) std::conditional_t<(Bits > 8), std::uint16_t, std::uint8_t> index[8 * 64];
  for (index_t b = 0; b < blocks; ++b) {
    unroll<8>([&](auto i) __attribute__((always_inline)) {
      fetch_ahead<Low, i>(low + b * 64 * Low);
      fetch_ahead<High, i>(high + b * 64 * High);
      code_indices<Low, High, First, Bits, i>(low + b * 64 * Low, high + b * 64 * High,
                                              index + 64 * i);
    });
    for (index_t c = 0; c < 32; ++c) {
      std::uint8_t* const to = out + 64 * (32 * b + c) * Quads * stride;
      const auto* const of_row = index + c / 4 * 64 + c % 4;
      unroll<row_ops::tile_rows>([&](auto r) __attribute__((always_inline)) {
        const std::int8_t* const entry = entries + std::size_t(of_row[4 * r]) * 4 * Quads;
        for (int s = 0; s < Quads; ++s)
          __builtin_memcpy(to + 64 * s * stride + 4 * r, entry + 4 * s, 4);
      });
    }
  }
}

/// One entry, times a scale.
template <int Quads, bool Add, bool Scaled>
inline void put_entry(const float* from, int dim, float scale, float* to) {
  if constexpr (Quads > 0) {
    unroll<Quads>([&](auto i) __attribute__((always_inline)) {
      v4 values = load4(from + 4 * i);
      if constexpr (Add) values = add4(load4(to + 4 * i), values);
      if constexpr (Scaled) values = scale4(scale, values);
      store4(to + 4 * i, values);
    });
  } else {
    for (int i = 0; i < dim; ++i) {
      const float value = Add ? add_rn(to[i], from[i]) : from[i];
      to[i] = Scaled ? mul_rn(scale, value) : value;
    }
  }
}
/// One table for a group of codes. Both bytes of a code are asked only where its index needs them.
template <int Quads, bool Both, bool Add, bool Scaled>
[[gnu::flatten]] inline void entry_values_of(const row_ops::entry_codes& codes, index_t first,
                                             index_t last, const row_ops::entry_table& table,
                                             float scale, float* out) {
  const index_t stride = codes.stride, before = first / 4 * 4;
  const std::uint8_t* low = codes.low + before / 4 * stride;
  const std::uint8_t* high = Both ? codes.high + before / 4 * stride : nullptr;
  const auto* const entries = reinterpret_cast<const std::uint8_t*>(table.entries);
  const int shift = table.first_bit, dim = Quads > 0 ? 4 * Quads : table.dim;
  const std::uint64_t mask = (std::uint64_t(1) << table.bits) - 1;
  out += before * dim;
  // Codes k of a quad; `wide` is the code in the low bits of a word that may hold more.
  const auto put = [&](int k, std::uint64_t wide) __attribute__((always_inline)) {
    constexpr std::uint64_t bytes = Quads > 0 ? 16 * Quads : 1;
    const std::uint64_t at = Quads > 0 ? (wide * bytes) & (mask * bytes)
                                       : (wide & mask) * 4 * std::uint64_t(dim);
    put_entry<Quads, Add, Scaled>(reinterpret_cast<const float*>(entries + at), dim, scale,
                                  out + k * dim);
  };
  const auto some = [&](index_t from, index_t to) {
    for (index_t k = from; k < to; ++k) {
      std::uint64_t code = low[k];
      if constexpr (Both) code |= std::uint64_t(high[k]) << 8;
      put(int(k), code >> shift);
    }
  };
  const auto next = [&] {
    low += stride;
    if constexpr (Both) high += stride;
    out += 4 * dim;
  };
  index_t left = last - before;
  if (first > before) {
    some(first - before, left < 4 ? left : 4);
    left -= 4;
    next();
  }
  for (; left >= 4; left -= 4, next()) {
    std::uint32_t word, above = 0;
    __builtin_memcpy(&word, low, 4);
    if constexpr (Both) __builtin_memcpy(&above, high, 4);
    const std::uint64_t all = std::uint64_t(word) >> shift;
    unroll<4>([&](auto k) __attribute__((always_inline)) {
      if constexpr (Both)
        put(k, ((word >> 8 * k & 255) | (above >> 8 * k & 255) << 8) >> shift);
      else
        put(k, all >> 8 * k);
    });
  }
  if (left > 0) some(0, left);
}
template <int Quads>
inline void entry_values_for(const row_ops::entry_codes& codes, index_t n,
                             const row_ops::entry_table& table, bool both, index_t width,
                             index_t used, const float* scales, float* out) {
  const auto choose = [&](auto scaled, index_t first, index_t last, float scale) {
    const auto run = [&](auto wide, auto add) {
      entry_values_of<Quads, wide, add, scaled>(codes, first, last, table, scale, out);
    };
    const std::true_type yes;
    const std::false_type no;
    if (both) table.add ? run(yes, yes) : run(yes, no);
    else table.add ? run(no, yes) : run(no, no);
  };
  if (scales == nullptr) return choose(std::false_type(), 0, n, 1);
  for (index_t g = 0, c = 0; c < n; ++g) {
    const index_t end = min_of(n, (g + 1) * width - used);
    choose(std::true_type(), c, end, scales[g]);
    c = end;
  }
}
template <class Later>
void entry_values(const row_ops::entry_codes& from, index_t n, const row_ops::entry_table& table,
                  index_t width, index_t used, const float* scales, float* out) {
  row_ops::entry_codes codes = from;
  row_ops::entry_table t = table;
  const bool both = t.first_bit < 8 && t.first_bit + t.bits > 8;
  if (t.first_bit >= 8) {
    codes.low = codes.high;
    t.first_bit -= 8;
  }
  if (t.dim == 4) entry_values_for<1>(codes, n, t, both, width, used, scales, out);
  else if (t.dim == 8) entry_values_for<2>(codes, n, t, both, width, used, scales, out);
  else entry_values_for<0>(codes, n, t, both, width, used, scales, out);
}
