// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Primitives for AArch64 with dot products (FEAT_DotProd): sixteen lanes in four registers, so that
// sums have the error and the order of the widest target.
constexpr int lanes = 16;
constexpr arch target_name = arch::neon;
constexpr int tile_rows = 3, tile_tokens = 2, column_rows = 4;

template <class Register>
struct four {
  Register q[4];
};
using vf = four<float32x4_t>;
using vi = four<int32x4_t>;
using vb = four<uint8x16_t>;  // 64 bytes

/// f of each register and of what lies at the same place in the others.
template <class F, class... V>
inline auto each(F f, const V&... v) {
  return four<decltype(f(v.q[0]...))>{{f(v.q[0]...), f(v.q[1]...), f(v.q[2]...), f(v.q[3]...)}};
}
/// f(0), ..., f(3).
template <class F>
inline auto made_of(F f) {
  return four<decltype(f(0))>{{f(0), f(1), f(2), f(3)}};
}
template <class Register>
inline four<Register> same(Register a) {
  return {{a, a, a, a}};
}
/// A register's bytes, from any address.
inline uint8x16_t bytes_at(const void* p) { return vld1q_u8(static_cast<const std::uint8_t*>(p)); }

inline vf set1(float x) { return same(vdupq_n_f32(x)); }
inline vf load(const float* p) {
  return made_of([&](int i) { return vld1q_f32(p + 4 * i); });
}
inline void store(float* p, const vf& a) {
  for (int i = 0; i < 4; ++i) vst1q_f32(p + 4 * i, a.q[i]);
}
/// Stores do not ask for what they overwrite.
constexpr int stream_bytes = 4;
inline void stream(float* p, const vf& a) { store(p, a); }
inline void stream_fence() {}
inline vf mul(const vf& a, const vf& b) {
  return each([](auto x, auto y) { return vmulq_f32(x, y); }, a, b);
}
inline vf sub(const vf& a, const vf& b) {
  return each([](auto x, auto y) { return vsubq_f32(x, y); }, a, b);
}
inline vf fma(const vf& a, const vf& b, const vf& c) {
  return each([](auto x, auto y, auto z) { return vfmaq_f32(z, x, y); }, a, b, c);
}
inline vf minus_product(const vf& a, const vf& b, const vf& c) {  // c - a b
  return each([](auto x, auto y, auto z) { return vfmsq_f32(z, x, y); }, a, b, c);
}
inline vf sum_fma(const vf& a, const vf& b, const vf& c) { return fma(a, b, c); }
inline float sum_fma_of_one(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
/// p[l / width] in lane l; width divides sixteen.
inline vf spread(const float* p, int width) {
  return made_of([&](int i) {
    const float* const first = p + 4 * i / width;
    return width == 1   ? vld1q_f32(first)
           : width == 2 ? vcombine_f32(vdup_n_f32(first[0]), vdup_n_f32(first[1]))
                        : vdupq_n_f32(*first);
  });
}
/// Four floats.
using v4 = float32x4_t;
inline v4 load4(const float* p) { return vld1q_f32(p); }
inline void store4(float* p, v4 a) { vst1q_f32(p, a); }
inline v4 add4(v4 a, v4 b) { return vaddq_f32(a, b); }
inline v4 scale4(float s, v4 a) { return vmulq_n_f32(a, s); }
inline float reduce(const vf& a) {
  const float32x4_t s = vaddq_f32(vaddq_f32(a.q[0], a.q[2]), vaddq_f32(a.q[1], a.q[3]));
  return vpadds_f32(vadd_f32(vget_low_f32(s), vget_high_f32(s)));
}

inline vf div(const vf& a, const vf& b) {
  return each([](auto x, auto y) { return vdivq_f32(x, y); }, a, b);
}
inline vf add(const vf& a, const vf& b) {
  return each([](auto x, auto y) { return vaddq_f32(x, y); }, a, b);
}
inline vf max_size(const vf& a, const vf& b) {
  return each([](auto x, auto y) { return vmaxq_f32(x, vabsq_f32(y)); }, a, b);
}
inline float reduce_max(const vf& a) {
  return vmaxvq_f32(vmaxq_f32(vmaxq_f32(a.q[0], a.q[1]), vmaxq_f32(a.q[2], a.q[3])));
}
inline void store_int8(std::int8_t* p, const vf& a) {
  const auto words = [&](int i) {
    return vcombine_s16(vqmovn_s32(vcvtnq_s32_f32(a.q[i])), vqmovn_s32(vcvtnq_s32_f32(a.q[i + 1])));
  };
  const int8x16_t bytes = vcombine_s8(vqmovn_s16(words(0)), vqmovn_s16(words(2)));
  vst1q_s8(p, vmaxq_s8(bytes, vdupq_n_s8(-127)));
}

/// Sixteen codes sit in 2 * bits bytes; each lane fetches the two bytes that hold its own.
struct unpacker {
  static constexpr int reads = 16;
  vb pick;
  vi down;  // negative: a shift to the right
  uint32x4_t mask;
  explicit unpacker(int bits) : mask(vdupq_n_u32((1u << bits) - 1)) {
    std::uint8_t from[64];
    std::int32_t by[16];
    for (int l = 0; l < 16; ++l) {
      const int first = l * bits / 8;
      from[4 * l] = std::uint8_t(first);
      from[4 * l + 1] = std::uint8_t(first + 1);              // past the end it gives zero, as
      from[4 * l + 2] = from[4 * l + 3] = std::uint8_t(255);  // these do
      by[l] = -(l * bits % 8);
    }
    pick = made_of([&](int i) { return vld1q_u8(from + 16 * i); });
    down = made_of([&](int i) { return vld1q_s32(by + 4 * i); });
  }
  vi operator()(const std::uint8_t* p) const {
    const uint8x16_t all = bytes_at(p);
    return each(
        [&](auto from, auto by) {
          const uint32x4_t both = vreinterpretq_u32_u8(vqtbl1q_u8(all, from));
          return vreinterpretq_s32_u32(vandq_u32(vshlq_u32(both, by), mask));
        },
        pick, down);
  }
};
inline vf to_float(const vi& a) {
  return each([](auto x) { return vcvtq_f32_s32(x); }, a);
}
inline vf whole_numbers(const std::int8_t* p) {
  return made_of([&](int i) {
    std::int32_t four;
    __builtin_memcpy(&four, p + 4 * i, 4);
    const int8x8_t bytes = vreinterpret_s8_s32(vdup_n_s32(four));
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(bytes))));
  });
}
/// The 64 bytes of sixteen floats are one table of a byte look-up.
struct lut16 {
  uint8x16x4_t table;
  explicit lut16(const float* t)
      : table{{bytes_at(t), bytes_at(t + 4), bytes_at(t + 8), bytes_at(t + 12)}} {}
  vf operator()(const vi& c) const {
    return each(
        [&](auto code) {
          const int32x4_t index = vandq_s32(code, vdupq_n_s32(15));
          const int32x4_t at = vmlaq_s32(vdupq_n_s32(0x03020100), index, vdupq_n_s32(0x04040404));
          return vreinterpretq_f32_u8(vqtbl4q_u8(table, vreinterpretq_u8_s32(at)));
        },
        c);
  }
};
inline vf gather(const float* table, const vi& c) {
  std::int32_t at[16];
  float v[16];
  for (int i = 0; i < 4; ++i) vst1q_s32(at + 4 * i, c.q[i]);
  for (int l = 0; l < 16; ++l) v[l] = table[at[l]];
  return load(v);
}
inline vi and_ints(const vi& a, int mask) {
  return each([&](auto x) { return vandq_s32(x, vdupq_n_s32(mask)); }, a);
}
inline vi or_ints(const vi& a, const vi& b) {
  return each([](auto x, auto y) { return vorrq_s32(x, y); }, a, b);
}
inline vi shift_up(const vi& a, int by) {
  return each([&](auto x) { return vshlq_s32(x, vdupq_n_s32(by)); }, a);
}
/// 2^(a - 127), for 0 .. 255.
inline vf exponents_to_float(const vi& a) {
  return each(
      [](auto x) {
        return vreinterpretq_f32_s32(vmaxq_s32(vshlq_n_s32(x, 23), vdupq_n_s32(0x400000)));
      },
      a);
}
inline vf halves_to_float(const vi& a) {
  return each([](auto x) { return vcvt_f32_f16(vreinterpret_f16_s16(vmovn_s32(x))); }, a);
}
inline vf byte_halves(const std::uint8_t* p, int up, int mask) {
  const uint8x16_t bytes = bytes_at(p);
  const auto halves = [&](uint8x8_t eight) {
    const int16x8_t words = vshlq_s16(vmovl_s8(vreinterpret_s8_u8(eight)), vdupq_n_s16(short(up)));
    return vandq_s16(words, vdupq_n_s16(short(mask)));
  };
  const int16x8_t low = halves(vget_low_u8(bytes)), high = halves(vget_high_u8(bytes));
  const auto floats = [](int16x4_t four) { return vcvt_f32_f16(vreinterpret_f16_s16(four)); };
  return {{floats(vget_low_s16(low)), floats(vget_high_s16(low)), floats(vget_low_s16(high)),
           floats(vget_high_s16(high))}};
}
inline vf load_f16(const std::uint8_t* p) {
  return made_of([&](int i) { return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p + 8 * i))); });
}
inline vf load_bf16(const std::uint8_t* p) {
  return made_of([&](int i) {
    return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(p + 8 * i)), 16));
  });
}

