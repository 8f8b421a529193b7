// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Primitives in plain C++: sixteen lanes, like the widest target, so that sums have its error.
constexpr int lanes = 16;
constexpr arch target_name = arch::scalar;
constexpr int tile_rows = 1, tile_tokens = 1, column_rows = 1;

struct vf {
  float v[lanes];
};
struct vi {
  std::int32_t v[lanes];
};
struct vb {  // 64 bytes
  std::uint8_t v[64];
};
#define LOWBIT_LANES for (int l = 0; l < lanes; ++l)

inline vf set1(float x) {
  vf r;
  LOWBIT_LANES r.v[l] = x;
  return r;
}
inline vf load(const float* p) {
  vf r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
inline vf spread(const float* p, int each) {  // p[l / each] in lane l
  vf r;
  for (int l = 0; l < lanes; ++l) r.v[l] = p[l / each];
  return r;
}
inline void store(float* p, const vf& a) { __builtin_memcpy(p, &a, sizeof a); }
/// Past the caches, to a place aligned to `stream_bytes`; stream_fence ends a row of such stores.
constexpr int stream_bytes = 4;
inline void stream(float* p, const vf& a) { store(p, a); }
inline void stream_fence() {}
inline vf mul(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] *= b.v[l];
  return a;
}
inline vf sub(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] -= b.v[l];
  return a;
}
inline vf fma(const vf& a, const vf& b, vf c) {
  LOWBIT_LANES c.v[l] = fma_rn(a.v[l], b.v[l], c.v[l]);
  return c;
}
/// Multiply and add in a sum, where one rounding more does no harm.
inline vf sum_fma(const vf& a, const vf& b, vf c) {
  LOWBIT_LANES c.v[l] += a.v[l] * b.v[l];
  return c;
}
inline float sum_fma_of_one(float a, float b, float c) { return c + a * b; }
/// Four floats.
struct v4 {
  float v[4];
};
inline v4 load4(const float* p) { return {{p[0], p[1], p[2], p[3]}}; }
inline void store4(float* p, const v4& a) { __builtin_memcpy(p, &a, sizeof a); }
inline v4 add4(v4 a, const v4& b) {
  for (int i = 0; i < 4; ++i) a.v[i] = add_rn(a.v[i], b.v[i]);
  return a;
}
inline v4 scale4(float s, v4 a) {
  for (int i = 0; i < 4; ++i) a.v[i] = mul_rn(s, a.v[i]);
  return a;
}
inline float reduce(vf a) {
  for (int step = lanes / 2; step > 0; step /= 2)
    for (int l = 0; l < step; ++l) a.v[l] += a.v[l + step];
  return a.v[0];
}

inline vf div(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] = div_rn(a.v[l], b.v[l]);
  return a;
}
inline vf add(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] += b.v[l];
  return a;
}
inline vf max_size(vf a, const vf& b) {  // max(a, |b|)
  LOWBIT_LANES a.v[l] = magnitude(b.v[l]) > a.v[l] ? magnitude(b.v[l]) : a.v[l];
  return a;
}
inline float reduce_max(const vf& a) {
  float m = a.v[0];
  LOWBIT_LANES m = a.v[l] > m ? a.v[l] : m;
  return m;
}
inline void store_int8(std::int8_t* p, const vf& a) {  // nearest even, -127..127
  LOWBIT_LANES {
    const int q = round_int(a.v[l]);
    p[l] = std::int8_t(q < -127 ? -127 : q > 127 ? 127 : q);
  }
}

