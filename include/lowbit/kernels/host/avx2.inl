// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Primitives for AVX2, FMA and F16C: eight lanes.
constexpr int lanes = 8;
constexpr arch target_name = arch::avx2;
constexpr int tile_rows = 3, tile_tokens = 4, column_rows = 8;

using vf = __m256;
using vi = __m256i;
using vb = __m256i;  // 32 bytes

inline vf set1(float x) { return _mm256_set1_ps(x); }
inline vf load(const float* p) { return _mm256_loadu_ps(p); }
/// p[l / each] in lane l; `each` a power of two below the lanes.
inline vf spread(const float* p, int each) {
  const vi lane = _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
  const vi from = _mm256_srl_epi32(lane, _mm_cvtsi32_si128(__builtin_ctz(unsigned(each))));
  return _mm256_permutevar8x32_ps(load(p), from);
}
inline void store(float* p, vf a) { _mm256_storeu_ps(p, a); }
constexpr int stream_bytes = 32;
inline void stream(float* p, vf a) { _mm256_stream_ps(p, a); }
inline void stream_fence() { _mm_sfence(); }
inline vf mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
inline vf sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
inline vf fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
inline vf minus_product(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
inline vf sum_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
inline float sum_fma_of_one(float a, float b, float c) {
  return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
}
/// Four floats.
using v4 = __m128;
inline v4 load4(const float* p) { return _mm_loadu_ps(p); }
inline void store4(float* p, v4 a) { _mm_storeu_ps(p, a); }
inline v4 add4(v4 a, v4 b) { return _mm_add_ps(a, b); }
inline v4 scale4(float s, v4 a) { return _mm_mul_ps(_mm_set1_ps(s), a); }
inline float reduce(vf a) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  s = _mm_add_ss(s, _mm_movehdup_ps(s));
  return _mm_cvtss_f32(s);
}

inline vf div(vf a, vf b) { return _mm256_div_ps(a, b); }
inline vf add(vf a, vf b) { return _mm256_add_ps(a, b); }
inline vf max_size(vf a, vf b) {
  return _mm256_max_ps(a, _mm256_andnot_ps(_mm256_set1_ps(-0.f), b));
}
inline float reduce_max(vf a) {
  const __m128 h = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  const __m128 s = _mm_max_ps(h, _mm_movehl_ps(h, h));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
inline void store_int8(std::int8_t* p, vf a) {
  const __m256i q = _mm256_cvtps_epi32(a);
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
  const __m128i bytes = _mm_max_epi8(_mm_packs_epi16(words, words), _mm_set1_epi8(-127));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(p), bytes);
}

