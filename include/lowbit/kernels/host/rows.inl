// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel text: codes to levels, levels to values. Included once per target, after its primitives.

/// Calls f(0) ... f(N - 1), unrolled with constant arguments, so that arrays of sums are registers
/// at any optimisation level.
template <int N, class F>
[[gnu::always_inline]] inline void unroll(F f) {
  [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, I>{}), ...);
  }
  (std::make_integer_sequence<int, N>{});
}

/// Calls f(pointer) for each step of a stream of codes; the last ones, where a full read would
/// leave the buffer, from a copy.
template <class F>
inline void for_codes(const std::uint8_t* codes, index_t readable, index_t n, int per_step,
                      int step_bytes, int reads, F f) {
  index_t i = 0, at = 0;
  for (; i < n && at + reads <= readable; i += per_step, at += step_bytes) f(codes + at, i);
  for (; i < n; i += per_step, at += step_bytes) {
    std::uint8_t copy[96] = {};
    const index_t left = readable - at;
    if (left > 0) __builtin_memcpy(copy, codes + at, std::size_t(left < reads ? left : reads));
    f(copy, i);
  }
}

inline void levels_affine(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                          float slope, float intercept, float* out) {
  const unpacker unpack(bits);
  const vf s = set1(slope), z = set1(intercept);
  for_codes(
      codes, readable, n, lanes, lanes * bits / 8, unpacker::reads,
      [&](const std::uint8_t* p, index_t i) { store(out + i, fma(to_float(unpack(p)), s, z)); });
}

inline void levels_table(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                         const float* table, int level_bits, float* out) {
  const unpacker unpack(bits);
  if (level_bits <= 4) {
    float small[16];
    for (int i = 0; i < 16; ++i) small[i] = table[i & ((1 << level_bits) - 1)];
    const lut16 look_up(small);
    for_codes(codes, readable, n, lanes, lanes * bits / 8, unpacker::reads,
              [&](const std::uint8_t* p, index_t i) { store(out + i, look_up(unpack(p))); });
  } else {
    for_codes(codes, readable, n, lanes, lanes * bits / 8, unpacker::reads,
              [&](const std::uint8_t* p, index_t i) { store(out + i, gather(table, unpack(p))); });
  }
}

inline void levels_sets(const std::uint8_t* codes, index_t n, index_t width, index_t used,
                        const float* selector, const float* sets, int level_bits, float* out) {
  const unpacker unpack(8);
  const int stride = level_bits <= 4 ? 16 : 1 << level_bits;
  index_t i = 0;
  for (index_t g = 0; i < n; ++g) {
    const index_t stop = min_of(n, (g + 1) * width - used);
    const float* const set = sets + int(selector[g]) * stride;
    if (level_bits <= 4) {
      const lut16 look_up(set);
      for (; i + lanes <= stop; i += lanes) store(out + i, look_up(unpack(codes + i)));
    }
    for (; i < stop; ++i) out[i] = set[codes[i]];
  }
}

/// By way of halves, which all these fields fit: unlike those of binary32, their subnormals cost
/// nothing.
inline void levels_field(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                         int exponent_bits, int mantissa_bits, int bias, bool is_signed,
                         float* out) {
  const unpacker unpack(bits);
  const int low = exponent_bits + mantissa_bits;
  const int magnitude_mask = (1 << low) - 1, sign_mask = is_signed ? 1 << low : 0;
  const vf rebias = set1(exp2_int(15 - bias));
  if (bits == 8 && (!is_signed || low == 7)) {  // the sign on top
    const int up = 10 - mantissa_bits;
    const int mask = magnitude_mask << up | (is_signed ? 0x8000 : 0);
    for_codes(codes, readable, n, lanes, lanes, lanes, [&](const std::uint8_t* p, index_t i) {
      store(out + i, mul(byte_halves(p, up, mask), rebias));
    });
    return;
  }
  for_codes(codes, readable, n, lanes, lanes * bits / 8, unpacker::reads,
            [&](const std::uint8_t* p, index_t i) {
              const vi c = unpack(p);
              const vi half = or_ints(shift_up(and_ints(c, magnitude_mask), 10 - mantissa_bits),
                                      shift_up(and_ints(c, sign_mask), 15 - low));
              store(out + i, mul(halves_to_float(half), rebias));
            });
}