/// Takes `lanes` codes of 1..8 bits from a byte boundary; reads `reads` bytes.
struct unpacker {
  static constexpr int reads = 16;
  int bits;
  explicit unpacker(int b) : bits(b) {}
  vi operator()(const std::uint8_t* p) const {
    vi r;
    for (int half = 0; half < 2; ++half) {
      std::uint64_t word;
      __builtin_memcpy(&word, p + half * bits, 8);
      for (int l = 0; l < 8; ++l)
        r.v[8 * half + l] = std::int32_t(word >> (l * bits)) & ((1 << bits) - 1);
    }
    return r;
  }
};
inline vf to_float(const vi& a) {
  vf r;
  LOWBIT_LANES r.v[l] = float(a.v[l]);
  return r;
}
struct lut16 {
  const float* table;
  explicit lut16(const float* t) : table(t) {}
  vf operator()(const vi& c) const {
    vf r;
    LOWBIT_LANES r.v[l] = table[c.v[l] & 15];
    return r;
  }
};
inline vf gather(const float* table, const vi& c) {
  vf r;
  LOWBIT_LANES r.v[l] = table[c.v[l]];
  return r;
}
inline vi and_ints(vi a, int mask) {
  LOWBIT_LANES a.v[l] &= mask;
  return a;
}
inline vi or_ints(vi a, const vi& b) {
  LOWBIT_LANES a.v[l] |= b.v[l];
  return a;
}
inline vi shift_up(vi a, int by) {
  LOWBIT_LANES a.v[l] = std::int32_t(std::uint32_t(a.v[l]) << by);
  return a;
}
/// From the bits of halves.
inline vf exponents_to_float(const vi& a) {  // 2^(a - 127), 0 .. 255
  vf r;
  for (int l = 0; l < lanes; ++l)
    r.v[l] = bits_as<float>(a.v[l] == 0 ? std::uint32_t(0x400000) : std::uint32_t(a.v[l]) << 23);
  return r;
}
inline vf halves_to_float(const vi& a) {
  vf r;
  LOWBIT_LANES r.v[l] = f16::decode(code_t(a.v[l]));
  return r;
}
inline vf byte_halves(const std::uint8_t* p, int up, int mask) {
  vf r;
  LOWBIT_LANES r.v[l] = f16::decode(code_t(int(static_cast<std::int8_t>(p[l])) * (1 << up) & mask));
  return r;
}
inline vf load_f16(const std::uint8_t* p) {
  vf r;
  LOWBIT_LANES {
    std::uint16_t h;
    __builtin_memcpy(&h, p + 2 * l, 2);
    r.v[l] = f16::decode(h);
  }
  return r;
}
inline vf load_bf16(const std::uint8_t* p) {
  vf r;
  LOWBIT_LANES {
    std::uint16_t h;
    __builtin_memcpy(&h, p + 2 * l, 2);
    r.v[l] = bits_as<float>(std::uint32_t(h) << 16);
  }
  return r;
}

/// Takes 64 codes of 1..8 bits as bytes; reads `reads` bytes.
struct byte_unpacker {
  static constexpr int codes = 64, reads = 64 + 8;
  int bits;
  explicit byte_unpacker(int b) : bits(b) {}
  vb operator()(const std::uint8_t* p) const {
    vb r;
    for (int i = 0; i < 8; ++i) {
      std::uint64_t word;
      __builtin_memcpy(&word, p + i * bits, 8);
      for (int l = 0; l < 8; ++l)
        r.v[8 * i + l] = std::uint8_t((word >> (l * bits)) & ((1u << bits) - 1));
    }
    return r;
  }
};
inline vb add_bytes(vb a, int by) {
  for (std::uint8_t& b : a.v) b = std::uint8_t(b + by);
  return a;
}
inline void store_bytes(std::int8_t* p, const vb& a) { __builtin_memcpy(p, &a, sizeof a); }
/// Widths whose look-ups stay in registers: as if, so that both ways are those of other targets.
constexpr int register_bits = 8;
struct byte_lut {
  const std::int8_t* table;
  byte_lut(const std::int8_t* t, int) : table(t) {}
  vb operator()(vb c) const {
    for (std::uint8_t& b : c.v) b = std::uint8_t(table[b]);
    return c;
  }
};

// Encoding.