/// Eight codes sit in `bits` bytes; each lane fetches the two bytes that hold its own.
struct unpacker {
  static constexpr int reads = 8;
  struct places {
    alignas(32) std::uint8_t from[32];
    alignas(32) std::int32_t down[8];
  };
  static constexpr places of(int bits) {
    places p{};
    for (int l = 0; l < 8; ++l) {
      const int first = l * bits / 8;
      p.from[4 * l] = std::uint8_t(first);
      p.from[4 * l + 1] = std::uint8_t(first + 1 < 8 ? first + 1 : 0x80);
      p.from[4 * l + 2] = p.from[4 * l + 3] = 0x80;  // zero
      p.down[l] = l * bits % 8;
    }
    return p;
  }
  vi pick, shift, mask;
  explicit unpacker(int bits) {
    static constexpr places known[] = {of(0), of(1), of(2), of(3), of(4),
                                       of(5), of(6), of(7), of(8)};
    pick = _mm256_load_si256(reinterpret_cast<const __m256i*>(known[bits].from));
    shift = _mm256_load_si256(reinterpret_cast<const __m256i*>(known[bits].down));
    mask = _mm256_set1_epi32((1 << bits) - 1);
  }
  vi operator()(const std::uint8_t* p) const {
    long long word;
    __builtin_memcpy(&word, p, 8);
    const vi bytes = _mm256_shuffle_epi8(_mm256_set1_epi64x(word), pick);
    return _mm256_and_si256(_mm256_srlv_epi32(bytes, shift), mask);
  }
};
inline vf to_float(vi a) { return _mm256_cvtepi32_ps(a); }
inline vf whole_numbers(const std::int8_t* p) {
  return to_float(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
struct lut16 {
  vf low, high;
  explicit lut16(const float* t) : low(load(t)), high(load(t + 8)) {}
  vf operator()(vi c) const {
    return _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, c), _mm256_permutevar8x32_ps(high, c),
                            _mm256_castsi256_ps(_mm256_slli_epi32(c, 28)));
  }
};
inline vf gather(const float* table, vi c) {
  alignas(32) std::uint32_t i[8];
  _mm256_store_si256(reinterpret_cast<__m256i*>(i), c);
  return _mm256_setr_ps(table[i[0]], table[i[1]], table[i[2]], table[i[3]], table[i[4]],
                        table[i[5]], table[i[6]], table[i[7]]);
}
inline vi and_ints(vi a, int mask) { return _mm256_and_si256(a, _mm256_set1_epi32(mask)); }
inline vi or_ints(vi a, vi b) { return _mm256_or_si256(a, b); }
inline vi shift_up(vi a, int by) { return _mm256_sll_epi32(a, _mm_cvtsi32_si128(by)); }
inline vf exponents_to_float(vi a) {  // 2^(a - 127), 0 .. 255
  return _mm256_castsi256_ps(
      _mm256_max_epi32(_mm256_slli_epi32(a, 23), _mm256_set1_epi32(0x400000)));
}
inline vf halves_to_float(vi a) {
  return _mm256_cvtph_ps(
      _mm_packus_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1)));
}
/// Bytes as halves: shifted up, their sign on top of each other, the bits of `mask` kept.
inline vf byte_halves(const std::uint8_t* p, int up, int mask) {
  const __m128i words = _mm_cvtepi8_epi16(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p)));
  const __m128i moved = _mm_sll_epi16(words, _mm_cvtsi32_si128(up));
  return _mm256_cvtph_ps(_mm_and_si128(moved, _mm_set1_epi16(short(mask))));
}
inline vf load_f16(const std::uint8_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline vf load_bf16(const std::uint8_t* p) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(
      _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))), 16));
}

/// Sixteen codes sit in 2 * bits bytes; each 16-bit lane fetches its two bytes, and a product moves
/// its code to the top (AVX2 has no variable shift of 16-bit lanes).
struct byte_unpacker {
  static constexpr int codes = 32, reads = 32;
  struct places {
    alignas(32) std::uint8_t from[32];
    alignas(32) std::uint16_t factor[16];
  };
  static constexpr places of(int bits) {
    places p{};
    for (int l = 0; l < 16; ++l) {
      const int first = l * bits / 8, rest = l * bits % 8;
      p.from[2 * l] = std::uint8_t(first);
      p.from[2 * l + 1] = std::uint8_t(first + 1 < 16 ? first + 1 : 0x80);
      p.factor[l] = std::uint16_t(1u << (16 - bits - rest));
    }
    return p;
  }
  int bits;
  vi pick, up;
  __m128i down;
  explicit byte_unpacker(int b) : bits(b), down(_mm_cvtsi32_si128(16 - b)) {
    static constexpr places known[] = {of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8)};
    pick = _mm256_load_si256(reinterpret_cast<const __m256i*>(known[b - 1].from));
    up = _mm256_load_si256(reinterpret_cast<const __m256i*>(known[b - 1].factor));
  }
  vi words(const std::uint8_t* p) const {
    const vi both =
        _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm256_srl_epi16(_mm256_mullo_epi16(_mm256_shuffle_epi8(both, pick), up), down);
  }
  vb operator()(const std::uint8_t* p) const {
    if (bits == 8) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm256_permute4x64_epi64(_mm256_packus_epi16(words(p), words(p + 2 * bits)), 0xd8);
  }
};
inline vb add_bytes(vb a, int by) {
  return _mm256_add_epi8(a, _mm256_set1_epi8(static_cast<char>(by)));
}
inline void store_bytes(std::int8_t* p, vb a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a);
}
/// Widths whose look-ups stay in registers.
constexpr int register_bits = 4;
/// Bytes by codes of up to Bits bits, the lowest four of which are in `low` too: a choice by the
/// uppermost bit between two look-ups.
template <int Bits>
inline vb look_up_bytes(const std::int8_t* table, vb codes, vb low) {
  if constexpr (Bits <= 4) {
    const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(sixteen), low);
  } else {
    return _mm256_blendv_epi8(look_up_bytes<Bits - 1>(table, codes, low),
                              look_up_bytes<Bits - 1>(table + (1 << (Bits - 1)), codes, low),
                              _mm256_slli_epi16(codes, 8 - Bits));
  }
}
template <int Bits>
inline vb look_up_bytes(const std::int8_t* table, vb codes) {
  const vb low = Bits <= 4 ? codes : _mm256_and_si256(codes, _mm256_set1_epi8(15));
  return look_up_bytes<Bits>(table, codes, low);
}
struct byte_lut {
  const std::int8_t* table;
  int bits;
  /// Of 256 levels of floats that became integers the upper half is the lower one with another
  /// sign, and the lowest 48 of each are 0: a third of the work.
  bool floating = false;
  byte_lut(const std::int8_t* t, int b) : table(t), bits(b) {
    if (bits == 8) {
      vi rest = _mm256_or_si256(at(0), at(16));
      for (int i = 0; i < 128; i += 32)
        rest = _mm256_or_si256(rest, _mm256_add_epi8(at(i), at(128 + i)));
      floating = _mm256_testz_si256(rest, rest);
    }
  }
  [[gnu::always_inline]] vb operator()(vb c) const {
    return bits <= 4 ? look_up_bytes<4>(table, c) : of_many(c);
  }