/// Eight codes sit in `bits` bytes; each 16-bit lane fetches the two bytes that hold its own.
struct byte_unpacker {
  static constexpr int codes = 64, reads = 64;
  int bits;
  uint8x16_t pick[2], mask;
  int16x8_t down;
  explicit byte_unpacker(int b) : bits(b), mask(vdupq_n_u8(std::uint8_t((1 << b) - 1))) {
    std::uint8_t from[32];
    std::int16_t by[8];
    for (int l = 0; l < 16; ++l) {
      from[2 * l] = std::uint8_t(l * bits / 8);
      from[2 * l + 1] = std::uint8_t(l * bits / 8 + 1);  // past the end it gives zero
      by[l % 8] = std::int16_t(-(l * bits % 8));
    }
    pick[0] = vld1q_u8(from);
    pick[1] = vld1q_u8(from + 16);
    down = vld1q_s16(by);
  }
  uint8x16_t sixteen(const std::uint8_t* p) const {
    const uint8x16_t all = bytes_at(p);
    const auto words = [&](int half) {
      return vshlq_u16(vreinterpretq_u16_u8(vqtbl1q_u8(all, pick[half])), down);
    };
    return vandq_u8(vcombine_u8(vmovn_u16(words(0)), vmovn_u16(words(1))), mask);
  }
  vb operator()(const std::uint8_t* p) const {
    return made_of([&](int i) { return sixteen(p + 2 * i * bits); });
  }
};
inline const vb& in_register(const vb& a) { return a; }
inline void store_bytes(std::uint8_t* p, const vb& a) {
  for (int i = 0; i < 4; ++i) vst1q_u8(p + 16 * i, a.q[i]);
}
inline vb add_bytes(const vb& a, int by) {
  return each([&](auto x) { return vaddq_u8(x, vdupq_n_u8(std::uint8_t(by))); }, a);
}
inline void store_bytes(std::int8_t* p, const vb& a) {
  store_bytes(reinterpret_cast<std::uint8_t*>(p), a);
}
/// Widths whose look-ups stay in registers.
constexpr int register_bits = 4;
struct byte_lut {
  int bits;
  uint8x16x4_t part[4];
  byte_lut(const std::int8_t* t, int b) : bits(b) {
    for (int i = 0; i < 4; ++i)
      part[i] = {{bytes_at(t + 64 * i), bytes_at(t + 64 * i + 16), bytes_at(t + 64 * i + 32),
                  bytes_at(t + 64 * i + 48)}};
  }
  [[gnu::always_inline]] vb operator()(const vb& c) const {
    return each([&](auto code) { return look_up(code); }, c);
  }
  /// An index outside of a table gives zero, or with vqtbx what was there before.
  [[gnu::always_inline]] uint8x16_t look_up(uint8x16_t c) const {
    if (bits <= 4) return vqtbl1q_u8(part[0].val[0], c);
    uint8x16_t found = vqtbl4q_u8(part[0], c);
    if (bits >= 7) found = vqtbx4q_u8(found, part[1], vsubq_u8(c, vdupq_n_u8(64)));
    if (bits == 8) {
      found = vqtbx4q_u8(found, part[2], vsubq_u8(c, vdupq_n_u8(128)));
      found = vqtbx4q_u8(found, part[3], vsubq_u8(c, vdupq_n_u8(192)));
    }
    return found;
  }
};

