// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Primitives for AVX-512 (F, BW, DQ, VL, VNNI, VBMI): sixteen lanes.
constexpr int lanes = 16;
constexpr arch target_name = arch::avx512;
constexpr int tile_rows = 4, tile_tokens = 4, column_rows = 8;

using vf = __m512;
using vi = __m512i;
using vb = __m512i;  // 64 bytes

inline vf set1(float x) { return _mm512_set1_ps(x); }
inline vf load(const float* p) { return _mm512_loadu_ps(p); }
/// p[l / each] in lane l; `each` a power of two below the lanes.
inline vf spread(const float* p, int each) {
  const vi lane = _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  const vi from = _mm512_srl_epi32(lane, _mm_cvtsi32_si128(__builtin_ctz(unsigned(each))));
  return _mm512_permutexvar_ps(from, load(p));
}
inline void store(float* p, vf a) { _mm512_storeu_ps(p, a); }
constexpr int stream_bytes = 64;
inline void stream(float* p, vf a) { _mm512_stream_ps(p, a); }
inline void stream_fence() { _mm_sfence(); }
inline vf mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
inline vf sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
inline vf fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
inline vf minus_product(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }  // c - a b
inline vf sum_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
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
  const __m256 h = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(h), _mm256_extractf128_ps(h, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  s = _mm_add_ss(s, _mm_movehdup_ps(s));
  return _mm_cvtss_f32(s);
}

inline vf div(vf a, vf b) { return _mm512_div_ps(a, b); }
inline vf add(vf a, vf b) { return _mm512_add_ps(a, b); }
inline vf max_size(vf a, vf b) { return _mm512_max_ps(a, _mm512_abs_ps(b)); }
inline float reduce_max(vf a) {
  const __m256 q = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 h = _mm_max_ps(_mm256_castps256_ps128(q), _mm256_extractf128_ps(q, 1));
  const __m128 s = _mm_max_ps(h, _mm_movehl_ps(h, h));
  return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}
inline void store_int8(std::int8_t* p, vf a) {
  const vi q = _mm512_max_epi32(_mm512_cvtps_epi32(a), _mm512_set1_epi32(-127));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtsepi32_epi8(q));
}

/// Sixteen codes sit in 2 * bits bytes; each lane fetches the two bytes that hold its own.
struct unpacker {
  static constexpr int reads = 16;
  struct places {
    alignas(64) std::uint8_t from[64];
    alignas(64) std::int32_t down[16];
  };
  static constexpr places of(int bits) {
    places p{};
    for (int l = 0; l < 16; ++l) {
      const int first = l * bits / 8;
      p.from[4 * l] = std::uint8_t(first);
      p.from[4 * l + 1] = std::uint8_t(first + 1 < 16 ? first + 1 : 0x80);
      p.from[4 * l + 2] = p.from[4 * l + 3] = 0x80;  // zero
      p.down[l] = l * bits % 8;
    }
    return p;
  }
  vi pick, shift, mask;
  explicit unpacker(int bits) {
    static constexpr places known[] = {of(0), of(1), of(2), of(3), of(4),
                                       of(5), of(6), of(7), of(8)};
    pick = _mm512_load_si512(known[bits].from);
    shift = _mm512_load_si512(known[bits].down);
    mask = _mm512_set1_epi32((1 << bits) - 1);
  }
  vi operator()(const std::uint8_t* p) const {
    const vi all = _mm512_broadcast_i32x4(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
    return _mm512_and_si512(_mm512_srlv_epi32(_mm512_shuffle_epi8(all, pick), shift), mask);
  }
};
inline vf to_float(vi a) { return _mm512_cvtepi32_ps(a); }
inline vf whole_numbers(const std::int8_t* p) {
  return to_float(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
struct lut16 {
  vf table;
  explicit lut16(const float* t) : table(load(t)) {}
  vf operator()(vi c) const { return _mm512_permutexvar_ps(c, table); }
};
inline vf gather(const float* table, vi c) {
  alignas(64) std::uint32_t i[16];
  alignas(64) float v[16];
  _mm512_store_si512(i, c);
  for (int l = 0; l < 16; ++l) v[l] = table[i[l]];
  return _mm512_load_ps(v);
}
inline vi and_ints(vi a, int mask) { return _mm512_and_si512(a, _mm512_set1_epi32(mask)); }
inline vi or_ints(vi a, vi b) { return _mm512_or_si512(a, b); }
inline vi shift_up(vi a, int by) { return _mm512_sll_epi32(a, _mm_cvtsi32_si128(by)); }
inline vf exponents_to_float(vi a) {  // 2^(a - 127), 0 .. 255
  return _mm512_castsi512_ps(
      _mm512_max_epi32(_mm512_slli_epi32(a, 23), _mm512_set1_epi32(0x400000)));
}
inline vf halves_to_float(vi a) { return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(a)); }
inline vf byte_halves(const std::uint8_t* p, int up, int mask) {
  const __m256i words = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  const __m256i moved = _mm256_sll_epi16(words, _mm_cvtsi32_si128(up));
  return _mm512_cvtph_ps(_mm256_and_si256(moved, _mm256_set1_epi16(short(mask))));
}
inline vf load_f16(const std::uint8_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline vf load_bf16(const std::uint8_t* p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(
      _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))), 16));
}

