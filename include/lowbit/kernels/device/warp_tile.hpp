// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tiles of a matrix for tensor cores, in kernels of one's own.
//
// A tile is 16 rows and 16 columns. Lane 4 g + t of a warp gets eight of its values, as the left
// operand A of mma.m16n8k16 in which a lane's columns are neighbours:
//
//                  column   4 t     4 t + 1     4 t + 2   4 t + 3
//     row g               | a[0] low  a[0] high | a[2] low  a[2] high |
//     row g + 8           | a[1] low  a[1] high | a[3] low  a[3] high |
//
// PTX numbers these columns 2 t, 2 t + 1, 2 t + 8, 2 t + 9. It is the same product as long as B
// takes them in the same order: of column g, which is a token,
//
//     b[0] = x[4 t], x[4 t + 1]        b[1] = x[4 t + 2], x[4 t + 3]
//
// so that a lane reads four neighbours there, too. Lane 4 g + t gets the sums of row g and tokens
// 2 t, 2 t + 1 in d[0], d[1]; of row g + 8 in d[2], d[3].
#pragma once
#include "../exec/warp.hpp"
#include "group_parameters.hpp"
#include "tensor_path.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The words of a lane of which unit 0 is unit `unit` of a block of mma16: what a unit has in each
/// plane is at most two words.
template <int Bits>
LOWBIT_HD block_words<Bits> load_unit(const std::uint8_t* block, int unit, int lane) {
  block_words<Bits> words{};
  int at = 0;
  const auto load_plane = [&](int w) {
    const int each = 8 / w, first = 2 * unit / each;  // fields of a word; its first word
    LOWBIT_UNROLL for (int i = 0; i < (w == 8 ? 2 : 1); ++i) {
      const int k = first + i;
      const int place = w == 1 ? 2 * lane + k : 4 * (k / 4 * warp_size + lane) + k % 4;
      words[at + i] = load_cached<word>(block + 4 * place) >> (2 * unit % each * w);
    }
    at += 2 * w;
    block += 256 * w;
  };
  if constexpr (Bits == 8) load_plane(8);
  if constexpr ((Bits & 4) != 0) load_plane(4);
  if constexpr ((Bits & 2) != 0) load_plane(2);
  if constexpr ((Bits & 1) != 0) load_plane(1);
  return words;
}

/// A lane's part of a tile of a matrix in mma16, for formats whose parameters are those of all its
/// columns.
template <class View>
struct tile_lane {
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  using traits = kernels::tensor_traits<F>;
  using plane_data = std::remove_cvref_t<decltype(View::main)>;
  using row_pair = kernels::row_pair;
  /// Levels in registers, as halves times a power of two.
  static constexpr bool has_codec = half_codec<Q>::table_words == 0;

  LOWBIT_HD tile_lane(const View& m, index_t tile, index_t k, int lane)
      : words(load_unit<Q::bits>(static_cast<const std::uint8_t*>(m.main.codes.data()) +
                                     tile * mma16::tile_bytes(m.cols(), Q::bits) +
                                     k / 8 * (256 * Q::bits),
                                 int(k % 8), lane)) {
    if constexpr (traits::groups) {
      kernels::group_codes<int(G::block_rows), traits::width, 1, plane_data, true, has_zero<Q>> p;
      p.fetch(m.main, int(tile), lane / 4, int(16 * k));
      scale = p.scale.value(0);
      if constexpr (has_zero<Q>) zero = p.zero.value(0);
    }
  }
  /// Two halves for each register of A, without zeros; a level is post_scale times as large.
  LOWBIT_HD arr<word, 4> halves_of_levels(const View& m) const {
    if constexpr (has_codec) {
      const half_codec<Q> codec(m.main.stored_levels());
      return codec.fragment(words, 0, codec.displace());
    } else {
      arr<word, 4> a{};
      LOWBIT_UNROLL for (int i = 0; i < 4; ++i)
        a[i] = halves(level(m, i, 0) / half_codec<Q>::post_scale,
                      level(m, i, 1) / half_codec<Q>::post_scale);
      return a;
    }
  }
  /// The levels of all eight values, exactly.
  LOWBIT_HD arr<float, 8> levels(const View& m) const {
    arr<float, 8> v{};
    if constexpr (has_codec && has_half_levels<Q>) {
      const arr<word, 4> a = halves_of_levels(m);
      LOWBIT_UNROLL for (int i = 0; i < 8; ++i)
        v[i] = half_codec<Q>::post_scale * (i % 2 == 0 ? half_low(a[i / 2]) : half_high(a[i / 2]));
    } else {
      LOWBIT_UNROLL for (int i = 0; i < 8; ++i) v[i] = level(m, i / 2, i % 2);
    }
    return v;
  }

  block_words<Q::bits> words;
  row_pair scale{{1, 1}}, zero{};

 private:
  /// Of register i, its low or its high half.
  LOWBIT_HD float level(const View& m, int i, int high) const {
    const word four = quad_bytes<Q::bits>(words, 0, i % 2);
    const int byte = i / 2 + 2 * high;  // bytes hold the codes 0, 2, 1, 3
    return decode_in<Q>(m.main.stored_levels(), code_t(four >> (8 * byte) & 255), {});
  }
};

