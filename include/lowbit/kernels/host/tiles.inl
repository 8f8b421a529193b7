// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernel text: tiles of sixteen rows. Included once per target, after its primitives.
//
// The rows of a tile sit in the 32-bit lanes of vectors and four columns in the bytes of a lane, so
// that a product needs no sum across lanes. Scales are applied to the sums of runs of columns.
//
// Every element of y is summed in one order, whatever the tokens beside it.
//
// Sums stay in registers only where all that touches them is inlined: g++ does that for whole
// kernels that say flatten, clang++ for lambdas that say always_inline.

constexpr int parts_of_tile = row_ops::tile_rows / lanes;
/// Tokens whose sums fit the registers: one for each vector of a tile's rows, or four of real
/// products that decode as they go. A vector of neon is four registers.
constexpr int most_tokens = target_name == arch::neon ? 4 : 8 / parts_of_tile;
constexpr int real_tokens = target_name == arch::neon ? 1 : 4;

/// Sixteen rows of dwords -> dwords of sixteen rows.
inline void transpose(const void* rows, index_t stride, index_t dwords, void* out) {
  const auto* from = static_cast<const std::uint8_t*>(rows);
  auto* to = static_cast<std::uint8_t*>(out);
  for (index_t d = 0; d < dwords; d += lanes)
    for (int part = 0; part < parts_of_tile; ++part)
      transpose_block(from + part * lanes * stride + 4 * d, stride, to + 64 * d + part * 4 * lanes);
}

// ---------------------------------------------------------------------------------------------
// Packed codes of a tile: 64 bytes for each bit of 32 columns, in planes of 8, 4, 2 and 1 bits,
// least significant plane first. Vector j of a plane of w bits holds quads 8/w j .. 8/w (j + 1) - 1
// of the block, the first in the lowest bits of its bytes.
// ---------------------------------------------------------------------------------------------
template <int Bits>
inline constexpr int plane_width = Bits >= 8 ? 8 : Bits >= 4 ? 4 : Bits >= 2 ? 2 : 1;

/// The bits that quad I has in a vector of a plane of W bits, moved to bit To of each byte. What a
/// shift takes across bytes is masked.
template <int W, int I, int To>
inline vb plane_codes(vb all) {
  if constexpr (W == 8) return all;
  else return and_bytes(shift_bits<I % (8 / W) * W - To>(all), ((1 << W) - 1) << To);
}
/// The codes of quad I (0..7) of a block, one per byte; To: those of planes from bit To on.
template <int Bits, int I, int To = 0>
inline vb quad_codes(const std::uint8_t* block) {
  constexpr int w = plane_width<Bits>, each = 8 / w;
  const vb codes = plane_codes<w, I, To>(load_bytes(block + 64 * (I / each)));
  if constexpr (Bits > w)
    return or_bytes(codes, quad_codes<Bits - w, I, To + w>(block + 64 * w));
  else
    return codes;
}

/// The same of a block whose vectors are held: what quad I is the first to need must be loaded
/// before it. Compilers would rather load each of them again for every quad, and loads are what a
/// product of few bits waits for.
template <int Bits, int I>
inline void hold_planes(const std::uint8_t* block, vb* held) {
  constexpr int w = plane_width<Bits>, each = 8 / w;
  if constexpr (I % each == 0) *held = in_register(load_bytes(block + 64 * (I / each)));
  if constexpr (Bits > w) hold_planes<Bits - w, I>(block + 64 * w, held + 1);
}
template <int Bits, int I, int To = 0>
inline vb held_codes(const vb* held) {
  constexpr int w = plane_width<Bits>;
  const vb codes = plane_codes<w, I, To>(*held);
  if constexpr (Bits > w)
    return or_bytes(codes, held_codes<Bits - w, I, To + w>(held + 1));
  else
    return codes;
}

/// Asks for vector I of the block that lies a page behind this one. The prefetchers of processors
/// stop at the end of a page, and tiles are one long stream: where memory answers slowly this is
/// worth half of the speed (a Xeon: from 7.5 to 11 GB/s), in caches it costs nothing that was seen.
/// Inlined by force: g++ takes a function that only prefetches for one without effect, and drops
/// its calls.
template <int Bits, int I>
[[gnu::always_inline]] inline void fetch_ahead(const std::uint8_t* block) {
  if constexpr (I < Bits) __builtin_prefetch(block + 64 * I + 4096, 0, 2);
  // Several planes are read in turns, and prefetchers follow what is read, not what is asked for:
  // so a byte of every line is read in order.
  if constexpr (I == 0 && Bits > 4 && Bits > plane_width<Bits>)
    for (int k = 0; k < Bits; ++k) asm volatile("" : : "r"(block[64 * k]));
}