/// Eight codes sit in `bits` bytes: vpermb gives each 64-bit lane its bytes, vpmultishiftqb each
/// byte its code.
struct byte_unpacker {
  static constexpr int codes = 64, reads = 64;
  struct places {
    alignas(64) std::uint8_t from[64];
    alignas(64) std::uint8_t down[64];
  };
  static constexpr places of(int bits) {
    places p{};
    for (int i = 0; i < 64; ++i) {
      const int b = i / 8 * bits + i % 8;
      p.from[i] = std::uint8_t(b < 64 ? b : 63);
      p.down[i] = std::uint8_t(i % 8 * bits);
    }
    return p;
  }
  vi pick, shift, mask;
  explicit byte_unpacker(int bits) {
    static constexpr places known[] = {of(0), of(1), of(2), of(3), of(4),
                                       of(5), of(6), of(7), of(8)};
    pick = _mm512_load_si512(known[bits].from);
    shift = _mm512_load_si512(known[bits].down);
    mask = _mm512_set1_epi8(static_cast<char>((1 << bits) - 1));
  }
  vb operator()(const std::uint8_t* p) const {
    const vi spread = _mm512_permutexvar_epi8(pick, _mm512_loadu_si512(p));
    return _mm512_and_si512(_mm512_multishift_epi64_epi8(shift, spread), mask);
  }
};
inline vb add_bytes(vb a, int by) {
  return _mm512_add_epi8(a, _mm512_set1_epi8(static_cast<char>(by)));
}
inline void store_bytes(std::int8_t* p, vb a) { _mm512_storeu_si512(p, a); }
/// Widths whose look-ups stay in registers.
constexpr int register_bits = 8;
struct byte_lut {
  int bits;
  vb part[4];
  byte_lut(const std::int8_t* t, int b) : bits(b) {
    for (int i = 0; i < 4; ++i) part[i] = _mm512_loadu_si512(t + 64 * i);
  }
  vb operator()(vb c) const {
    if (bits <= 6) return _mm512_permutexvar_epi8(c, part[0]);
    const vb low = _mm512_permutex2var_epi8(part[0], c, part[1]);
    if (bits == 7) return low;
    const vb high = _mm512_permutex2var_epi8(part[2], c, part[3]);
    return _mm512_mask_blend_epi8(_mm512_movepi8_mask(c), low, high);
  }
};

