// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "int8_scale.hpp"
#include "row_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Levels as int8 (see int8_scale), by the code and whatever bits stand above it.
struct int8_table : int8_scale {
  std::int8_t values[256] = {};
  int least = 0, most = 0;  // of the values
};

/// `levels` holds 2^bits levels; an asymmetric set of 8 bits (0 .. 255) is moved by 128.
constexpr int8_table make_int8_table(const float* levels, int bits, bool may_shift) {
  int8_table t;
  const int count = 1 << bits;
  static_cast<int8_scale&>(t) = find_int8_scale(levels, count, may_shift);
  for (int i = 0; i < 256; ++i) t.values[i] = t.value(levels[i & (count - 1)]);
  for (const std::int8_t v : t.values) {
    t.least = v < t.least ? v : t.least;
    t.most = v > t.most ? v : t.most;
  }
  return t;
}

template <class Q>
inline constexpr int8_table int8_table_of = make_int8_table(levels_of<Q>.items, Q::bits,
                                                            has_zero<Q>);

/// How levels were made what kernels want.
struct increased_levels {
  int bias;     // what was added to every level
  int largest;  // of what came out, where that is 0 .. 127; else 0 (tile_weights::most)
};
/// The int8 levels of one matrix.
template <class Q>
struct int8_table_for : int8_table, increased_levels {
  /// Without the bias.
  int level(code_t code, int) const { return std::int8_t(values[code] - bias); }
};
/// A codebook's: its entries one after the other, those of several tables with one unit.
template <codebook Q>
struct int8_table_for<Q> : increased_levels {
  using tables = entry_tables<Q>;
  std::int8_t values[std::size_t(tables::size) * std::size_t(dim_of<Q>)];
  float unit, zero_shift;

  /// The level of value i of a code's vector, without the bias: the sum of what its tables say.
  int level(code_t code, int i) const {
    int sum = 0;
    for (int t = 0; t < tables::count; ++t) {
      const code_t entry = code >> tables::first_bit(t) & ((code_t(1) << tables::bits(t)) - 1);
      sum += values[(tables::offset(t) + index_t(entry)) * dim_of<Q> + i];
    }
    return sum;
  }
};

/// `bias`: what the instruction set wants to be added to levels, unless all of them fit 0 .. 127
/// above the least.
template <class Q>
void make_int8_levels(const state_of<Q>& state, int bias, int8_table_for<Q>& t) {
  static_cast<increased_levels&>(t) = {bias, 0};  // memory is lent: nothing is there yet
  if constexpr (dim_of < Q >> 1) {
    const auto each = [&](auto f) {
      entry_tables<Q>::each(state, [&](index_t e, const block_of<Q>& entry) {
        for (int i = 0; i < dim_of<Q>; ++i) f(e * dim_of<Q> + i, entry[i]);
      });
    };
    float top = 0;
    each([&](index_t, float v) {
      if (is_finite(v) && magnitude(v) > top) top = magnitude(v);
    });
    t.unit = top > 0 ? div_rn(top, 127.f) : 1.f;
    t.zero_shift = 0;
    each([&](index_t i, float v) {
      t.values[i] = std::int8_t((is_finite(v) ? round_int(div_rn(v, t.unit)) : 0) + bias);
    });
  } else {
    if constexpr (tabulated<Q>)
      static_cast<int8_table&>(t) = int8_table_of<Q>;
    else
      static_cast<int8_table&>(t) =
          make_int8_table(level_table<Q>(state).data(), Q::bits, has_zero<Q>);
    if (t.most - t.least <= 127)
      static_cast<increased_levels&>(t) = {-t.least, t.most - t.least};
    for (std::int8_t& v : t.values) v = std::int8_t(v + t.bias);
  }
}

/// Codebooks whose vectors fill whole quads of columns, and blocks of codes whole pieces of tiles.
template <class Q>
concept whole_quads = small_codebook<Q> && Q::bits <= 16 && entry_tables<Q>::count <= 4 &&
                      (dim_of<Q> == 4 || dim_of<Q> == 8 || dim_of<Q> == 16 || dim_of<Q> == 32);

/// Code sets that the integer product takes: real, one scale per group that spans whole quads of
/// columns, with few enough levels for a table; vectors of 4, 8, 16 or 32.
template <class F>
inline constexpr bool has_int8_path = [] {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  return (small_table<Q> || whole_quads<Q>)&&scales_of<Q> == 1 && !scales_columns<G> &&
         G::block_cols % 4 == 0 && std::same_as<typename F::value_type, float>;
}();

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
