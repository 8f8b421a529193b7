// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel text: values to codes. Included once per target, after rows.inl.
//
// The same arithmetic as normalize, encode and reconstruct, value by value: every operation is one
// correctly rounded binary32 operation, under the default mode.

/// Calls f(vector, place); the last one filled up with zeros.
template <class F>
inline void for_vectors(const float* u, index_t n, F f) {
  index_t i = 0;
  for (; i + lanes <= n; i += lanes) f(load(u + i), i);
  if (i < n) {
    alignas(64) float rest[lanes] = {};
    __builtin_memcpy(rest, u + i, std::size_t(n - i) * sizeof(float));
    f(load(rest), i);
  }
}

template <class Later>
run_survey survey(const float* x, index_t n) {
  vi most = zeros(), least = set1_int(-1);  // of magnitudes, and of those less one, 0 being no size
  for_vectors(x, n, [&](vf v, index_t) {
    const vi size = and_ints(bits_of(v), 0x7fffffff);
    most = larger_ints(most, size);
    least = smaller_unsigned(least, add_ints(size, set1_int(-1)));
  });
  alignas(64) std::uint32_t large[lanes], small[lanes];
  store_bits(large, most);
  store_bits(small, least);
  std::uint32_t top = 0, bottom = 0xffffffffu;
  for (int l = 0; l < lanes; ++l) {
    top = large[l] > top ? large[l] : top;
    bottom = small[l] < bottom ? small[l] : bottom;
  }
  return {top < 0x7f800000u, top <= (127u + 60) << 23 && bottom >= ((127u - 60) << 23) - 1};
}

template <class Later>
void find_extremes(const float* x, index_t n, float* low, float* high) {
  float least = x[0], most = x[0];
  index_t i = 0;
  if (n >= lanes) {
    vf small = load(x), large = small;
    for (i = lanes; i + lanes <= n; i += lanes) {
      const vf v = load(x + i);
      small = smaller(small, v);
      large = larger(large, v);
    }
    least = -reduce_max(sub(set1(-0.f), small));
    most = reduce_max(large);
  }
  for (; i < n; ++i) {
    least = x[i] < least ? x[i] : least;
    most = x[i] > most ? x[i] : most;
  }
  *low = least;
  *high = most;
}

/// A pair of vectors.
struct two_vectors {
  vf u, v;
};

/// Correctly rounded quotients by one divisor, or one for each lane. With r = 1 / s correctly
/// rounded, two steps of Newton's method with exact remainders give them too, without the sign of
/// 0 (Markstein, "Computation of elementary functions on the IBM RISC System/6000", 1990), which is
/// faster where vectors are long; x must be moderate then.
struct divider {
  vf divisor, inverse;
  bool by_products;
  divider(float s, bool moderate)
      : divisor(set1(s)),
        inverse(set1(1 / s)),
        by_products(fast_products && moderate && magnitude(s) >= 0x1p-40f &&
                    magnitude(s) <= 0x1p40f) {}
  explicit divider(vf s) : divisor(s), inverse(s), by_products(false) {}
  vf operator()(vf x) const {
    if (!by_products) return div(x, divisor);
    vf q = mul_apart(x, inverse);
    q = fma(minus_product(q, divisor, x), inverse, q);
    q = fma(minus_product(q, divisor, x), inverse, q);
    return with_sign_of_product(q, x, divisor);
  }
};

