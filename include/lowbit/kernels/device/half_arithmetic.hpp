// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "columns.hpp"
#include "half_scales.hpp"
#include "tile_weights.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Scales of groups that meet codes in registers, as halves, exactly: those of sixteen codes, whose
/// sums would else be too short. What scales the scales meets the sums of `run` codes.
template <class F>
struct inner_scales {
  static constexpr bool used = false;
  static constexpr int run = tensor_traits<F>::run, exponent = 0;
};
template <class F>
  requires(tensor_traits<F>::dim == 1 && tensor_traits<F>::groups && tensor_traits<F>::run == 16)
struct inner_scales<F> {
  using traits = tensor_traits<F>;
  using plane = typename F::granularity_type::scale_plane;
  using N = typename plane::quantizer_type;
  using own = typename plane::granularity_type;
  using scales = half_scales<typename F::quantizer_type, N>;
  static constexpr int exponent = scales::exponent;
  static constexpr int outer_run = [] {
    if constexpr (detail::has_groups<own, N>) {
      constexpr int width = nested_span(traits::width, own::block_cols);
      return width == 0 ? 128 : run_of(width);
    } else {
      return 128;
    }
  }();
  static constexpr bool used = scales::exact && !has_zero<N> && outer_run > 16;
  static constexpr int run = used ? outer_run : traits::run;
};

/// Of an arithmetic of halves: their sums, and columns of two units for each piece.
struct half_sums {
  using sum = float;
  static constexpr mma_kind kind = mma_kind::half;
  LOWBIT_HD static sum start() { return 0; }
  LOWBIT_HD static arr<word, 2> b(const words4& piece, int unit) {
    return {{piece[unit % 2 * 2], piece[unit % 2 * 2 + 1]}};
  }
};

/// How halves are multiplied (see tile_product.hpp).
template <class View, class Columns = half_columns>
struct half_arithmetic : half_sums {
  using view_type = View;
  using reader = tile_weights<View>;
  using traits = typename reader::traits;
  using Q = typename reader::Q;
  using codec_type = half_codec<Q, table_place::shared>;  // tables: half the instructions
  using columns_type = Columns;
  static constexpr bool prepares_columns = std::same_as<Columns, half_columns>;
  static constexpr bool table_needs_columns = false;
  using inner = inner_scales<typename View::format_type>;
  static constexpr int run = inner::run;  // codes summed before parameters meet them
  static constexpr int units_of_mma = 1, fragments = 1, products = 1;
  /// What codes meet in registers: their zeros, or their scales.
  using displacement = std::conditional_t<inner::used, arr<word, 2>,
                                          typename codec_type::displacement>;
  using operands = arr<arr<word, 4>, products>;

  LOWBIT_HD static void fill(const View& w, const Columns&, word* table, int thread,
                             int threads) {
    codec_type::fill(w.main.stored_levels(), table, thread, threads);
  }
  LOWBIT_HD static codec_type codec(const View& w, const Columns&, const word* table, int lane) {
    return codec_type(w.main.stored_levels(), table, lane);
  }

  /// Of a unit's group.
  LOWBIT_HD static displacement displace(const codec_type& codec,
                                         const typename reader::stored_parameters& stored,
                                         int unit) {
    if constexpr (inner::used) {
      const row_pair level = stored.scale.level(unit * 16 / traits::run);
      displacement two;
      LOWBIT_UNROLL for (int i = 0; i < 2; ++i) {
        const float scale = level[i] * exp2_int(inner::exponent);
        two[i] = halves(scale, scale);
      }
      return two;
    } else if constexpr (zero_of<Q> == zero_kind::integer) {
      const run_parameters p = reader::parameters(stored, unit);
      return codec.displace(p.zero[0], p.zero[1]);
    } else {
      return codec.displace();
    }
  }
  LOWBIT_HD static run_parameters parameters(const typename reader::stored_parameters& stored,
                                             int unit) {
    if constexpr (inner::used) {
      run_parameters p{stored.scale.outer_scale(unit * 16 / traits::run), {}};
      LOWBIT_UNROLL for (int i = 0; i < 2; ++i) p.scale[i] *= exp2_int(-inner::exponent);
      return p;
    } else {
      return reader::parameters(stored, unit);
    }
  }
  LOWBIT_HD static operands a(const codec_type& codec, const typename reader::words& w, int unit,
                              int, const displacement& d) {
    if constexpr (inner::used) {
      arr<word, 4> four = codec.fragment(w, unit, codec.displace());
      LOWBIT_UNROLL for (int i = 0; i < 4; ++i) four[i] = mul2(four[i], d[i % 2]);
      return {{four}};
    } else {
      return {{codec.fragment(w, unit, d)}};
    }
  }
  LOWBIT_HD static void add(const codec_type&, arr<float, 4>& to, const arr<float, 4>& part,
                            const run_parameters& p, const Columns& x, int number, int,
                            int column) {
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) to[i] +=
        p.scale[i / 2] * codec_type::post_scale * part[i];
    if constexpr (traits::minima) {
      const arr<float, 2> sums = x.sums_of(number, column);
      LOWBIT_UNROLL for (int i = 0; i < 4; ++i) {
        const float shift = zero_of<Q> == zero_kind::minimum ? p.zero[i / 2]
                                                             : -(p.scale[i / 2] * p.zero[i / 2]);
        to[i] += shift * sums[i % 2];
      }
    }
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