template <int Bits, class LookUp>
inline void unpack_tile_with(const std::uint8_t* packed, index_t blocks, const LookUp& look_up,
                             std::uint8_t* out) {
  for (index_t b = 0; b < blocks; ++b)
    for (int part = 0; part < parts_of_tile; ++part)
      unroll<8>([&](auto i) __attribute__((always_inline)) {
        if (part == 0) fetch_ahead<Bits, i>(packed + b * 64 * Bits);
        const vb codes = quad_codes<Bits, i>(packed + b * 64 * Bits + part * 4 * lanes);
        store_bytes(out + (8 * b + i) * 64 + part * 4 * lanes, look_up(codes));
      });
}
template <int Bits>
[[gnu::flatten]] void unpack_tile(const std::uint8_t* packed, index_t blocks,
                                  const std::int8_t* table, std::uint8_t* out) {
  if (table == nullptr)
    unpack_tile_with<Bits>(packed, blocks, same_bytes(), out);
  else
    unpack_tile_with<Bits>(packed, blocks, byte_lut(table, Bits), out);
}

/// Puts the upper Bits bits of the codes, those from bit Taken on, into their planes.
template <int Bits, int Taken>
inline void pack_block(const std::uint8_t* codes, std::uint8_t* block) {
  constexpr int w = plane_width<Bits>, each = 8 / w;
  for (int part = 0; part < parts_of_tile; ++part)
    unroll<w>([&](auto j) {
      vb all = and_bytes(load_bytes(codes), 0);
      unroll<each>([&](auto i) {
        const vb c = load_bytes(codes + (j * each + i) * 64 + part * 4 * lanes);
        all = or_bytes(all, shift_bits<-i * w>(and_bytes(shift_bits<Taken>(c), (1 << w) - 1)));
      });
      store_bytes(block + 64 * j + part * 4 * lanes, all);
    });
  if constexpr (Bits > w) pack_block<Bits - w, Taken + w>(codes, block + 64 * w);
}
template <int Bits>
void pack_tile(const std::uint8_t* codes, index_t blocks, std::uint8_t* packed) {
  for (index_t b = 0; b < blocks; ++b)
    pack_block<Bits, 0>(codes + b * 512, packed + b * 64 * Bits);
}

/// Exchanges, in every word, the fields of Bits whose numbers have bit A set and bit B (< A) not
/// with those that have it the other way round.
template <int Bits, int A, int B>
inline vi exchange_fields(vi x) {
  constexpr int by = ((1 << A) - (1 << B)) * Bits;
  constexpr std::uint32_t low = [] {  // the lower one of each pair
    std::uint32_t mask = 0;
    for (int i = 0; i < 32; ++i)
      if ((i / Bits >> A & 1) == 0 && (i / Bits >> B & 1) == 1) mask |= 1u << i;
    return mask;
  }();
  const vi stay = and_ints(x, int(~(low | low << by)));
  const vi up = shift_words<-by>(and_ints(x, int(low)));
  return or_ints(stay, or_ints(up, and_ints(shift_words<by>(x), int(low))));
}
template <int Bits, bool Back>
inline vi turned(vi x) {
  // The number of a field, from the top: that of its quad, then two bits of its place there.
  if constexpr (Bits == 4 && !Back) return exchange_fields<4, 1, 0>(exchange_fields<4, 2, 1>(x));
  else if constexpr (Bits == 4) return exchange_fields<4, 2, 1>(exchange_fields<4, 1, 0>(x));
  else if constexpr (Bits == 2) return exchange_fields<2, 2, 0>(exchange_fields<2, 3, 1>(x));
  else if constexpr (Bits == 1 && !Back)
    return exchange_fields<1, 1, 0>(
        exchange_fields<1, 2, 1>(exchange_fields<1, 3, 0>(exchange_fields<1, 4, 1>(x))));
  else if constexpr (Bits == 1)
    return exchange_fields<1, 4, 1>(
        exchange_fields<1, 3, 0>(exchange_fields<1, 2, 1>(exchange_fields<1, 1, 0>(x))));
  else return x;
}
template <int Bits, bool Back>
[[gnu::flatten]] void turn_fields(const std::uint8_t* from, index_t words, std::uint8_t* to) {
  for (index_t i = 0; i < words * row_ops::tile_rows; i += lanes)
    store_words(to + 4 * i, turned<Bits, Back>(load_words(from + 4 * i)));
}