inline void levels_exponent(const std::uint8_t* codes, index_t readable, index_t n, float* out) {
  const unpacker unpack(8);
  for_codes(
      codes, readable, n, lanes, lanes, unpacker::reads,
      [&](const std::uint8_t* p, index_t i) { store(out + i, exponents_to_float(unpack(p))); });
}

inline void levels_f16(const std::uint8_t* codes, index_t readable, index_t n, float* out) {
  for_codes(codes, readable, n, lanes, 2 * lanes, 2 * lanes,
            [&](const std::uint8_t* p, index_t i) { store(out + i, load_f16(p)); });
}
inline void levels_bf16(const std::uint8_t* codes, index_t readable, index_t n, float* out) {
  for_codes(codes, readable, n, lanes, 2 * lanes, 2 * lanes,
            [&](const std::uint8_t* p, index_t i) { store(out + i, load_bf16(p)); });
}

/// Calls f(value, column, j) for every element, j being 0 to 3 in turns, and 0 for the last n % 4.
/// Values are widened side by side.
template <class Index, class F>
inline void for_elements_of(const std::uint8_t* values, index_t readable,
                            const std::uint8_t* columns, index_t n, F f) {
  constexpr index_t piece = 64;
  alignas(64) float wide[piece];
  for (index_t first = 0; first < n; first += piece) {
    const index_t m = min_of(piece, n - first);
    levels_f16(values + 2 * first, readable - 2 * first, m, wide);
    const auto one = [&](index_t i, auto j) __attribute__((always_inline)) {
      Index column;
      __builtin_memcpy(&column, columns + (first + i) * index_t(sizeof(Index)), sizeof(Index));
      f(wide[i], column, j);
    };
    index_t i = 0;
    for (; i + 4 <= m; i += 4)
      unroll<4>([&](auto j) __attribute__((always_inline)) { one(i + j, j); });
    for (; i < m; ++i) one(i, std::integral_constant<int, 0>());
  }
}
template <class F>
inline void for_elements(const std::uint8_t* values, index_t readable,
                         const std::uint8_t* columns, int column_bytes, index_t n, F f) {
  if (column_bytes == 2) for_elements_of<std::uint16_t>(values, readable, columns, n, f);
  else for_elements_of<std::uint32_t>(values, readable, columns, n, f);
}
/// What values are multiplied with is fetched one by one, which gathers do not beat.
inline float dot_elements(const std::uint8_t* values, index_t readable,
                          const std::uint8_t* columns, int column_bytes, index_t n,
                          const float* x) {
  float sum[4] = {};
  for_elements(values, readable, columns, column_bytes, n,
               [&](float value, index_t column, auto j) __attribute__((always_inline)) {
                 sum[j] = sum_fma_of_one(value, x[column], sum[j]);
               });
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}
inline void dot_elements_tile(const std::uint8_t* values, index_t readable,
                              const std::uint8_t* columns, int column_bytes, index_t n,
                              const float* x, float* out) {
  constexpr int parts = row_ops::tile_rows / lanes;
  vf sum[4][parts];
  unroll<4>([&](auto j) { unroll<parts>([&](auto p) { sum[j][p] = set1(0); }); });
  for_elements(values, readable, columns, column_bytes, n,
               [&](float value, index_t column, auto j) __attribute__((always_inline)) {
                 unroll<parts>([&](auto p) __attribute__((always_inline)) {
                   const vf at = load(x + column * row_ops::tile_rows + p * lanes);
                   sum[j][p] = sum_fma(set1(value), at, sum[j][p]);
                 });
               });
  unroll<parts>([&](auto p) {
    store(out + p * lanes, add(add(sum[0][p], sum[1][p]), add(sum[2][p], sum[3][p])));
  });
}

/// The parameters of a vector of values: of one group, or of narrow groups.
struct one_group {
  index_t g;
  vf operator()(const float* p) const { return set1(p[g]); }
};
struct narrow_groups {
  index_t first;
  int width;
  vf operator()(const float* p) const { return spread(p + first, width); }
};
/// Calls whole(i, parameters) for full vectors and one(i, g) for the rest of each group.
template <class Whole, class One>
inline void for_groups(index_t n, index_t width, index_t used, Whole whole, One one) {
  if (width < lanes && lanes % width == 0 && used == 0) {
    for (index_t i = 0; i < n; i += lanes) whole(i, narrow_groups{i / width, int(width)});
    return;
  }
  index_t i = 0;
  for (index_t g = 0; i < n; ++g) {
    const index_t end = min_of(n, (g + 1) * width - used);
    for (; i + lanes <= end; i += lanes) whole(i, one_group{g});
    for (; i < end; ++i) one(i, g);
  }
}