/// Levels of more codes than sixteen, looked up byte by byte: as quads, see tiles.inl.
template <int Bits, level_kind Kind>
struct quad_levels {
  static constexpr bool here = Kind != level_kind::table16, by_columns = false;
  byte_lut top, second, third, last;
  explicit quad_levels(const row_ops::tile_values& w)
      : top(w.planes, Bits),
        second(w.planes + 256, Bits),
        third(w.planes + 512, Bits),
        last(w.planes + 768, Bits) {}
  [[gnu::always_inline]] void operator()(const vb& codes, vf (&v)[4]) const {
    for (int i = 0; i < 4; ++i) {
      const uint8x16_t c = codes.q[i], high = top.look_up(c), next = second.look_up(c);
      const uint8x16_t upper[2] = {vzip1q_u8(next, high), vzip2q_u8(next, high)};
      uint8x16_t lower[2] = {vdupq_n_u8(0), vdupq_n_u8(0)};
      if constexpr (Kind == level_kind::table256) {
        const uint8x16_t a = last.look_up(c), b = third.look_up(c);
        lower[0] = vzip1q_u8(a, b);
        lower[1] = vzip2q_u8(a, b);
      }
      for (int k = 0; k < 2; ++k) {
        const uint16x8_t low = vreinterpretq_u16_u8(lower[k]);
        const uint16x8_t up = vreinterpretq_u16_u8(upper[k]);
        v[2 * k].q[i] = vreinterpretq_f32_u16(vzip1q_u16(low, up));
        v[2 * k + 1].q[i] = vreinterpretq_f32_u16(vzip2q_u16(low, up));
      }
    }
  }
};
/// Fields by way of halves.
template <int Bits, level_kind Kind>
  requires(is_fields(Kind))