/// Levels of more codes than a register of floats has lanes, looked up byte by byte: as quads, see
/// tiles.inl.
template <int Bits, level_kind Kind>
struct quad_levels {
  static constexpr bool here = Kind != level_kind::table16, by_columns = false;
  static constexpr int bits = is_fields(Kind) ? field_bits(Kind) : Bits;
  static constexpr bool mirrored = is_fields(Kind) && bits == 8;  // the sign is the code's
  static constexpr int width = mirrored ? 7 : bits;
  byte_lut top, second, third, last;
  explicit quad_levels(const row_ops::tile_values& w)
      : top(w.planes, width),
        second(w.planes + 256, width),
        third(w.planes + 512, width),
        last(w.planes + 768, width) {}
  void operator()(vb codes, vf (&v)[4]) const {
    vi high = top(codes);
    if constexpr (mirrored)
      high = _mm512_ternarylogic_epi32(high, codes, _mm512_set1_epi8(-128), 0xf8);  // a | (b & c)
    const vi next = second(codes);
    vi lower[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
    if constexpr (Kind == level_kind::table256) {
      const vi a = last(codes), b = third(codes);
      lower[0] = _mm512_unpacklo_epi8(a, b);
      lower[1] = _mm512_unpackhi_epi8(a, b);
    }
    const vi upper[2] = {_mm512_unpacklo_epi8(next, high), _mm512_unpackhi_epi8(next, high)};
    for (int i = 0; i < 2; ++i) {
      v[2 * i] = _mm512_castsi512_ps(_mm512_unpacklo_epi16(lower[i], upper[i]));
      v[2 * i + 1] = _mm512_castsi512_ps(_mm512_unpackhi_epi16(lower[i], upper[i]));
    }
  }
};
/// 32 levels are two registers.
template <level_kind Kind>
  requires(!is_fields(Kind))
struct quad_levels<5, Kind> {
  static constexpr bool here = true, by_columns = true;
  vf low, high;
  explicit quad_levels(const row_ops::tile_values& w)
      : low(load(w.table)), high(load(w.table + 16)) {}
  void operator()(vb codes, vf (&v)[4]) const {
    v[0] = _mm512_permutex2var_ps(low, codes, high);
    v[1] = _mm512_permutex2var_ps(low, _mm512_srli_epi32(codes, 8), high);
    v[2] = _mm512_permutex2var_ps(low, _mm512_srli_epi32(codes, 16), high);
    v[3] = _mm512_permutex2var_ps(low, _mm512_srli_epi32(codes, 24), high);
  }
};
inline vf broadcast_floats(const float* x) { return _mm512_broadcast_f32x4(_mm_loadu_ps(x)); }
template <class Levels>
inline void quads_to_columns(vf (&s)[4]) {
  const __m512d a = _mm512_castps_pd(_mm512_unpacklo_ps(s[0], s[1]));
  const __m512d b = _mm512_castps_pd(_mm512_unpackhi_ps(s[0], s[1]));
  const __m512d c = _mm512_castps_pd(_mm512_unpacklo_ps(s[2], s[3]));
  const __m512d d = _mm512_castps_pd(_mm512_unpackhi_ps(s[2], s[3]));
  s[0] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, c));
  s[1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, c));
  s[2] = _mm512_castpd_ps(_mm512_unpacklo_pd(b, d));
  s[3] = _mm512_castpd_ps(_mm512_unpackhi_pd(b, d));
}

// Tiles: sixteen rows in the lanes, four columns in a lane's bytes.

inline vb load_bytes(const std::uint8_t* p) { return _mm512_loadu_si512(p); }
/// a, in a register from here on.
inline vb in_register(vb a) {
  asm("" : "+v"(a));
  return a;
}
inline void store_bytes(std::uint8_t* p, vb a) { _mm512_storeu_si512(p, a); }
inline vb and_bytes(vb a, int mask) {
  return _mm512_and_si512(a, _mm512_set1_epi8(static_cast<char>(mask)));
}
inline vb or_bytes(vb a, vb b) { return _mm512_or_si512(a, b); }
/// All bits down by S, or up by -S; what crosses bytes is for the caller to mask.
template <int S>
inline vb shift_bits(vb a) {
  if constexpr (S > 0) return _mm512_srli_epi16(a, S);
  else if constexpr (S < 0) return _mm512_slli_epi16(a, -S);
  else return a;
}
inline vi load_words(const std::uint8_t* p) { return load_bytes(p); }
inline void store_words(std::uint8_t* p, vi a) { store_bytes(p, a); }
/// The 32 bits of each lane down by S, or up by -S.
template <int S>
inline vi shift_words(vi a) {
  if constexpr (S > 0) return _mm512_srli_epi32(a, S);
  else return _mm512_slli_epi32(a, -S);
}
/// Byte J of each lane in its low bits; above them is what it was.
template <int J>
inline vi down_bytes(vb a) {
  if constexpr (J == 0) return a;
  else return _mm512_srli_epi32(a, 8 * J);
}
inline vi low_byte(vi a) { return _mm512_and_si512(a, _mm512_set1_epi32(255)); }

