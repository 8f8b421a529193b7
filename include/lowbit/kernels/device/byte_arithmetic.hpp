// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "columns.hpp"
#include "tile_weights.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// How int8 levels are multiplied (see tile_product.hpp): sums of a run are exact. `Width` codes of
/// the activations share a scale (0: all).
template <class View, int Width>
struct byte_arithmetic : codes_alone<tile_weights<View>> {
  using view_type = View;
  using reader = tile_weights<View>;
  using traits = typename reader::traits;
  using Q = typename reader::Q;
  using codec_type = byte_codec<Q>;
  using columns_type = byte_columns;
  using sum = std::int32_t;
  static constexpr mma_kind kind = codec_type::kind;
  static constexpr bool prepares_columns = true, table_needs_columns = false;
  static constexpr int run = Width == 0 ? traits::run : min_of(traits::run, run_of(Width));
  static constexpr int units_of_mma = run >= 32 ? 2 : 1, fragments = 1, products = 1;
  using displacement = typename codes_alone<reader>::displacement;
  using operands = arr<arr<word, 2 * units_of_mma>, products>;

  LOWBIT_HD static void fill(const View& w, const byte_columns&, word* table, int thread,
                             int threads) {
    codec_type::fill(w.main.stored_levels(), table, thread, threads);
  }
  LOWBIT_HD static codec_type codec(const View& w, const byte_columns&, const word* table,
                                    int lane) {
    return codec_type(w.main.stored_levels(), table, lane);
  }
  LOWBIT_HD static operands a(const codec_type& codec, const typename reader::words& w, int unit,
                              int, displacement) {
    const arr<word, 2> first = codec.scaled_fragment(w, unit);
    if constexpr (units_of_mma == 1) {
      return {{first}};
    } else {
      const arr<word, 2> second = codec.scaled_fragment(w, unit + 1);
      return {{{{first[0], first[1], second[0], second[1]}}}};
    }
  }
  LOWBIT_HD static arr<word, units_of_mma> b(const words4& piece, int unit) {
    if constexpr (units_of_mma == 1) return {{piece[unit % 4]}};
    else return {{piece[unit % 4], piece[unit % 4 + 1]}};
  }
  /// Whether the bias times a sum of activations is an integer, which binary32 has beside 2^23.
  static constexpr bool whole_bias = [] {
    if constexpr (kind == mma_kind::u8s8) {
      constexpr float bias = Q::intercept / Q::slope;
      return float(int(bias)) == bias;
    } else {
      return true;
    }
  }();
  // Sums start at the bits of 1.5 * 2^23, in binary32: what is added to an integer is added to it.
  // At most 128 * 127 * 255 < 2^22.
  LOWBIT_HD static sum start() { return 0x4b400000; }
  LOWBIT_HD static void add(const codec_type& codec, arr<float, 4>& to, const arr<sum, 4>& part,
                            const run_parameters& p, const byte_columns& x, int number, int code,
                            int column) {
    const arr<float, 2> sums = x.sums_of(number, column);
    const arr<float, 2> scales = x.scales_of(code, column);
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) {
      // Powers of two: exact.
      const float factor = i < 2 ? 1.f : 1.f / codec_type::upper_factor;
      const float start = -12582912.f * factor, found = bits_as<float>(part[i]) * factor;
      float shift = codec.bias();
      if constexpr (zero_of<Q> == zero_kind::integer) shift -= p.zero[i / 2];
      float v;
      if constexpr (kind == mma_kind::s8s8 && !has_zero<Q>)
        v = found + start;
      else if constexpr (whole_bias)
        v = found + (start + shift * sums[i % 2]);  // the bracket is the same for many
      else
        v = found + start + shift * sums[i % 2];
      float one = p.scale[i / 2] * codec.unit();
      if constexpr (traits::minima) {
        const float zero = zero_of<Q> == zero_kind::minimum ? p.zero[i / 2]
                                                            : -(p.scale[i / 2] * p.zero[i / 2]);
        to[i] += zero * scales[i % 2] * sums[i % 2];
      }
      to[i] += one * scales[i % 2] * v;
    }
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