// ---------------------------------------------------------------------------------------------
// Integer products.
// ---------------------------------------------------------------------------------------------

/// Results, and what has yet to meet parameters: `inner` the scales of activations, `outer` the
/// outer scales.
template <int Results>
struct run_sums {
  vf total[Results], inner[Results], outer[Results];

  [[gnu::always_inline]] void clear() {
    unroll<Results>([&](auto k) { inner[k] = outer[k] = set1(0); });
  }
  /// Adds the sum of a run to result K, of the rows from `lane` on.
  template <int K, scale_kind Scales>
  [[gnu::always_inline]] void add_run(vf sum, const row_ops::tile_weights& w,
                                      const row_ops::run_place& place, int lane,
                                      const row_ops::tile_inputs& x, index_t input) {
    const index_t at = place.group * row_ops::tile_rows + lane;
    const vf x_sum = set1(x.sums[input]), x_scale = set1(x.scales[input]);
    const vf zero = Scales != scale_kind::integers && w.zeros != nullptr ? load(w.zeros + at)
                                                                         : set1(w.bias);
    const vf rest = minus_product(zero, x_sum, sum);
    if constexpr (Scales == scale_kind::floats) {
      total[K] = sum_fma(mul(load(w.scales + at), x_scale), rest, total[K]);
      if (w.minima != nullptr)
        total[K] = sum_fma(load(w.minima + at), mul(x_scale, x_sum), total[K]);
    } else {
      const vf scale = Scales == scale_kind::integers ? whole_numbers(w.whole_scales + at)
                                                      : load(w.scales + at);
      inner[K] = sum_fma(scale, rest, inner[K]);
      if (place.ends_sum) end_sum<K>(w, place, lane, x_scale);
    }
  }
  /// The same of the sums of all runs up to one that ends_sum, which integer scales have met
  /// already, and of what they make of the sums of x.
  template <int K>
  [[gnu::always_inline]] void add_scaled_runs(vi sum, vi x_sum, const row_ops::tile_weights& w,
                                              const row_ops::run_place& place, int lane,
                                              float x_scale) {
    inner[K] = minus_product(set1(w.bias), to_float(x_sum), to_float(sum));
    end_sum<K>(w, place, lane, set1(x_scale));
  }

 private:
  template <int K>
  [[gnu::always_inline]] void end_sum(const row_ops::tile_weights& w,
                                      const row_ops::run_place& place, int lane, vf x_scale) {
    outer[K] = sum_fma(x_scale, inner[K], outer[K]);
    inner[K] = set1(0);
    if (!place.ends_outer) return;
    const vf scale = load(w.outer_scales + place.outer * row_ops::tile_rows + lane);
    total[K] = sum_fma(scale, outer[K], total[K]);
    outer[K] = set1(0);
  }
};
/// Adds what minima make of sums of activations, where scales are nested.
template <scale_kind Scales>
inline void add_nested_minima(const row_ops::tile_weights& w, const row_ops::tile_inputs& x,
                              index_t tokens, index_t runs, float* y) {
  constexpr int parts = parts_of_tile;
  constexpr bool integers = Scales == scale_kind::integers;
  if constexpr (Scales == scale_kind::floats) return;
  if (integers ? w.whole_minima == nullptr : w.minima == nullptr) return;
  for (index_t t = 0; t < tokens; ++t) {
    float* const to = y + t * row_ops::tile_rows;
    const float* const scales = x.scales + t * x.runs_stride;
    const float* const sums = x.sums + t * x.runs_stride;
    vf total[parts];
    unroll<parts>([&](auto p) { total[p] = load(to + p * lanes); });
    for (index_t run = 0; run < runs;) {
      index_t stop = run;
      while (!w.runs[stop].ends_outer) ++stop;
      const index_t from = w.runs[stop++].outer * row_ops::tile_rows;
      vf least[2][parts];  // in turns: one sum would wait for itself
      unroll<parts>([&](auto p) { least[0][p] = least[1][p] = set1(0); });
      const auto add_one = [&](index_t i, auto turn) __attribute__((always_inline)) {
        const index_t at = w.runs[i].group * row_ops::tile_rows;
        const vf input = set1(scales[i] * sums[i]);
        unroll<parts>([&](auto p) __attribute__((always_inline)) {
          vf minimum;
          if constexpr (integers) minimum = whole_numbers(w.whole_minima + at + p * lanes);
          else minimum = load(w.minima + at + p * lanes);
          least[turn][p] = sum_fma(minimum, input, least[turn][p]);
        });
      };
      for (; run + 2 <= stop; run += 2) {
        add_one(run, std::integral_constant<int, 0>());
        add_one(run + 1, std::integral_constant<int, 1>());
      }
      if (run < stop) add_one(run++, std::integral_constant<int, 0>());
      unroll<parts>([&](auto p) {
        const vf both = add(least[0][p], least[1][p]);
        const float* const scale = w.outer_minima;
        total[p] = sum_fma(scale != nullptr ? load(scale + from + p * lanes) : set1(1), both,
                           total[p]);
      });
    }
    unroll<parts>([&](auto p) { store(to + p * lanes, total[p]); });
  }
}