inline vi zeros() { return _mm512_setzero_si512(); }
inline vi add_ints(vi a, vi b) { return _mm512_add_epi32(a, b); }
inline vb broadcast_quad(const std::int8_t* x) {
  std::int32_t quad;
  __builtin_memcpy(&quad, x, 4);
  return _mm512_set1_epi32(quad);
}
/// vpdpbusd wants one unsigned operand: weights are kept as level + 128, and 128 times the sum of
/// x is taken off the result.
constexpr int level_bias = 128;
inline vi dot_levels(vi sum, vb w, vb x) { return _mm512_dpbusd_epi32(sum, w, x); }
/// Products of small levels cost what others do.
constexpr int small_depth(int) { return 0; }
inline vi dot_small(vi sum, vb w, vb x) { return dot_levels(sum, w, x); }
inline vi widened(vi sum) { return sum; }
inline vi word_pairs(const std::int8_t*) { return zeros(); }
inline vi broadcast_word(const std::int32_t*) { return zeros(); }
inline vi scaled_pairs(vi sum, vi) { return sum; }
/// Unsigned codes of up to Bits bits as they are; what must be taken off is code_bias<Bits>.
template <int Bits>
inline constexpr int code_bias = 0;
template <int Bits>
inline vi dot_codes(vi sum, vb w, vb x) {
  return _mm512_dpbusd_epi32(sum, w, x);
}

/// Dword d of row r -> dword r of out + 64 d, for `lanes` rows and dwords.
inline void transpose_block(const std::uint8_t* in, index_t stride, std::uint8_t* out) {
  vi a[16], b[16];
  for (int r = 0; r < 16; ++r) a[r] = _mm512_loadu_si512(in + r * stride);
  for (int i = 0; i < 16; i += 2) {
    b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
    b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    a[i] = _mm512_unpacklo_epi64(b[i], b[i + 2]);
    a[i + 1] = _mm512_unpackhi_epi64(b[i], b[i + 2]);
    a[i + 2] = _mm512_unpacklo_epi64(b[i + 1], b[i + 3]);
    a[i + 3] = _mm512_unpackhi_epi64(b[i + 1], b[i + 3]);
  }
  for (int j = 0; j < 4; ++j) {
    const vi even_low = _mm512_shuffle_i32x4(a[j], a[4 + j], 0x88);
    const vi even_high = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0x88);
    const vi odd_low = _mm512_shuffle_i32x4(a[j], a[4 + j], 0xdd);
    const vi odd_high = _mm512_shuffle_i32x4(a[8 + j], a[12 + j], 0xdd);
    store_bytes(out + 64 * j, _mm512_shuffle_i32x4(even_low, even_high, 0x88));
    store_bytes(out + 64 * (4 + j), _mm512_shuffle_i32x4(odd_low, odd_high, 0x88));
    store_bytes(out + 64 * (8 + j), _mm512_shuffle_i32x4(even_low, even_high, 0xdd));
    store_bytes(out + 64 * (12 + j), _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd));
  }
}

// Encoding.