struct quad_levels<Bits, Kind> {
  static constexpr bool here = true, by_columns = false;
  static constexpr int exponent = exponent_bits(Kind);
  static constexpr int up = 8 - field_bits(Kind), down = 5 - exponent;
  static constexpr int bias = 15 - (1 << exponent >> 1) + 1;
  explicit quad_levels(const row_ops::tile_values&) {}
  [[gnu::always_inline]] void operator()(const vb& codes, vf (&v)[4]) const {
    for (int i = 0; i < 4; ++i)
      for (int k = 0; k < 2; ++k) {
        const uint8x16_t zero = vdupq_n_u8(0), c = codes.q[i];
        const int16x8_t word =
            vreinterpretq_s16_u8(k == 0 ? vzip1q_u8(zero, c) : vzip2q_u8(zero, c));
        // The sign stays on top; the exponent's upper bits are zero.
        const int16x8_t half = vandq_s16(
            vshlq_s16(vshlq_s16(word, vdupq_n_s16(up)), vdupq_n_s16(-down)),
            vdupq_n_s16(std::int16_t(0x8000 | ((0x8000 >> down) - 1))));
        const float16x8_t h = vreinterpretq_f16_s16(half);
        v[2 * k].q[i] = vmulq_n_f32(vcvt_f32_f16(vget_low_f16(h)), float(1 << bias));
        v[2 * k + 1].q[i] = vmulq_n_f32(vcvt_high_f32_f16(h), float(1 << bias));
      }
  }
};
inline vf broadcast_floats(const float* x) { return same(vld1q_f32(x)); }
template <class Levels>
inline void quads_to_columns(vf (&s)[4]) {
  const auto pairs = [](float32x4_t a) { return vreinterpretq_f64_f32(a); };
  const auto floats = [](float64x2_t a) { return vreinterpretq_f32_f64(a); };
  for (int i = 0; i < 4; ++i) {
    const float64x2_t a = pairs(vtrn1q_f32(s[0].q[i], s[1].q[i]));
    const float64x2_t b = pairs(vtrn2q_f32(s[0].q[i], s[1].q[i]));
    const float64x2_t c = pairs(vtrn1q_f32(s[2].q[i], s[3].q[i]));
    const float64x2_t d = pairs(vtrn2q_f32(s[2].q[i], s[3].q[i]));
    s[0].q[i] = floats(vzip1q_f64(a, c));
    s[1].q[i] = floats(vzip1q_f64(b, d));
    s[2].q[i] = floats(vzip2q_f64(a, c));
    s[3].q[i] = floats(vzip2q_f64(b, d));
  }
}

// Tiles: sixteen rows in the lanes, four columns in a lane's bytes.