/// All rows of a tile at once: what is read of the activations serves each vector of rows.
template <int Tokens, bool Small, scale_kind Scales>
inline void dot_tile_of(const row_ops::tile_weights& w, const row_ops::tile_inputs& x,
                        index_t token, index_t quads, index_t run_quads, float* y) {
  constexpr int parts = parts_of_tile, sums = Tokens * parts;
  const index_t depth = Small ? small_depth(w.most) : 1;
  const auto result = [&](int t, int part) __attribute__((always_inline)) {
    return y + (token + t) * row_ops::tile_rows + part * lanes;
  };
  run_sums<sums> to_y;
  to_y.clear();
  unroll<sums>([&](auto i) { to_y.total[i] = load(result(i / parts, i % parts)); });
  for (index_t q = 0, run = 0; q < quads; ++run) {
    vi sum[sums];
    unroll<sums>([&](auto i) { sum[i] = zeros(); });
    const auto add_quad = [&](vi(&to)[sums]) __attribute__((always_inline)) {
      vb levels[parts];
      unroll<parts>([&](auto p) { levels[p] = load_bytes(w.codes + 64 * q + 4 * lanes * p); });
      unroll<Tokens>([&](auto t) __attribute__((always_inline)) {
        const vb quad = broadcast_quad(x.levels + (token + t) * x.stride + 4 * q);
        unroll<parts>([&](auto p) __attribute__((always_inline)) {
          vi& s = to[t * parts + p];
          if constexpr (Small) s = dot_small(s, levels[p], quad);
          else s = dot_levels(s, levels[p], quad);
        });
      });
    };
    const index_t end = min_of(quads, q + run_quads);
    if constexpr (Small) {
      while (q < end) {
        vi piece[sums];
        unroll<sums>([&](auto i) { piece[i] = zeros(); });
        for (const index_t stop = min_of(end, q + depth); q < stop; ++q) add_quad(piece);
        unroll<sums>([&](auto i) { sum[i] = add_ints(sum[i], widened(piece[i])); });
      }
    } else {
      for (; q < end; ++q) add_quad(sum);
    }
    unroll<sums>([&](auto i) __attribute__((always_inline)) {
      const index_t input = (token + i / parts) * x.runs_stride + run;
      const int lane = i % parts * lanes;
      to_y.template add_run<i, Scales>(to_float(sum[i]), w, w.runs[run], lane, x, input);
    });
  }
  unroll<sums>([&](auto i) { store(result(i / parts, i % parts), to_y.total[i]); });
}

/// Levels one per byte.
template <bool Small, scale_kind Scales>
void dot_tile_levels(const row_ops::tile_weights& w, const row_ops::tile_inputs& x, index_t tokens,
                     index_t quads, index_t run_quads, float* y) {
  add_nested_minima<Scales>(w, x, tokens, ceil_div(quads, run_quads), y);
  index_t t = 0;
  const auto run = [&](auto dot, index_t n) {
    for (; t + n <= tokens; t += n) dot(w, x, t, quads, run_quads, y);
  };
  constexpr int most = most_tokens;
  run(dot_tile_of<most, Small, Scales>, most);
  run(dot_tile_of<most / 2, Small, Scales>, most / 2);
  run(dot_tile_of<1, Small, Scales>, 1);
}
template <class Later>
void dot_tile(const row_ops::tile_weights& w, const row_ops::tile_inputs& x, index_t tokens,
              index_t quads, index_t run_quads, float* y) {
  const auto run = [&](auto small) {
    if (w.outer_scales != nullptr)
      dot_tile_levels<small, scale_kind::nested>(w, x, tokens, quads, run_quads, y);
    else
      dot_tile_levels<small, scale_kind::floats>(w, x, tokens, quads, run_quads, y);
  };
  if constexpr (small_depth(1) > 0)
    if (w.most > 0) return run(std::true_type());
  run(std::false_type());
}