template <class View>
inline constexpr bool has_tiles_in_registers =
    std::same_as<typename View::layout_type, mma16> &&
    kernels::has_tensor_path<typename View::format_type> &&
    has_half_codec<typename View::format_type::quantizer_type>;

/// The values of a lane, two for each register of A.
template <class View>
LOWBIT_HD arr<float, 8> tile_values(const View& m, index_t tile, index_t k, int lane) {
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  arr<float, 8> v{};
  const index_t row = 16 * tile + lane / 4, column = 16 * k + lane % 4 * 4;
  const auto each = [&](auto value) {
    LOWBIT_UNROLL for (int i = 0; i < 8; ++i) {
      const index_t r = row + i / 2 % 2 * 8, c = column + i / 4 * 2 + i % 2;
      if (r < m.rows() && c < m.cols()) v[i] = value(r, c, i);
    }
  };
  if constexpr (has_tiles_in_registers<View>) {
    const tile_lane<View> here(m, tile, k, lane);
    const arr<float, 8> levels = here.levels(m);
    each([&](index_t r, index_t c, int i) {
      group_params<Q> p{};
      p.scale[0] = here.scale[i / 2 % 2];
      p.zero = here.zero[i / 2 % 2];
      if constexpr (scales_columns<typename F::granularity_type>) {
        const float factor = m.main.groups.column(c);
        p.scale[0] = mul_rn(p.scale[0], factor);
        if constexpr (zero_of<Q> == zero_kind::minimum) p.zero = mul_rn(p.zero, factor);
      }
      const float value = reconstruct<Q>(levels[i], p);
      if constexpr (std::same_as<typename F::outliers_type, none>)
        return value;
      else
        return add_rn(value, m.apart.at(r, c));
    });
  } else {
    each([&](index_t r, index_t c, int) { return m.at(r, c); });
  }
  return v;
}

}  // namespace detail

/// The values of rows 16 tile .. 16 tile + 15 and columns 16 k .. 16 k + 15 of a matrix, scale and
/// zero applied, as A of mma.m16n8k16 (see above): what `view.at` says, rounded once to binary16,
/// ties to even; beyond 65504 infinite. 0 past the last row and column. All lanes of a warp call
/// it together.
///
/// Any real format, layout and shape; host views in lockstep, device views in kernels. Cost: in
/// mma16, a word of each plane of bits, a parameter of two rows, about three instructions for each
/// value; other layouts read each value by itself. What is kept apart is looked up for each value.
template <warp W, class View>
  requires std::same_as<typename View::value_type, float>
LOWBIT_HD typename W::template var<arr<word, 4>> warp_tile(const W& w, const View& m, index_t tile,
                                                           index_t k) {
  typename W::template var<arr<word, 4>> a;
  w.lanes([&](int l) {
    const arr<float, 8> v = detail::tile_values(m, tile, k, l);
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) a[l][i] = halves(v[2 * i], v[2 * i + 1]);
  });
  return a;
}
/// The same in binary32, the bits of `view.at`: values 2 i and 2 i + 1 are those of register a[i].
template <warp W, class View>
  requires std::same_as<typename View::value_type, float>
LOWBIT_HD typename W::template var<arr<float, 8>> warp_tile_f32(const W& w, const View& m,
                                                                index_t tile, index_t k) {
  typename W::template var<arr<float, 8>> v;
  w.lanes([&](int l) { v[l] = detail::tile_values(m, tile, k, l); });
  return v;
}

/// A lane's part of a tile before its parameters meet it, for who applies them to sums:
///
///     value = scale[i] level + offset[i]       of row g (i = 0) and row g + 8 (i = 1)
///     sum over value x = scale[i] (sum over level x) + offset[i] (sum over x)
///
/// The first sum is d of the mma. All 16 columns share scale and offset.
struct raw_tile {
  arr<word, 4> levels;  // A of mma.m16n8k16, as halves
  arr<float, 2> scale, offset;
};

/// The codes of a tile as levels, which no zero has displaced, and what makes values of them.
/// Levels are exact where they are halves times a power of two, that `scale` has in it, else
/// rounded to the nearest (see half_codec). Past the last column codes are 0, whose level need not
/// be 0: let x be 0 there. Factors of columns and what is kept apart are not in it.
///
/// For mma16 and formats with has_tensor_path, others do not compile. Cost: less than warp_tile, by
/// the two instructions for each value that apply parameters.
template <warp W, class View>
  requires detail::has_tiles_in_registers<View>
LOWBIT_HD typename W::template var<raw_tile> warp_tile_raw(const W& w, const View& m, index_t tile,
                                                           index_t k) {
  using lane_type = detail::tile_lane<View>;
  using Q = typename lane_type::Q;
  typename W::template var<raw_tile> out;
  w.lanes([&](int l) {
    const lane_type here(m, tile, k, l);
    out[l].levels = here.halves_of_levels(m);
    LOWBIT_UNROLL for (int i = 0; i < 2; ++i) {
      out[l].scale[i] = here.scale[i] * half_codec<Q>::post_scale;
      out[l].offset[i] = zero_of<Q> == zero_kind::minimum ? here.zero[i]
                         : has_zero<Q>                    ? -(here.scale[i] * here.zero[i])
                                                          : 0.f;
    }
  });
  return out;
}

}  // namespace lowbit::inline LOWBIT_ABI