// A value's position between the levels of its group (`normalize`), of a scale that is not 0.
template <zero_kind Kind>
inline vf position_of(vf x, const divider& over, vf z) {
  if constexpr (Kind == zero_kind::minimum) x = sub(x, z);
  vf u = over(x);
  if constexpr (Kind == zero_kind::integer)  // as far as round_int goes
    u = add(round_even(smaller(larger(u, set1(-0x1p22f)), set1(0x1p22f))), z);
  if constexpr (Kind == zero_kind::real) u = add(u, z);
  return u;
}
template <zero_kind Kind>
inline float position_of(float x, float s, float z) {
  if (s == 0) return Kind == zero_kind::integer || Kind == zero_kind::real ? 0 + z : 0;
  if constexpr (Kind == zero_kind::minimum) x = sub_rn(x, z);
  float u = div_rn(x, s);
  if constexpr (Kind == zero_kind::integer) u = float(round_int(u)) + z;
  if constexpr (Kind == zero_kind::real) u = add_rn(u, z);
  return u;
}
/// Groups of `width` columns, the first lacking its first `used`; without zeros z is null. Sixteen
/// parameters past the last may be read.
template <zero_kind Kind>
void find_positions(const float* x, index_t n, index_t width, index_t used, const float* s,
                    const float* z, bool moderate, float* u) {
  const auto zero = [&](index_t g) { return Kind == zero_kind::none ? 0.f : z[g]; };
  if constexpr (Kind == zero_kind::minimum) moderate = false;  // its differences may not be
  index_t i = 0;
  if (width < lanes && lanes % width == 0 && used == 0)
    for (; i + lanes <= n; i += lanes) {
      const narrow_groups of{i / width, int(width)};
      const vf scale = of(s), zeros_here = Kind == zero_kind::none ? set1(0) : of(z);
      const vi is_zero = above(set1_int(1), and_ints(bits_of(scale), 0x7fffffff), set1_int(-1));
      const vf found = position_of<Kind>(load(x + i), divider(scale), zeros_here);
      const vf none = Kind == zero_kind::integer || Kind == zero_kind::real
                          ? add(set1(0), zeros_here) : set1(0);
      store(u + i, float_of(choose(is_zero, bits_of(none), bits_of(found))));
    }
  for (index_t g = (i + used) / width; i < n; ++g) {
    const index_t end = min_of(n, (g + 1) * width - used);
    const divider over(s[g], moderate);
    const vf none = set1(position_of<Kind>(0.f, 0.f, zero(g))), z_here = set1(zero(g));
    if (s[g] == 0)
      for (; i + lanes <= end; i += lanes) store(u + i, none);
    for (; i + lanes <= end; i += lanes)
      store(u + i, position_of<Kind>(load(x + i), over, z_here));
    for (; i < end; ++i) u[i] = position_of<Kind>(x[i], s[g], zero(g));
  }
}

/// Rounding to whole steps: the clamped integer, without bias.
struct affine_rounder {
  vf shift, low, high, bias;
  vi zero_code;
  explicit affine_rounder(const affine_rule& r)
      : shift(set1(r.shift)),
        low(set1(r.low)),
        high(set1(r.high)),
        bias(set1(r.bias)),
        zero_code(set1_int(r.zero_code)) {}
  vf steps(vf u) const { return round_even(smaller(larger(add(u, shift), low), high)); }
  vi code(vf u) const { return add_ints(to_ints(steps(u)), zero_code); }
  vf level(vf u) const { return add(steps(u), bias); }
};
/// Halving among sixteen levels: the index of the level. Each step has its own table, which begins
/// at the first point that it may ask for; what lies past the points is never asked.
struct point_finder {
  vi middle;
  lut16 by_4, by_2, by_1, levels;
  explicit point_finder(const point_rule& r)
      : middle(set1_int(r.points.items[7])),
        by_4(points_from(r, 3)),
        by_2(points_from(r, 1)),
        by_1(points_from(r, 0)),
        levels(r.levels.items) {}
  vi index(vf u) const {
    const vi key = ordered_bits(bits_of(u));
    vi at = add_above(zeros(), key, middle, 8);
    at = add_above(at, key, bits_of(by_4(at)), 4);
    at = add_above(at, key, bits_of(by_2(at)), 2);
    return add_above(at, key, bits_of(by_1(at)), 1);
  }
  static const float* points_from(const point_rule& r, int first) {
    static_assert(sizeof(point_rule) >= 4 * (3 + 16));  // tables are loaded as a whole
    return reinterpret_cast<const float*>(&r) + first;
  }
  vf level(vf u) const { return levels(index(u)); }
};