 private:
  vi at(int i) const { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(table + i)); }
  vb of_many(vb c) const {
    return bits == 5   ? look_up_bytes<5>(table, c)
           : bits == 6 ? look_up_bytes<6>(table, c)
           : bits == 7 ? look_up_bytes<7>(table, c)
           : floating  ? of_floats(c)
                       : look_up_bytes<8>(table, c);
  }
  vb of_floats(vb c) const {
    const vb magnitudes = _mm256_and_si256(c, _mm256_set1_epi8(127));
    const vb below = _mm256_sub_epi8(magnitudes, _mm256_set1_epi8(48));  // negative: 0
    const vb levels =
        _mm256_blendv_epi8(look_up_bytes<4>(table + 48, below), look_up_bytes<6>(table + 64, c),
                           _mm256_slli_epi16(c, 1));
    return _mm256_sign_epi8(levels, c);
  }
};

/// Levels as quads, see tiles.inl: fields by way of halves, whose subnormals cost nothing. The
/// quads of rows 0 1, 4 5, 2 3 and 6 7.
template <int Bits, level_kind Kind>
struct quad_levels {
  static constexpr bool here = is_fields(Kind), by_columns = false, pairs_of_rows = true;
  static constexpr int exponent = exponent_bits(Kind);
  static constexpr int up = 8 - field_bits(Kind), down = 5 - exponent;
  static constexpr int bias = 15 - (1 << exponent >> 1) + 1;
  explicit quad_levels(const row_ops::tile_values&) {}
  void operator()(vb codes, vf (&v)[4]) const {
    const vi zero = _mm256_setzero_si256();
    const vi words[2] = {_mm256_unpacklo_epi8(zero, codes), _mm256_unpackhi_epi8(zero, codes)};
    for (int i = 0; i < 2; ++i) {
      // The sign stays on top; the exponent's upper bits are zero.
      const vi half =
          _mm256_and_si256(_mm256_srai_epi16(_mm256_slli_epi16(words[i], up), down),
                           _mm256_set1_epi16(short(0x8000 | ((0x8000 >> down) - 1))));
      const vf by = _mm256_set1_ps(float(1 << bias));
      v[2 * i] = _mm256_mul_ps(_mm256_cvtph_ps(_mm256_castsi256_si128(half)), by);
      v[2 * i + 1] = _mm256_mul_ps(_mm256_cvtph_ps(_mm256_extracti128_si256(half, 1)), by);
    }
  }
};
/// Levels of up to 6 bits, looked up byte by byte: the quads of rows 0 4, 1 5, 2 6 and 3 7.
template <int Bits, level_kind Kind>
  requires(!is_fields(Kind) && Kind != level_kind::codes && Bits <= 6)