/// Products are so much faster than quotients that several of them pay.
constexpr bool fast_products = false;
/// q with the sign of x s as well.
inline vf with_sign_of_product(vf q, const vf&, const vf&) { return q; }
inline vf minus_product(const vf& a, const vf& b, vf c) { return fma(mul(a, set1(-1)), b, c); }
/// A product that is rounded before anything is added to it.
inline vf mul_apart(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] = mul_rn(a.v[l], b.v[l]);
  return a;
}
inline vf smaller(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] = a.v[l] < b.v[l] ? a.v[l] : b.v[l];
  return a;
}
inline vf larger(vf a, const vf& b) {
  LOWBIT_LANES a.v[l] = a.v[l] > b.v[l] ? a.v[l] : b.v[l];
  return a;
}
inline vf round_even(vf a) {  // |a| <= 2^22
  LOWBIT_LANES a.v[l] = float(round_int(a.v[l]));
  return a;
}
inline vi to_ints(const vf& a) {
  vi r;
  LOWBIT_LANES r.v[l] = std::int32_t(a.v[l]);
  return r;
}
inline vi bits_of(const vf& a) { return bits_as<vi>(a); }
inline vf float_of(const vi& a) { return bits_as<vf>(a); }
inline vi set1_int(int a) {
  vi r;
  LOWBIT_LANES r.v[l] = a;
  return r;
}
inline vi zeros() { return set1_int(0); }
inline vi smaller_unsigned(vi a, const vi& b) {
  LOWBIT_LANES a.v[l] = std::uint32_t(a.v[l]) < std::uint32_t(b.v[l]) ? a.v[l] : b.v[l];
  return a;
}
inline void store_bits(std::uint32_t* p, const vi& a) { __builtin_memcpy(p, &a, sizeof a); }
inline vi add_ints(vi a, const vi& b) {
  LOWBIT_LANES a.v[l] = std::int32_t(std::uint32_t(a.v[l]) + std::uint32_t(b.v[l]));
  return a;
}
inline vi smaller_ints(vi a, const vi& b) {
  LOWBIT_LANES a.v[l] = a.v[l] < b.v[l] ? a.v[l] : b.v[l];
  return a;
}
inline vi larger_ints(vi a, const vi& b) {
  LOWBIT_LANES a.v[l] = a.v[l] > b.v[l] ? a.v[l] : b.v[l];
  return a;
}
inline vi shift_down(vi a, int by) {
  LOWBIT_LANES a.v[l] = std::int32_t(std::uint32_t(a.v[l]) >> by);
  return a;
}
inline vi ordered_bits(vi a) {
  LOWBIT_LANES a.v[l] = kernels::ordered_bits(a.v[l]);
  return a;
}
/// to + step where a > b, else `to`.
inline vi add_above(vi to, const vi& a, const vi& b, int step) {
  LOWBIT_LANES to.v[l] += a.v[l] > b.v[l] ? step : 0;
  return to;
}
/// `value` where a > b, else 0.
inline vi above(vi a, const vi& b, const vi& value) {
  LOWBIT_LANES a.v[l] = a.v[l] > b.v[l] ? value.v[l] : 0;
  return a;
}
/// Bits of a where the mask has ones, else of b.
inline vi choose(const vi& mask, vi a, const vi& b) {
  LOWBIT_LANES a.v[l] = (a.v[l] & mask.v[l]) | (b.v[l] & ~mask.v[l]);
  return a;
}
inline void store_low_bytes(std::uint8_t* p, const vi& a) {
  LOWBIT_LANES p[l] = std::uint8_t(a.v[l]);
}
inline void store_low_words(std::uint8_t* p, const vi& a) {
  LOWBIT_LANES {
    const auto low = std::uint16_t(a.v[l]);
    __builtin_memcpy(p + 2 * l, &low, 2);
  }
}
inline vb load_bytes(const std::uint8_t* p) {
  vb r;
  __builtin_memcpy(&r, p, sizeof r);
  return r;
}
/// Codes of up to 8 bits, one per byte -> a stream: neighbours join into 16, 32 and 64 bits.
struct byte_packer {
  static constexpr int codes = 8;
  int bits;
  explicit byte_packer(int b) : bits(b) {}
  void operator()(const std::uint8_t* p, std::uint8_t* stream) const {
    std::uint64_t c;
    __builtin_memcpy(&c, p, 8);
    c = (c & 0x00ff00ff00ff00ffu) | (c & 0xff00ff00ff00ff00u) >> (8 - bits);
    c = (c & 0x0000ffff0000ffffu) | (c & 0xffff0000ffff0000u) >> (16 - 2 * bits);
    c = (c & 0x00000000ffffffffu) | (c & 0xffffffff00000000u) >> (32 - 4 * bits);
    __builtin_memcpy(stream, &c, 8);
  }
};
/// Sums of products of floats in binary64, one per lane; each product is exact.
struct squares {
  double sum[lanes];
  void add(const vf& a, const vf& b) {
    LOWBIT_LANES sum[l] += double(a.v[l]) * double(b.v[l]);
  }
};
/// The sum of sixteen partial sums, as ordered_sum has it.
inline double ordered_total(squares (&sums)[1]) {
  double* const part = sums[0].sum;
  for (int step = 8; step > 0; step /= 2)
    for (int l = 0; l < step; ++l) part[l] += part[l + step];
  return part[0];
}

#undef LOWBIT_LANES