// One byte for each code; the width is that of field_rule alone.
template <int Bytes>
void find_codes(const float* u, index_t n, const affine_rule& rule, std::uint8_t* out) {
  const affine_rounder round(rule);
  for_vectors(u, n, [&](vf v, index_t i) { store_low_bytes(out + i, round.code(v)); });
}
template <int Bytes>
void find_codes(const float* u, index_t n, const point_rule& rule, std::uint8_t* out) {
  const point_finder find(rule);
  for_vectors(u, n, [&](vf v, index_t i) { store_low_bytes(out + i, find.index(v)); });
  alignas(64) std::int8_t table[256] = {};
  __builtin_memcpy(table, rule.codes.items, 16);
  const byte_lut look_up(table, 4);
  constexpr int step = int(sizeof(vb));
  for (index_t i = 0; i < n; i += step)
    store_bytes(reinterpret_cast<std::int8_t*>(out + i), look_up(load_bytes(out + i)));
}

/// Normal numbers are rounded as integers, subnormal ones by adding a number whose last place is
/// their step.
struct field_rounder {
  int drop;       // bits of a binary32's mantissa that are lost
  int sign_down;  // from a binary32's sign to that of the code
  bool is_signed;
  vi half_less, rebias, least_normal, peak, magic_bits;
  vf magic;
  explicit field_rounder(const field_rule& r)
      : drop(23 - r.mantissa_bits),
        sign_down(31 - r.exponent_bits - r.mantissa_bits),
        is_signed(r.is_signed),
        half_less(set1_int((1 << (drop - 1)) - 1)),
        rebias(set1_int(-((127 - r.bias) << r.mantissa_bits))),
        least_normal(set1_int((1 - r.bias + 127) << 23)),
        peak(set1_int(r.peak_code)),
        magic_bits(set1_int(-((drop + 1 - r.bias + 127) << 23))),
        magic(set1(exp2_int(drop + 1 - r.bias))) {}
  vi code(vf u) const {
    const vi bits = bits_of(u), a = and_ints(bits, 0x7fffffff);
    const vi odd = and_ints(shift_down(a, drop), 1);
    const vi normal = add_ints(shift_down(add_ints(add_ints(a, half_less), odd), drop), rebias);
    const vi subnormal = add_ints(bits_of(add(float_of(a), magic)), magic_bits);
    const vi is_subnormal = above(least_normal, a, set1_int(-1));
    const vi size = smaller_ints(choose(is_subnormal, subnormal, normal), peak);
    if (!is_signed) return choose(above(zeros(), bits, set1_int(-1)), zeros(), size);
    return or_ints(size, shift_down(and_ints(bits, int(0x80000000u)), sign_down));
  }
};
template <int Bytes>
void find_codes(const float* u, index_t n, const field_rule& rule, std::uint8_t* out) {
  const field_rounder round(rule);
  for_vectors(u, n, [&](vf v, index_t i) {
    if constexpr (Bytes == 1) store_low_bytes(out + i, round.code(v));
    else store_low_words(out + 2 * i, round.code(v));
  });
}

template <class Later>
void pack_codes(const std::uint8_t* codes, index_t n, int bits, std::uint8_t* stream) {
  const byte_packer pack(bits);
  for (index_t i = 0; i < n; i += byte_packer::codes) pack(codes + i, stream + i / 8 * bits);
}