/// How many products of such levels are summed before their sums are widened; 0: they are not
/// small. At most four: half a block, the shortest run.
template <int Bits, packed_levels Kind>
inline constexpr int packed_depth = [] {
  if (Kind == packed_levels::table || Bits == 8 || small_depth(1) == 0) return 0;
  const int depth = Kind == packed_levels::small_table ? (Bits <= 4 ? 4 : 1)
                                                       : small_depth((1 << Bits) - 1);
  return depth < 4 ? depth : 4;
}();
/// For one token all rows of a tile at once: then its codes are read in order, and arithmetic never
/// pauses the reading.
template <int Bits, packed_levels Kind, scale_kind Scales, int Tokens>
inline void dot_packed_of(const row_ops::tile_weights w, const row_ops::tile_inputs x,
                          index_t quads, index_t run_quads, float* y) {
  const auto look_up = [&] {  // codes that are levels come without a table
    if constexpr (Kind == packed_levels::codes) return same_bytes();
    else return byte_lut(w.table, Bits);
  }();
  constexpr int parts = Tokens == 1 ? parts_of_tile : 1, results = Tokens * parts;
  constexpr int depth = packed_depth<Bits, Kind>;
  constexpr int sums = depth == 0 && results <= 2 ? 2 : 1;  // long chains of sums would wait
  // Integer scales meet sums of 16 bits where these are widened.
  constexpr bool scaled = depth > 0 && Scales == scale_kind::integers;
  for (int lane = 0; lane < row_ops::tile_rows; lane += parts * lanes) {
    const std::uint8_t* block = w.codes + 4 * lane;
    vb held[parts][4];  // a vector of each plane
    run_sums<results> to_y;
    vi sum[results][sums], small[results], x_sum[results], scales[parts];
    const auto clear = [&]() __attribute__((always_inline)) {
      unroll<results>([&](auto k) {
        unroll<sums>([&](auto j) { sum[k][j] = zeros(); });
        if constexpr (scaled) x_sum[k] = zeros();
      });
    };
    const auto result = [&](int k) __attribute__((always_inline)) {
      return y + k / parts * row_ops::tile_rows + lane + k % parts * lanes;
    };
    to_y.clear();
    unroll<results>([&](auto k) { to_y.total[k] = load(result(k)); });
    clear();
    index_t run = 0, left = run_quads;
    const bool biased = w.bias != 0;
    const row_ops::run_place* place = w.runs;
    const auto start = [&]() __attribute__((always_inline)) {
      if constexpr (scaled) {
        const std::int8_t* const from = w.whole_scales + place->group * row_ops::tile_rows + lane;
        unroll<parts>([&](auto p) { scales[p] = word_pairs(from + p * lanes); });
        if (biased)
          unroll<results>([&](auto k) {
            const vi halves = broadcast_word(x.halved_sums + k / parts * x.runs_stride + run);
            x_sum[k] = add_ints(x_sum[k], scaled_pairs(halves, scales[k % parts]));
          });
      }
    };
    const auto finish = [&]() __attribute__((always_inline)) {
      left = run_quads;
      if (!scaled || place->ends_sum) {
        unroll<results>([&](auto k) __attribute__((always_inline)) {
          const int rows = lane + k % parts * lanes;
          const index_t input = k / parts * x.runs_stride + run;
          vi all = sum[k][0];
          if constexpr (sums > 1) all = add_ints(all, sum[k][1]);
          if constexpr (scaled)
            to_y.template add_scaled_runs<k>(all, x_sum[k], w, *place, rows, x.scales[input]);
          else
            to_y.template add_run<k, Scales>(to_float(all), w, *place, rows, x, input);
        });
        clear();
      }
      ++run;
      ++place;
    };
    start();
    for (index_t q = 0; q < quads; q += 8, block += 64 * Bits)
      unroll<8>([&](auto i) __attribute__((always_inline)) {
        if (lane == 0) fetch_ahead<Bits, i>(block);
        vb levels[parts];
        unroll<parts>([&](auto p) __attribute__((always_inline)) {
          hold_planes<Bits, i>(block + p * 4 * lanes, held[p]);
          levels[p] = held_codes<Bits, i>(held[p]);
          levels[p] = look_up(levels[p]);
        });
        unroll<Tokens>([&](auto t) __attribute__((always_inline)) {
          const vb quad = broadcast_quad(x.levels + t * x.stride + 4 * (q + i));
          unroll<parts>([&](auto p) __attribute__((always_inline)) {
            constexpr int k = t * parts + p;
            vi& to = sum[k][i % sums];
            if constexpr (depth > 0) {
              small[k] = dot_small(i % depth == 0 ? zeros() : small[k], levels[p], quad);
              if constexpr ((i + 1) % depth == 0)
                to = add_ints(to, scaled ? scaled_pairs(small[k], scales[p]) : widened(small[k]));
            } else if constexpr (Kind == packed_levels::codes) {
              to = dot_codes<Bits>(to, levels[p], quad);
            } else {
              to = dot_levels(to, levels[p], quad);
            }
          });
        });
        // The last half of the last block may be beyond the end.
        if constexpr ((i + 1) % 4 == 0)
          if ((left -= 4) == 0 && q + i - 3 < quads) {
            finish();
            if (q + i + 1 < quads) start();
          }
      });
    if (run_quads > 4 && left < run_quads) finish();
    unroll<results>([&](auto k) { store(result(k), to_y.total[k]); });
  }
}
/// Packed codes, for a few tokens.
template <int Bits, packed_levels Kind, scale_kind Scales>
[[gnu::flatten]] void dot_packed(const row_ops::tile_weights& w, const row_ops::tile_inputs& x,
                                 index_t tokens, index_t quads, index_t run_quads, float* y) {
  add_nested_minima<Scales>(w, x, tokens, ceil_div(quads, run_quads), y);
  for (index_t t = 0; t < tokens;) {
    const std::int32_t* const halved_sums =
        Scales == scale_kind::integers ? x.halved_sums + t * x.runs_stride : nullptr;
    const row_ops::tile_inputs from{x.levels + t * x.stride, x.stride,
                                    x.scales + t * x.runs_stride, x.sums + t * x.runs_stride,
                                    x.runs_stride, halved_sums};
    float* const to = y + t * row_ops::tile_rows;
    const index_t left = tokens - t;
    if (left >= 4) dot_packed_of<Bits, Kind, Scales, 4>(w, from, quads, run_quads, to);
    else if (left >= 2) dot_packed_of<Bits, Kind, Scales, 2>(w, from, quads, run_quads, to);
    else dot_packed_of<Bits, Kind, Scales, 1>(w, from, quads, run_quads, to);
    t += left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }
}
// ---------------------------------------------------------------------------------------------
// Real products.
// ---------------------------------------------------------------------------------------------