struct quad_levels<Bits, Kind> {
  static constexpr bool here = true, by_columns = false, pairs_of_rows = false;
  static constexpr int width = Bits <= 4 ? 4 : Bits, stride = width == 4 ? 16 : 256;
  std::int8_t own[width == 4 ? 64 : 1];  // planes of 16 levels, which come without
  const std::int8_t* planes;
  bool upper = Kind == level_kind::table256_upper;  // the other halves of all levels are 0
  explicit quad_levels(const row_ops::tile_values& w) : planes(w.planes) {
    if constexpr (width == 4) {
      std::uint32_t lower = 0;
      for (int c = 0; c < 16; ++c) {
        const auto bits = bits_as<std::uint32_t>(w.table[c]);
        for (int b = 0; b < 4; ++b) own[16 * (3 - b) + c] = std::int8_t(bits >> 8 * b);
        lower |= bits << 16;
      }
      upper = lower == 0;
    }
  }
  void operator()(vb codes, vf (&v)[4]) const {
    const auto byte = [&](int b) __attribute__((always_inline)) {
      return look_up_bytes<width>((width == 4 ? own : planes) + stride * (3 - b), codes);
    };
    const vb a = byte(3), b = byte(2);
    vi lower[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    if (Kind != level_kind::table256_upper && !upper) {
      const vb c = byte(1), d = byte(0);
      lower[0] = _mm256_unpacklo_epi8(d, c);
      lower[1] = _mm256_unpackhi_epi8(d, c);
    }
    const vi higher[2] = {_mm256_unpacklo_epi8(b, a), _mm256_unpackhi_epi8(b, a)};
    for (int i = 0; i < 2; ++i) {
      v[2 * i] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(lower[i], higher[i]));
      v[2 * i + 1] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(lower[i], higher[i]));
    }
  }
};
inline vf broadcast_floats(const float* x) {
  return _mm256_broadcast_ps(reinterpret_cast<const __m128*>(x));
}
template <class Levels>
inline void quads_to_columns(vf (&s)[4]) {
  vf r04 = s[0], r15 = s[1], r26 = s[2], r37 = s[3];
  if constexpr (Levels::pairs_of_rows) {
    r04 = _mm256_permute2f128_ps(s[0], s[1], 0x20);
    r15 = _mm256_permute2f128_ps(s[0], s[1], 0x31);
    r26 = _mm256_permute2f128_ps(s[2], s[3], 0x20);
    r37 = _mm256_permute2f128_ps(s[2], s[3], 0x31);
  }
  const __m256d a = _mm256_castps_pd(_mm256_unpacklo_ps(r04, r15));
  const __m256d b = _mm256_castps_pd(_mm256_unpackhi_ps(r04, r15));
  const __m256d c = _mm256_castps_pd(_mm256_unpacklo_ps(r26, r37));
  const __m256d d = _mm256_castps_pd(_mm256_unpackhi_ps(r26, r37));
  s[0] = _mm256_castpd_ps(_mm256_unpacklo_pd(a, c));
  s[1] = _mm256_castpd_ps(_mm256_unpackhi_pd(a, c));
  s[2] = _mm256_castpd_ps(_mm256_unpacklo_pd(b, d));
  s[3] = _mm256_castpd_ps(_mm256_unpackhi_pd(b, d));
}

// Tiles: eight rows in the lanes, four columns in a lane's bytes.

inline vb load_bytes(const std::uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
/// a, in a register from here on.
inline vb in_register(vb a) {
  asm("" : "+x"(a));
  return a;
}
inline void store_bytes(std::uint8_t* p, vb a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a);
}
inline vb and_bytes(vb a, int mask) {
  return _mm256_and_si256(a, _mm256_set1_epi8(static_cast<char>(mask)));
}
inline vb or_bytes(vb a, vb b) { return _mm256_or_si256(a, b); }
template <int S>
inline vb shift_bits(vb a) {
  if constexpr (S > 0) return _mm256_srli_epi16(a, S);
  else if constexpr (S < 0) return _mm256_slli_epi16(a, -S);
  else return a;
}
inline vi load_words(const std::uint8_t* p) { return load_bytes(p); }
inline void store_words(std::uint8_t* p, vi a) { store_bytes(p, a); }
template <int S>
inline vi shift_words(vi a) {
  if constexpr (S > 0) return _mm256_srli_epi32(a, S);
  else return _mm256_slli_epi32(a, -S);
}
template <int J>
inline vi down_bytes(vb a) {
  if constexpr (J == 0) return a;
  else return _mm256_srli_epi32(a, 8 * J);
}
inline vi low_byte(vi a) { return _mm256_and_si256(a, _mm256_set1_epi32(255)); }