/// The sum of (w u) v over n places, {u, v} = term(a, b): sixteen partials, one for each place
/// modulo sixteen, added up in pairs. Without weights w is null.
template <class Term>
[[gnu::always_inline]] inline double total_of(const float* a, const float* b, const float* w,
                                              index_t n, Term term) {
  constexpr int parts = 16 / lanes;
  squares sum[parts]{};
  index_t i = 0;
  for (; i + 16 <= n; i += 16)
    for (int p = 0; p < parts; ++p) {
      const index_t at = i + p * lanes;
      const two_vectors factors = term(load(a + at), load(b + at));
      sum[p].add(w == nullptr ? factors.u : mul(load(w + at), factors.u), factors.v);
    }
  if (i < n) {
    alignas(64) float rest[3][16] = {};
    alignas(64) std::int32_t inside[16] = {};
    const std::size_t bytes = std::size_t(n - i) * sizeof(float);
    __builtin_memcpy(rest[0], a + i, bytes);
    __builtin_memcpy(rest[1], b + i, bytes);
    __builtin_memset(inside, -1, bytes);
    if (w != nullptr) __builtin_memcpy(rest[2], w + i, bytes);
    for (int p = 0; p < parts; ++p) {
      const int at = p * lanes;
      const vi here = bits_of(load(reinterpret_cast<const float*>(inside) + at));
      const auto kept = [&](vf v) { return float_of(choose(here, bits_of(v), zeros())); };
      const two_vectors factors = term(load(rest[0] + at), load(rest[1] + at));
      sum[p].add(kept(w == nullptr ? factors.u : mul(load(rest[2] + at), factors.u)),
                 kept(factors.v));
    }
  }
  return ordered_total(sum);
}

template <class Later>
[[gnu::flatten]] double sum_products(const float* a, float a0, const float* b, float b0,
                                     const float* w, index_t n) {
  const vf from_a = set1(a0), from_b = set1(b0);
  if (b == nullptr)
    return total_of(a, a, w, n, [&](vf x, vf) { return two_vectors{sub(x, from_a), set1(1)}; });
  return total_of(a, b, w, n, [&](vf x, vf y) {
    return two_vectors{sub(x, from_a), sub(y, from_b)};
  });
}

inline affine_rounder levels_of(const affine_rule& rule) { return affine_rounder(rule); }
inline point_finder levels_of(const point_rule& rule) { return point_finder(rule); }
template <zero_kind Kind, class Rule>
[[gnu::flatten]] double sum_errors(const float* x, const float* w, index_t n, bool moderate,
                                   float scale, float zero, const Rule& rule) {
  const auto levels = levels_of(rule);
  const vf s = set1(scale), z = set1(zero);
  const divider over(scale, moderate && Kind != zero_kind::minimum);
  const vf shift = set1(Kind == zero_kind::minimum ? zero
                        : Kind == zero_kind::real  ? -mul_rn(scale, zero)
                                                      : 0);
  const vf at_zero = set1(position_of<Kind>(0.f, 0.f, zero));
  return total_of(x, x, w, n, [&](vf v, vf) __attribute__((always_inline)) {
    const vf level = levels.level(scale == 0 ? at_zero : position_of<Kind>(v, over, z));
    vf y;
    if constexpr (Kind == zero_kind::none) y = mul_apart(s, level);
    else if constexpr (Kind == zero_kind::integer) y = mul_apart(s, sub(level, z));
    else y = fma(s, level, shift);
    const vf d = sub(v, y);
    return two_vectors{d, d};
  });
}
template <zero_kind Kind, class Rule>
[[gnu::flatten]] void find_levels(const float* x, index_t n, bool moderate, float scale, float zero,
                                  const Rule& rule, float* out) {
  const auto levels = levels_of(rule);
  const vf z = set1(zero);
  const divider over(scale, moderate && Kind != zero_kind::minimum);
  const vf at_zero = set1(position_of<Kind>(0.f, 0.f, zero));
  for_vectors(x, n, [&](vf v, index_t i) {
    const vf level = levels.level(scale == 0 ? at_zero : position_of<Kind>(v, over, z));
    store(out + i, Kind == zero_kind::integer ? sub(level, z) : level);
  });
}