// Levels of a quad of four columns are four vectors. Either each of them is a column, its lanes the
// rows (by_columns); or each holds the quads of some rows, which costs fewer instructions than
// taking columns apart: then quads of x meet them, and it is sums that become columns. Both give
// the same sums. A target's quad_levels, where it is `here`, is the faster way.

struct codes_as_levels {
  vf operator()(vi c) const { return to_float(low_byte(c)); }
};
struct gathered_levels {
  const float* table;
  vf operator()(vi c) const { return gather(table, low_byte(c)); }
};
template <class Level>
struct column_levels {
  static constexpr bool by_columns = true;
  Level level;
  [[gnu::always_inline]] void operator()(const vb& codes, vf (&v)[4]) const {
    unroll<4>([&](auto j) { v[j] = level(down_bytes<j>(codes)); });
  }
};
template <int Bits, level_kind Kind>
auto levels_of_kind(const row_ops::tile_values& w) {
  if constexpr (Kind == level_kind::codes)
    return column_levels<codes_as_levels>{};
  else if constexpr (quad_levels<Bits, Kind>::here)
    return quad_levels<Bits, Kind>(w);
  else if constexpr (Kind == level_kind::table16)
    return column_levels<lut16>{lut16(w.table)};
  else
    return column_levels<gathered_levels>{{w.table}};
}

