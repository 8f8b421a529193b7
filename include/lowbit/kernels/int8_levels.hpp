// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "int8_scale.hpp"
#include "row_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Levels as int8 (see int8_scale), by the code and whatever bits stand above it.
struct int8_table : int8_scale {
  std::int8_t values[256] = {};
};

/// `levels` holds 2^bits levels; an asymmetric set of 8 bits (0 .. 255) is moved by 128.
constexpr int8_table make_int8_table(const float* levels, int bits, bool may_shift) {
  int8_table t;
  const int count = 1 << bits;
  static_cast<int8_scale&>(t) = find_int8_scale(levels, count, may_shift);
  for (int i = 0; i < 256; ++i) t.values[i] = t.value(levels[i & (count - 1)]);
  return t;
}

template <class Q>
inline constexpr int8_table int8_table_of = make_int8_table(levels_of<Q>.items, Q::bits,
                                                            has_zero<Q>);

/// The int8 levels of one matrix.
template <class Q>
struct int8_table_for : int8_table {};
/// A codebook's: its entries one after the other.
template <codebook Q>
struct int8_table_for<Q> {
  std::int8_t values[(std::size_t(1) << Q::bits) * std::size_t(dim_of<Q>)];
  float unit, zero_shift;
  const std::int8_t* entry(code_t c) const { return values + std::size_t(c) * dim_of<Q>; }
};

/// `bias` is added to every level: what the instruction set wants.
template <class Q>
void make_int8_levels(const state_of<Q>& state, int bias, int8_table_for<Q>& t) {
  if constexpr (dim_of < Q >> 1) {
    constexpr code_t count = code_t(1) << Q::bits;
    float top = 0;
    const auto each = [&](auto f) {
      for (code_t c = 0; c < count; ++c) {
        const block_of<Q> entry = decode_in<Q>(state, c, group_params<Q>{});
        for (int i = 0; i < dim_of<Q>; ++i) f(c * dim_of<Q> + code_t(i), entry[i]);
      }
    };
    each([&](code_t, float v) {
      if (is_finite(v) && magnitude(v) > top) top = magnitude(v);
    });
    t.unit = top > 0 ? div_rn(top, 127.f) : 1.f;
    t.zero_shift = 0;
    each([&](code_t i, float v) {
      t.values[i] = std::int8_t((is_finite(v) ? round_int(div_rn(v, t.unit)) : 0) + bias);
    });
  } else {
    if constexpr (tabulated<Q>)
      static_cast<int8_table&>(t) = int8_table_of<Q>;
    else
      static_cast<int8_table&>(t) =
          make_int8_table(level_table<Q>(state).data(), Q::bits, has_zero<Q>);
    for (std::int8_t& v : t.values) v = std::int8_t(v + bias);
  }
}

/// Code sets that the integer product takes: real, one scale per group that spans whole quads of
/// columns, with few enough levels for a table.
template <class F>
inline constexpr bool has_int8_path = [] {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  return (small_table<Q> || (small_codebook<Q> && dim_of<Q> % 4 == 0)) && scales_of<Q> == 1 &&
         !scales_columns<G> && G::block_cols % 4 == 0 &&
         std::same_as<typename F::value_type, float>;
}();

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