inline vb load_bytes(const std::uint8_t* p) {
  return made_of([&](int i) { return vld1q_u8(p + 16 * i); });
}
inline vb and_bytes(const vb& a, int mask) {
  return each([&](auto x) { return vandq_u8(x, vdupq_n_u8(std::uint8_t(mask))); }, a);
}
inline vb or_bytes(const vb& a, const vb& b) {
  return each([](auto x, auto y) { return vorrq_u8(x, y); }, a, b);
}
template <int S>
inline vb shift_bits(const vb& a) {
  if constexpr (S > 0)
    return each([](auto x) { return vshrq_n_u8(x, S); }, a);
  else if constexpr (S < 0)
    return each([](auto x) { return vshlq_n_u8(x, -S); }, a);
  else
    return a;
}
template <int J>
inline vi down_bytes(const vb& a) {
  return each(
      [](auto x) {
        if constexpr (J == 0)
          return vreinterpretq_s32_u8(x);
        else
          return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_u8(x), 8 * J));
      },
      a);
}
inline vi low_byte(const vi& a) { return and_ints(a, 255); }
inline vi load_words(const std::uint8_t* p) { return down_bytes<0>(load_bytes(p)); }
inline void store_words(std::uint8_t* p, const vi& a) {
  for (int i = 0; i < 4; ++i) vst1q_u8(p + 16 * i, vreinterpretq_u8_s32(a.q[i]));
}
template <int S>
inline vi shift_words(const vi& a) {
  return each(
      [](auto x) {
        const uint32x4_t word = vreinterpretq_u32_s32(x);
        if constexpr (S > 0)
          return vreinterpretq_s32_u32(vshrq_n_u32(word, S));
        else
          return vreinterpretq_s32_u32(vshlq_n_u32(word, -S));
      },
      a);
}

inline vi zeros() { return same(vdupq_n_s32(0)); }
inline vi add_ints(const vi& a, const vi& b) {
  return each([](auto x, auto y) { return vaddq_s32(x, y); }, a, b);
}
inline vb broadcast_quad(const std::int8_t* x) {
  std::uint32_t quad;
  __builtin_memcpy(&quad, x, 4);
  return same(vreinterpretq_u8_u32(vdupq_n_u32(quad)));
}
/// sdot multiplies signed bytes by signed bytes: levels are as they are.
constexpr int level_bias = 0;
inline int32x4_t dot_quads(int32x4_t sum, int8x16_t w, int8x16_t x) {
// Before clang 16 vdotq_s32 is there only where all of a program is compiled for it.
#if defined(__clang__) && __clang_major__ < 16 && !defined(__ARM_FEATURE_DOTPROD)
  return __builtin_neon_vdotq_v(sum, w, x, 34);
#else
  return vdotq_s32(sum, w, x);
#endif
}
inline vi dot_levels(const vi& sum, const vb& w, const vb& x) {
  return each([](auto s, auto a,
                 auto b) { return dot_quads(s, vreinterpretq_s8_u8(a), vreinterpretq_s8_u8(b)); },
              sum, w, x);
}
/// Products of small levels cost what others do.
constexpr int small_depth(int) { return 0; }
inline vi dot_small(const vi& sum, const vb& w, const vb& x) { return dot_levels(sum, w, x); }
inline vi widened(const vi& sum) { return sum; }
inline vi word_pairs(const std::int8_t*) { return zeros(); }
inline vi broadcast_word(const std::int32_t*) { return zeros(); }
inline vi scaled_pairs(const vi& sum, const vi&) { return sum; }
/// Codes of 8 bits become levels of -128 to 127.
template <int Bits>
inline constexpr int code_bias = Bits == 8 ? 128 : 0;
template <int Bits>
inline vi dot_codes(const vi& sum, const vb& w, const vb& x) {
  if constexpr (Bits == 8)
    return dot_levels(sum, each([](auto a) { return veorq_u8(a, vdupq_n_u8(0x80)); }, w), x);
  else
    return dot_levels(sum, w, x);
}

inline void transpose_block(const std::uint8_t* in, index_t stride, std::uint8_t* out) {
  for (int r = 0; r < 16; r += 4)
    for (int d = 0; d < 16; d += 4) {
      const auto row = [&](int i) {
        return vreinterpretq_u32_u8(vld1q_u8(in + (r + i) * stride + 4 * d));
      };
      const auto put = [&](int i, uint64x2_t a) {
        vst1q_u8(out + 64 * (d + i) + 4 * r, vreinterpretq_u8_u64(a));
      };
      const uint32x4_t a = row(0), b = row(1), c = row(2), e = row(3);
      const uint64x2_t even_ab = vreinterpretq_u64_u32(vtrn1q_u32(a, b));
      const uint64x2_t odd_ab = vreinterpretq_u64_u32(vtrn2q_u32(a, b));
      const uint64x2_t even_ce = vreinterpretq_u64_u32(vtrn1q_u32(c, e));
      const uint64x2_t odd_ce = vreinterpretq_u64_u32(vtrn2q_u32(c, e));
      put(0, vzip1q_u64(even_ab, even_ce));
      put(1, vzip1q_u64(odd_ab, odd_ce));
      put(2, vzip2q_u64(even_ab, even_ce));
      put(3, vzip2q_u64(odd_ab, odd_ce));
    }
}