/// Products are so much faster than quotients that several of them pay.
constexpr bool fast_products = true;
/// q with the sign of x s as well.
inline vf with_sign_of_product(vf q, vf x, vf s) {
  const vi sign = _mm512_and_si512(_mm512_xor_si512(_mm512_castps_si512(x), _mm512_castps_si512(s)),
                                   _mm512_set1_epi32(int(0x80000000u)));
  return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(q), sign));
}
/// A product that is rounded before anything is added to it.
inline vf mul_apart(vf a, vf b) {
  vf product = _mm512_mul_ps(a, b);
  asm("" : "+v"(product));
  return product;
}
inline vf smaller(vf a, vf b) { return _mm512_min_ps(a, b); }
inline vf larger(vf a, vf b) { return _mm512_max_ps(a, b); }
inline vf round_even(vf a) { return _mm512_roundscale_ps(a, 0); }
inline vi to_ints(vf a) { return _mm512_cvttps_epi32(a); }
inline vi bits_of(vf a) { return _mm512_castps_si512(a); }
inline vf float_of(vi a) { return _mm512_castsi512_ps(a); }
inline vi set1_int(int a) { return _mm512_set1_epi32(a); }
inline vi smaller_unsigned(vi a, vi b) { return _mm512_min_epu32(a, b); }
inline void store_bits(std::uint32_t* p, vi a) { _mm512_storeu_si512(p, a); }
inline vi smaller_ints(vi a, vi b) { return _mm512_min_epi32(a, b); }
inline vi larger_ints(vi a, vi b) { return _mm512_max_epi32(a, b); }
inline vi shift_down(vi a, int by) { return _mm512_srl_epi32(a, _mm_cvtsi32_si128(by)); }
inline vi ordered_bits(vi a) {
  return _mm512_xor_si512(a, _mm512_srli_epi32(_mm512_srai_epi32(a, 31), 1));
}
/// to + step where a > b, else `to`.
inline vi add_above(vi to, vi a, vi b, int step) {
  return _mm512_mask_add_epi32(to, _mm512_cmpgt_epi32_mask(a, b), to, _mm512_set1_epi32(step));
}
/// `value` where a > b, else 0.
inline vi above(vi a, vi b, vi value) {
  return _mm512_maskz_mov_epi32(_mm512_cmpgt_epi32_mask(a, b), value);
}
/// Bits of a where the mask has ones, else of b.
inline vi choose(vi mask, vi a, vi b) { return _mm512_ternarylogic_epi32(mask, a, b, 0xca); }
inline void store_low_bytes(std::uint8_t* p, vi a) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(a));
}
inline void store_low_words(std::uint8_t* p, vi a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(a));
}
/// Codes of up to 8 bits, one per byte -> a stream: neighbours join into 16, 32 and 64 bits.
struct byte_packer {
  static constexpr int codes = 64;
  struct places {
    alignas(64) std::uint8_t from[64];
  };
  static constexpr places of(int bits) {
    places p{};
    for (int i = 0; i < 8 * bits; ++i) p.from[i] = std::uint8_t(i / bits * 8 + i % bits);
    return p;
  }
  int bits;
  vi pairs, quads, pick;
  __m128i up;
  explicit byte_packer(int b)
      : bits(b),
        pairs(_mm512_set1_epi16(static_cast<short>(1 | 1 << (8 + (b & 7))))),
        quads(_mm512_set1_epi32(1 | 1 << (16 + 2 * (b & 7)))),
        up(_mm_cvtsi32_si128(4 * b)) {
    static constexpr places known[] = {of(1), of(2), of(3), of(4), of(5), of(6), of(7), of(8)};
    pick = _mm512_load_si512(known[b - 1].from);
  }
  void operator()(const std::uint8_t* p, std::uint8_t* stream) const {
    const vi c = _mm512_loadu_si512(p);
    if (bits == 8) return _mm512_storeu_si512(stream, c);
    const vi four = _mm512_madd_epi16(_mm512_maddubs_epi16(pairs, c), quads);
    const vi low = _mm512_and_si512(four, _mm512_set1_epi64(0xffffffff));
    const vi eight = _mm512_or_si512(low, _mm512_sll_epi64(_mm512_srli_epi64(four, 32), up));
    _mm512_storeu_si512(stream, _mm512_permutexvar_epi8(pick, eight));
  }
};
/// Sums of products of floats in binary64, one per lane; each product is exact.
struct squares {
  __m512d low, high;
  void add(vf a, vf b) {
    low = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm512_castps512_ps256(a)),
                          _mm512_cvtps_pd(_mm512_castps512_ps256(b)), low);
    high = _mm512_fmadd_pd(_mm512_cvtps_pd(_mm512_extractf32x8_ps(a, 1)),
                           _mm512_cvtps_pd(_mm512_extractf32x8_ps(b, 1)), high);
  }
};
/// The sum of sixteen partial sums, as ordered_sum has it.
inline double ordered_total(const squares (&sums)[1]) {
  const __m512d eight = _mm512_add_pd(sums[0].low, sums[0].high);
  const __m256d four =
      _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
  const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
  return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}