/// Packed codes. Each run of a row is summed in four parts, which keeps the error small. For one
/// token all rows of a tile at once, as above; sums of several tokens would not fit the registers.
template <int Bits, int Tokens, bool Shifted, class Levels>
inline void dot_values_of(const row_ops::tile_values& w, const float* x, index_t stride,
                          index_t quads, index_t run_quads, float* y, Levels levels) {
  constexpr bool by_columns = Levels::by_columns || Shifted;
  constexpr int parts = Tokens == 1 ? parts_of_tile : 1, results = Tokens * parts;
  for (int lane = 0; lane < row_ops::tile_rows; lane += parts * lanes) {
    const std::uint8_t* block = w.codes + 4 * lane;
    const auto result = [&](int k) __attribute__((always_inline)) {
      return y + k / parts * row_ops::tile_rows + lane + k % parts * lanes;
    };
    vf total[results], sum[results][4];
    const auto clear = [&]() __attribute__((always_inline)) {
      unroll<results>([&](auto k) { unroll<4>([&](auto j) { sum[k][j] = set1(0); }); });
    };
    unroll<results>([&](auto k) { total[k] = load(result(k)); });
    clear();
    index_t run = 0, left = run_quads;
    vf factor[parts], shift[parts];
    const auto start = [&]() __attribute__((always_inline)) {
      if constexpr (Shifted)
        unroll<parts>([&](auto p) {
          const index_t at = w.group[run] * row_ops::tile_rows + lane + p * lanes;
          factor[p] = load(w.factors + at);
          shift[p] = load(w.shifts + at);
        });
    };
    const auto finish = [&]() __attribute__((always_inline)) {
      const float* const scales = w.scales + w.group[run] * row_ops::tile_rows + lane;
      unroll<results>([&](auto k) {
        if constexpr (!by_columns) quads_to_columns<Levels>(sum[k]);
        const vf all = add(add(sum[k][0], sum[k][1]), add(sum[k][2], sum[k][3]));
        total[k] = sum_fma(load(scales + k % parts * lanes), all, total[k]);
      });
      clear();
      left = run_quads;
      ++run;
    };
    start();
    for (index_t q = 0; q < quads; q += 8, block += 64 * Bits)
      unroll<8>([&](auto i) __attribute__((always_inline)) {
        if (lane == 0) fetch_ahead<Bits, i>(block);
        unroll<parts>([&](auto p) __attribute__((always_inline)) {
          const vb codes = quad_codes<Bits, i>(block + p * 4 * lanes);
          vf value[4];
          levels(codes, value);
          if constexpr (Shifted) {
            if constexpr (!Levels::by_columns) quads_to_columns<Levels>(value);
            unroll<4>([&](auto j) { value[j] = fma(factor[p], value[j], shift[p]); });
          }
          unroll<Tokens>([&](auto t) {
            const float* const from = x + t * stride + 4 * (q + i);
            vf(&to)[4] = sum[t * parts + p];
            if constexpr (by_columns) {
              unroll<4>([&](auto j) { to[j] = sum_fma(value[j], set1(from[j]), to[j]); });
            } else {
              const vf quad = broadcast_floats(from);
              unroll<4>([&](auto j) { to[j] = sum_fma(value[j], quad, to[j]); });
            }
          });
        });
        if (--left == 0 && q + i - run_quads + 1 < quads) {
          finish();
          if (q + i + 1 < quads) start();
        }
      });
    if (run * run_quads < quads) finish();
    unroll<results>([&](auto k) { store(result(k), total[k]); });
  }
}
template <int Bits, level_kind Kind, bool Shifted>
[[gnu::flatten]] void dot_values(const row_ops::tile_values& w, const float* x, index_t stride,
                                 index_t tokens, index_t quads, index_t run_quads, float* y) {
  const auto levels = levels_of_kind<Bits, Kind>(w);
  index_t t = 0;
  for (; t + real_tokens <= tokens; t += real_tokens)
    dot_values_of<Bits, real_tokens, Shifted>(w, x + t * stride, stride, quads, run_quads,
                                              y + t * row_ops::tile_rows, levels);
  if constexpr (real_tokens > 2)
    for (; t + 2 <= tokens; t += 2)
      dot_values_of<Bits, 2, Shifted>(w, x + t * stride, stride, quads, run_quads,
                                      y + t * row_ops::tile_rows, levels);
  for (; t < tokens; ++t)
    dot_values_of<Bits, 1, Shifted>(w, x + t * stride, stride, quads, run_quads,
                                    y + t * row_ops::tile_rows, levels);
}