inline void scale(float* v, index_t n, index_t width, index_t used, const float* s) {
  for_groups(
      n, width, used, [&](index_t i, auto of) { store(v + i, mul(of(s), load(v + i))); },
      [&](index_t i, index_t g) { v[i] = mul_rn(s[g], v[i]); });
}
inline void scale_minus_zero(float* v, index_t n, index_t width, index_t used, const float* s,
                             const float* z) {
  for_groups(
      n, width, used,
      [&](index_t i, auto of) { store(v + i, mul(of(s), sub(load(v + i), of(z)))); },
      [&](index_t i, index_t g) { v[i] = mul_rn(s[g], v[i] - z[g]); });
}
inline void scale_plus(float* v, index_t n, index_t width, index_t used, const float* s,
                       const float* m) {
  for_groups(
      n, width, used, [&](index_t i, auto of) { store(v + i, fma(of(s), load(v + i), of(m))); },
      [&](index_t i, index_t g) { v[i] = fma_rn(s[g], v[i], m[g]); });
}

inline void scale_tile(float* v, index_t n, index_t width, index_t used, const float* s,
                       const float* m) {
  constexpr int rows = row_ops::tile_rows;
  for (index_t c = 0, g = 0; c < n; ++g) {
    const index_t end = min_of(n, (g + 1) * width - used);
    for (int lane = 0; lane < rows; lane += lanes) {
      const vf factor = load(s + g * rows + lane), zero = set1(0);
      const vf more = m != nullptr ? load(m + g * rows + lane) : zero;
      for (index_t i = c * rows + lane; i < end * rows; i += rows)
        store(v + i, m != nullptr ? fma(factor, load(v + i), more) : mul(factor, load(v + i)));
    }
    c = end;
  }
}

/// Codes as they are, in the place of a table.
struct same_bytes {
  [[gnu::always_inline]] vb operator()(const vb& codes) const { return codes; }
};
/// Codes and a constant.
struct moved_bytes {
  int by;
  [[gnu::always_inline]] vb operator()(const vb& codes) const { return add_bytes(codes, by); }
};
template <class LookUp>
inline void bytes_with(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                       const LookUp& look_up, std::int8_t* out) {
  const byte_unpacker unpack(bits);
  constexpr int step = byte_unpacker::codes;
  for_codes(codes, readable, n, step, step * bits / 8, byte_unpacker::reads,
            [&](const std::uint8_t* p, index_t i) { store_bytes(out + i, look_up(unpack(p))); });
}
inline void bytes_table(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                        const std::int8_t* table, std::int8_t* out) {
  if (table == nullptr)
    bytes_with(codes, readable, bits, n, same_bytes(), out);
  else
    bytes_with(codes, readable, bits, n, byte_lut(table, bits), out);
}
inline void bytes_moved(const std::uint8_t* codes, index_t readable, int bits, index_t n, int by,
                        std::int8_t* out) {
  bytes_with(codes, readable, bits, n, moved_bytes{by}, out);
}
inline void copy_past_caches(const float* from, index_t n, float* to, bool last) {
  index_t i = 0;
  const auto misaligned = [&] { return reinterpret_cast<std::uintptr_t>(to + i) % stream_bytes; };
  for (; i < n && misaligned() != 0; ++i) to[i] = from[i];
  for (; i + lanes <= n; i += lanes) stream(to + i, load(from + i));
  if (i < n) __builtin_memcpy(to + i, from + i, std::size_t(n - i) * sizeof(float));
  if (last) stream_fence();
}
inline float absmax(const float* x, index_t n) {
  vf top = set1(0);
  index_t i = 0;
  for (; i + lanes <= n; i += lanes) top = max_size(top, load(x + i));
  float most = reduce_max(top);
  for (; i < n; ++i) most = magnitude(x[i]) > most ? magnitude(x[i]) : most;
  return most;
}
inline void quantize(const float* x, index_t n, float s, std::int8_t* out) {
  if (s == 0) {
    for (index_t i = 0; i < n; ++i) out[i] = 0;
    return;
  }
  index_t i = 0;
  for (; i + lanes <= n; i += lanes) store_int8(out + i, div(load(x + i), set1(s)));
  for (; i < n; ++i) out[i] = std::int8_t(kernels::int8_activation_level(x[i], s));
}