inline vi zeros() { return _mm256_setzero_si256(); }
inline vi add_ints(vi a, vi b) { return _mm256_add_epi32(a, b); }
inline vb broadcast_quad(const std::int8_t* x) {
  std::int32_t quad;
  __builtin_memcpy(&quad, x, 4);
  return _mm256_set1_epi32(quad);
}
/// Sums of pairs of products in 16 bits: of unsigned bytes up to `most`, so many fit (|x| <= 127).
constexpr int small_depth(int most) {
  const int sums = 32767 / (2 * 127 * most);
  return sums >= 8 ? 8 : sums >= 4 ? 4 : sums;
}
inline vi dot_small(vi sum, vb w, vb x) {
  return _mm256_add_epi16(sum, _mm256_maddubs_epi16(w, x));
}
inline vi widened(vi sum) { return _mm256_madd_epi16(sum, _mm256_set1_epi16(1)); }
/// Widened sums times integers: eight of those, each twice, as words in the places of the sums.
inline vi word_pairs(const std::int8_t* integers) {
  const vi pick = _mm256_setr_epi8(-1, 0, -1, 0, -1, 1, -1, 1, -1, 2, -1, 2, -1, 3, -1, 3,  //
                                   -1, 4, -1, 4, -1, 5, -1, 5, -1, 6, -1, 6, -1, 7, -1, 7);
  std::int64_t eight;
  __builtin_memcpy(&eight, integers, 8);
  return _mm256_srai_epi16(_mm256_shuffle_epi8(_mm256_set1_epi64x(eight), pick), 8);
}
inline vi broadcast_word(const std::int32_t* p) { return _mm256_set1_epi32(*p); }
inline vi scaled_pairs(vi sum, vi pairs) { return _mm256_madd_epi16(sum, pairs); }
/// |w| times sign(w) x: pairs of products stay below 2^15 while |x| <= 127.
constexpr int level_bias = 0;
inline vi dot_levels(vi sum, vb w, vb x) {
  const vi pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
  return _mm256_add_epi32(sum, widened(pairs));
}
/// Pairs of products of 8-bit codes would not fit 16 bits: those become levels of -128 to 127.
template <int Bits>
inline constexpr int code_bias = Bits == 8 ? 128 : 0;
template <int Bits>
inline vi dot_codes(vi sum, vb w, vb x) {
  static_assert(Bits == 8, "codes of fewer bits are small");
  return dot_levels(sum, _mm256_xor_si256(w, _mm256_set1_epi8(static_cast<char>(0x80))), x);
}