template <int Bits, level_kind Kind, bool Shifted>
[[gnu::flatten]] void read_values(const row_ops::tile_values& w, index_t quads, index_t run_quads,
                                  float* out) {
  const auto levels = levels_of_kind<Bits, Kind>(w);
  using Levels = std::remove_const_t<decltype(levels)>;
  for (int part = 0; part < parts_of_tile; ++part) {
    const int lane = part * lanes;
    const std::uint8_t* block = w.codes + 4 * lane;
    vf factor = set1(1), shift = set1(0);
    for (index_t q = 0; q < quads; q += 8, block += 64 * Bits)
      unroll<8>([&](auto i) __attribute__((always_inline)) {
        if constexpr (Shifted)
          if (q + i < quads && (q + i) % run_quads == 0) {
            const index_t at = w.group[(q + i) / run_quads] * row_ops::tile_rows + lane;
            factor = load(w.factors + at);
            shift = load(w.shifts + at);
          }
        if (part == 0) fetch_ahead<Bits, i>(block);
        const vb codes = quad_codes<Bits, i>(block);
        vf value[4];
        levels(codes, value);
        if constexpr (!Levels::by_columns) quads_to_columns<Levels>(value);
        unroll<4>([&](auto j) {
          if constexpr (Shifted) value[j] = fma(factor, value[j], shift);
          store(out + (4 * (q + i) + j) * row_ops::tile_rows + lane, value[j]);
        });
      });
  }
}
/// What dot_values does, with values that read_values wrote: the same sums in the same order. With
/// many tokens the four parts of a run are summed one after the other, so that each value that is
/// read is multiplied with as many tokens as sums fit the registers; with few at once.
template <int Tokens>
inline void dot_floats_of(const float* values, const row_ops::tile_values& w, const float* x,
                          index_t stride, index_t quads, index_t run_quads, float* y) {
  constexpr int parts = parts_of_tile, results = Tokens * parts;
  constexpr int registers = target_name == arch::neon ? 4 : 1;  // of a vector
  constexpr int at_once = results * registers >= 8 ? 1 : 4;
  const auto result = [&](int k) __attribute__((always_inline)) {
    return y + k / parts * row_ops::tile_rows + k % parts * lanes;
  };
  vf total[results];
  unroll<results>([&](auto k) { total[k] = load(result(k)); });
  for (index_t first = 0, run = 0; first < quads; first += run_quads, ++run) {
    const index_t end = min_of(quads, first + run_quads);
    vf sum[4][results];
    unroll<4 / at_once>([&](auto group) __attribute__((always_inline)) {
      vf some[at_once][results];
      unroll<at_once>([&](auto i) {
        unroll<results>([&](auto k) { some[i][k] = set1(0); });
      });
      for (index_t q = first; q < end; ++q)
        unroll<at_once>([&](auto i) __attribute__((always_inline)) {
          const index_t column = 4 * q + group * at_once + i;
          vf value[parts];
          unroll<parts>([&](auto p) {
            value[p] = load(values + column * row_ops::tile_rows + p * lanes);
          });
          unroll<Tokens>([&](auto t) __attribute__((always_inline)) {
            const vf input = set1(x[t * stride + column]);
            unroll<parts>([&](auto p) {
              vf& to = some[i][t * parts + p];
              to = sum_fma(value[p], input, to);
            });
          });
        });
      unroll<at_once>([&](auto i) {
        unroll<results>([&](auto k) { sum[group * at_once + i][k] = some[i][k]; });
      });
    });
    const float* const scales = w.scales + w.group[run] * row_ops::tile_rows;
    unroll<results>([&](auto k) {
      const vf all = add(add(sum[0][k], sum[1][k]), add(sum[2][k], sum[3][k]));
      total[k] = sum_fma(load(scales + k % parts * lanes), all, total[k]);
    });
  }
  unroll<results>([&](auto k) { store(result(k), total[k]); });
}
template <class Later>
void dot_floats(const float* values, const row_ops::tile_values& w, const float* x, index_t stride,
                index_t tokens, index_t quads, index_t run_quads, float* y) {
  index_t t = 0;
  const auto run = [&](auto dot, index_t n) {
    for (; t + n <= tokens; t += n)
      dot(values, w, x + t * stride, stride, quads, run_quads, y + t * row_ops::tile_rows);
  };
  constexpr int most = most_tokens;
  run(dot_floats_of<most>, most);
  run(dot_floats_of<most / 2>, most / 2);
  run(dot_floats_of<1>, 1);
}