inline void transpose_block(const std::uint8_t* in, index_t stride, std::uint8_t* out) {
  vi a[8], b[8];
  for (int r = 0; r < 8; ++r) a[r] = load_bytes(in + r * stride);
  for (int i = 0; i < 8; i += 2) {
    b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
    b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    a[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
    a[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
    a[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
    a[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
  }
  for (int j = 0; j < 4; ++j) {
    store_bytes(out + 64 * j, _mm256_permute2x128_si256(a[j], a[4 + j], 0x20));
    store_bytes(out + 64 * (4 + j), _mm256_permute2x128_si256(a[j], a[4 + j], 0x31));
  }
}

// Encoding.

/// Products are so much faster than quotients that several of them pay.
constexpr bool fast_products = false;
/// q with the sign of x s as well.
inline vf with_sign_of_product(vf q, vf, vf) { return q; }
/// A product that is rounded before anything is added to it.
inline vf mul_apart(vf a, vf b) {
  vf product = _mm256_mul_ps(a, b);
  asm("" : "+x"(product));
  return product;
}
inline vf smaller(vf a, vf b) { return _mm256_min_ps(a, b); }
inline vf larger(vf a, vf b) { return _mm256_max_ps(a, b); }
inline vf round_even(vf a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
inline vi to_ints(vf a) { return _mm256_cvttps_epi32(a); }
inline vi bits_of(vf a) { return _mm256_castps_si256(a); }
inline vf float_of(vi a) { return _mm256_castsi256_ps(a); }
inline vi set1_int(int a) { return _mm256_set1_epi32(a); }
inline vi smaller_unsigned(vi a, vi b) { return _mm256_min_epu32(a, b); }
inline void store_bits(std::uint32_t* p, vi a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a);
}
inline vi smaller_ints(vi a, vi b) { return _mm256_min_epi32(a, b); }
inline vi larger_ints(vi a, vi b) { return _mm256_max_epi32(a, b); }
inline vi shift_down(vi a, int by) { return _mm256_srl_epi32(a, _mm_cvtsi32_si128(by)); }
inline vi ordered_bits(vi a) {
  return _mm256_xor_si256(a, _mm256_srli_epi32(_mm256_srai_epi32(a, 31), 1));
}
/// to + step where a > b, else `to`.
inline vi add_above(vi to, vi a, vi b, int step) {
  return _mm256_add_epi32(to, _mm256_and_si256(_mm256_cmpgt_epi32(a, b), _mm256_set1_epi32(step)));
}
/// `value` where a > b, else 0.
inline vi above(vi a, vi b, vi value) { return _mm256_and_si256(_mm256_cmpgt_epi32(a, b), value); }
/// Bits of a where the mask has ones, else of b.
inline vi choose(vi mask, vi a, vi b) {
  return _mm256_or_si256(_mm256_and_si256(mask, a), _mm256_andnot_si256(mask, b));
}
inline void store_low_bytes(std::uint8_t* p, vi a) {
  const vi pick = _mm256_set1_epi32(0x0c080400), bytes = _mm256_shuffle_epi8(a, pick);
  const int low = _mm256_extract_epi32(bytes, 0), high = _mm256_extract_epi32(bytes, 4);
  __builtin_memcpy(p, &low, 4);
  __builtin_memcpy(p + 4, &high, 4);
}
inline void store_low_words(std::uint8_t* p, vi a) {
  const vi low = _mm256_and_si256(a, _mm256_set1_epi32(0xffff));
  _mm_storeu_si128(
      reinterpret_cast<__m128i*>(p),
      _mm_packus_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1)));
}
/// Codes of up to 8 bits, one per byte -> a stream: neighbours join into 16, 32 and 64 bits.
struct byte_packer {
  static constexpr int codes = 32;
  struct places {
    alignas(32) std::uint8_t from[32];
  };
  static constexpr places of(int bits) {
    places p{};
    for (int i = 0; i < 32; ++i)
      p.from[i] = std::uint8_t(i % 16 < 2 * bits ? i % 16 / bits * 8 + i % 16 % bits : 0x80);
    return p;
  }
  int bits;
  vi pairs, quads, pick;
  __m128i up;
  explicit byte_packer(int b)
      : bits(b),
        pairs(_mm256_set1_epi16(static_cast<short>(1 | 1 << (8 + (b & 7))))),
        quads(_mm256_set1_epi32(1 | 1 << (16 + 2 * (b & 7)))),
        up(_mm_cvtsi32_si128(4 * b)) {
    static constexpr places known[] = {of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8)};
    pick = _mm256_load_si256(reinterpret_cast<const __m256i*>(known[b - 1].from));
  }
  void operator()(const std::uint8_t* p, std::uint8_t* stream) const {
    const vi c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    if (bits == 8) return _mm256_storeu_si256(reinterpret_cast<__m256i*>(stream), c);
    const vi four = _mm256_madd_epi16(_mm256_maddubs_epi16(pairs, c), quads);
    const vi low = _mm256_and_si256(four, _mm256_set1_epi64x(0xffffffff));
    const vi eight = _mm256_or_si256(low, _mm256_sll_epi64(_mm256_srli_epi64(four, 32), up));
    const vi all = _mm256_shuffle_epi8(eight, pick);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(stream), _mm256_castsi256_si128(all));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(stream + 2 * bits),
                     _mm256_extracti128_si256(all, 1));
  }
};
/// Sums of products of floats in binary64, one per lane; each product is exact.
struct squares {
  __m256d low, high;
  void add(vf a, vf b) {
    low = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm256_castps256_ps128(a)),
                          _mm256_cvtps_pd(_mm256_castps256_ps128(b)), low);
    high = _mm256_fmadd_pd(_mm256_cvtps_pd(_mm256_extractf128_ps(a, 1)),
                           _mm256_cvtps_pd(_mm256_extractf128_ps(b, 1)), high);
  }
};
/// The sum of sixteen partial sums, as ordered_sum has it.
inline double ordered_total(const squares (&sums)[2]) {
  const __m256d four = _mm256_add_pd(_mm256_add_pd(sums[0].low, sums[1].low),
                                     _mm256_add_pd(sums[0].high, sums[1].high));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}
