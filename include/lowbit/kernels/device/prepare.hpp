// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels that bring activations into the order of `columns.hpp`: a block for each token.
#pragma once
#include "../../core/scalar_traits.hpp"
#include "../../quantizers/minifloat.hpp"
#include "../exec/warp.hpp"
#include "../int8_activations.hpp"
#include "columns.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Rows of activations in device memory, `stride` apart.
template <class T>
struct device_rows {
  const T* data;
  index_t stride;
  index_t cols;
  int tokens;
};

/// No factors of columns.
struct no_factors {
  static constexpr bool none = true;
  LOWBIT_HD float operator()(index_t) const { return 1; }
};
/// The factors that a granularity keeps for columns.
template <class Columns>
struct column_factors {
  static constexpr bool none = false;
  Columns plane;
  LOWBIT_HD float operator()(index_t c) const { return plane.at(0, c); }
};

/// Four neighbouring values of a row, times their columns' factors; 0 past its end.
template <class T, class Factors>
LOWBIT_HD arr<float, 4> quad_of(const device_rows<T>& x, const Factors& factors, index_t token,
                                index_t c) {
  const T* const from = x.data + token * x.stride + c;
  arr<float, 4> v{};
  if (c + 4 <= x.cols && bits_as<std::uintptr_t>(from) % (4 * sizeof(T)) == 0) {
    using four = std::conditional_t<sizeof(T) == 2, std::uint64_t, words4>;
    arr<T, 4> values;
    if constexpr (sizeof(T) == 2)
      values = bits_as<arr<T, 4>>(load_cached<four>(from));
    else
      values = bits_as<arr<T, 4>>(load_cached4(from));
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) v[i] = scalar_traits<T>::to_float(values[i]);
  } else {
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) if (c + i < x.cols) v[i] =
        scalar_traits<T>::to_float(from[i]);
  }
  if constexpr (!Factors::none)
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) if (c + i < x.cols) v[i] =
        mul_rn(v[i], factors(c + i));
  return v;
}

/// The larger magnitude; NaN is larger than all.
LOWBIT_HD inline float larger(float a, float b) { return a > b || is_nan(a) ? a : b; }
LOWBIT_HD inline float top_of(const arr<float, 4>& v) {
  float top = 0;
  LOWBIT_UNROLL for (int i = 0; i < 4; ++i) top = larger(magnitude(v[i]), top);
  return top;
}
/// The largest magnitude among runs of neighbouring lanes, a power of two of them.
template <class W, class Var>
LOWBIT_HD void spread_top(const W& w, Var& top, int run) {
  for (int m = 1; m < run; m *= 2) {
    const Var other = shuffle_xor(w, top, m);
    w.lanes([&](int l) { top[l] = larger(other[l], top[l]); });
  }
}
/// The largest magnitude among columns first .. end - 1 of a token, in every lane: of all warps of
/// the block that take part, `step` columns apart.
template <class W, class T, class Factors>
LOWBIT_HD typename W::template var<float> row_top(const W& w, const device_rows<T>& x,
                                                  const Factors& factors, index_t token,
                                                  index_t first, index_t end, index_t step) {
  typename W::template var<float> top;
  w.lanes([&](int l) {
    top[l] = 0;
    for (index_t c = first + 4 * l; c < end; c += step)
      top[l] = larger(top_of(quad_of(x, factors, token, c)), top[l]);
  });
  spread_top(w, top, warp_size);
  return top;
}
/// The same by all warps of a block: tops[0 .. warps - 1] in shared memory.
template <class Block, class T, class Factors>
LOWBIT_HD void block_top(Block& block, const device_rows<T>& x, const Factors& factors,
                         index_t token, float* tops) {
  block.phase([&](typename Block::warp w, int i) {
    const auto top = row_top(w, x, factors, token, token < x.tokens ? 128 * i : x.cols, x.cols,
                             index_t(128) * block.warps());
    w.lanes([&](int l) {
      if (l == 0) tops[i] = top[l];
    });
  });
}
LOWBIT_HD inline float top_of(const float* tops, int count) {
  float top = 0;
  for (int k = 0; k < count; ++k) top = larger(tops[k], top);
  return top;
}

/// Sums over runs of neighbouring lanes, a power of two of them.
template <class W, class Var>
LOWBIT_HD void add_neighbours(const W& w, Var& v, int run) {
  for (int m = 1; m < run; m *= 2) {
    const Var other = shuffle_xor(w, v, m);
    w.lanes([&](int l) { v[l] = (l & m) != 0 ? other[l] + v[l] : v[l] + other[l]; });
  }
}

/// Real activations -> half_columns. f16 values stay as they are. Others are divided by a power of
/// two, the token's factor, which takes the largest into [2^14, 2^15); bf16 values then become one
/// half, exactly while they are within 2^29 of the largest, f32 values (and all that meet factors
/// of columns) two, which together have 22 bits. A token with infinities or NaN has factor 1.
///
/// `sharers` blocks share a token; one, where the largest value of the token is asked for.
template <class T, class Factors>
struct prepare_halves {
  static constexpr int max_warps = 16, min_blocks = 1;
  static constexpr bool exact = Factors::none && std::same_as<T, float16>;
  static constexpr int parts =
      Factors::none && sizeof(T) == 2 ? 1 : 2;  // 16 bits of any kind fit one half

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const device_rows<T> x, const Factors factors,
                            const half_columns to, const int run_codes, const int sharers) const {
    using W = typename Block::warp;
    block.let_next_begin();
    const int token = block.index() / sharers, share = block.index() % sharers;
    const int warps = block.warps(), blocks = int(half_columns::padded(x.cols, to.dim) / 128);
    const bool real = token < x.tokens;
    float* const tops = block.template shared<float>();
    if constexpr (!exact) block_top(block, x, factors, token, tops);
    block.phase_nosync([&](W w, int i) {
      typename W::template var<float> shrink;
      w.lanes([&](int l) {
        int e = 0;
        if constexpr (!exact) {
          const float top = top_of(tops, warps);
          e = top > 0 && is_finite(top) ? ilog2(top) - 14 : 0;
          e = e < -112 ? -112 : e;
        }
        shrink[l] = exp2_int(-e);
        if (l == 0 && i == 0 && share == 0 && real)
          const_cast<float*>(to.factors)[token] = exp2_int(e);
      });
      for (int b = share * warps + i; b < blocks; b += warps * sharers)
        LOWBIT_UNROLL for (int part = 0; part < parts; ++part) {
          const int column = token * parts + part;
          typename W::template var<float> sum;
          w.lanes([&](int l) {
            sum[l] = 0;
            // Columns that fill up a group are copied with it: zeros.
            if (!real && to.group == 0) return;
            const arr<float, 4> v =
                real ? quad_of(x, factors, token, index_t(128) * b + 4 * l) : arr<float, 4>{};
            arr<word, 2> h{};
            LOWBIT_UNROLL for (int k = 0; k < 2; ++k) {
              const float a = v[2 * k] * shrink[l], c = v[2 * k + 1] * shrink[l];
              h[k] = halves(a, c);
              if (part == 1) h[k] = halves(rest(a, half_low(h[k])), rest(c, half_high(h[k])));
              sum[l] += half_low(h[k]) + half_high(h[k]);
            }
            const half_columns::quad_place p = to.place_of(32 * b + l);
            LOWBIT_UNROLL for (int k = 0; k < 2; ++k)
                *const_cast<word*>(to.pair_at(p.unit, column, p.t, k)) = h[k];
          });
          if (to.sums == nullptr) continue;
          add_neighbours(w, sum, run_codes / 4);
          w.lanes([&](int l) {
            if (4 * l % run_codes == 0 && column < to.stride)
              const_cast<float*>(
                  to.sums)[((index_t(128) * b + 4 * l) / run_codes) * to.stride + column] = sum[l];
          });
        }
    });
  }

 private:
  /// What the first half lacks, times 2^11.
  LOWBIT_HD static float rest(float x, float first) {
    return is_finite(first) ? (x - first) * 2048.f : 0.f;
  }
};

/// Real activations -> byte_columns: the codes and scales of quantize<A>, for an A whose codes are
/// int8 with one scale of `Number` for each `width` columns (a multiple of 4). A group with NaN or
/// an infinity has the scale NaN: every result of its token is NaN.
///
/// Where a group is at most 1024 columns wide a warp finds its scale, and `sharers` blocks share a
/// token; wider ones are found by a block, alone.
template <class T, class Number>
struct prepare_bytes {
  static constexpr int max_warps = 16, min_blocks = 1;
  static constexpr int widest_of_warp = 1024;

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const device_rows<T> x, const byte_columns to,
                            const int run_codes, const int sharers) const {
    using W = typename Block::warp;
    block.let_next_begin();
    const int token = block.index() / sharers, share = block.index() % sharers;
    const int warps = block.warps(), padded = int(128 * mma16::blocks(x.cols));
    if (to.width > widest_of_warp) {
      float* const tops = block.template shared<float>();
      for (int c = 0; c < padded; c += to.width) {
        const int end = c + to.width < padded ? c + to.width : padded;
        block_top(block, part_of(x, c, end), no_factors{}, token, tops);
        block.phase([&](W w, int i) {
          typename W::template var<float> top;
          w.lanes([&](int l) { top[l] = top_of(tops, warps); });
          for (int k = c + 128 * i; k < end; k += 128 * warps)
            write(w, x, to, run_codes, token, k, end, top);
        });
      }
      return;
    }
    // A block of several whole groups, or a group.
    const bool several = 128 % to.width == 0;
    const int span = several ? 128 : to.width;
    block.phase_nosync([&](W w, int i) {
      for (int c = (share * warps + i) * span; c < padded; c += warps * sharers * span) {
        const int end = c + span < padded ? c + span : padded;
        typename W::template var<float> top;
        if (several) {
          w.lanes([&](int l) {
            top[l] = token < x.tokens ? top_of(quad_of(x, no_factors{}, token, c + 4 * l)) : 0.f;
          });
          spread_top(w, top, to.width / 4);
        } else {
          top = row_top(w, x, no_factors{}, token, token < x.tokens ? c : x.cols,
                        min_of(end, x.cols), 128);
        }
        for (int k = c; k < end; k += 128) write(w, x, to, run_codes, token, k, end, top);
      }
    });
  }

 private:
  /// Columns first .. end - 1, as rows of their own.
  LOWBIT_HD static device_rows<T> part_of(const device_rows<T>& x, int first, int end) {
    return {x.data + first, x.stride, min_of(x.cols, end) - first, x.tokens};
  }
  /// Quads k, k + 4, ... < end, one for each lane, of groups whose largest magnitude is `top`.
  template <class W, class Var>
  LOWBIT_HD static void write(const W& w, const device_rows<T>& x, const byte_columns& to,
                              int run_codes, int token, int k, int end, const Var& top) {
    const bool real = token < x.tokens;
    typename W::template var<float> sum;
    w.lanes([&](int l) {
      const int at = k + 4 * l;
      sum[l] = 0;
      if (at >= end) return;
      const arr<float, 4> v =
          real ? quad_of(x, no_factors{}, token, at) : arr<float, 4>{};
      const float scale = int8_activation_scale<Number>(top[l]);
      word four = 0;
      LOWBIT_UNROLL for (int e = 0; e < 4; ++e) {
        const int q = int8_activation_level(v[e], scale);
        sum[l] += float(q);
        four |= (word(q) & 255) << (8 * (e == 1 ? 2 : e == 2 ? 1 : e));
      }
      if (real) const_cast<word*>(to.at(at / 64, token, at % 16 / 4))[at % 64 / 16] = four;
      if (at % to.width == 0 && at < x.cols && token < to.stride)
        const_cast<float*>(to.scales)[index_t(at / to.width) * to.stride + token] =
            real ? scale : 0.f;
    });
    add_neighbours(w, sum, run_codes / 4);
    w.lanes([&](int l) {
      const int at = k + 4 * l;
      if (at < end && at % run_codes == 0 && token < to.stride)
        const_cast<float*>(to.sums)[index_t(at / run_codes) * to.stride + token] = sum[l];
    });
  }
};

/// What byte_columns stand for, as rows of values.
struct read_bytes {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block, class Rows>
  LOWBIT_HD void operator()(Block& block, const byte_columns x, const Rows rows, float* out) const {
    using W = typename Block::warp;
    block.phase_nosync([&](W w, int i) {
      w.lanes([&](int l) {
        const index_t step = index_t(block.count()) * block.warps() * warp_size;
        index_t e = (index_t(block.index()) * block.warps() + i) * warp_size + l;
        for (; e < rows.tokens * rows.cols; e += step) {
          const index_t t = e / rows.cols, c = e % rows.cols;
          const int in_quad = int(c % 4), byte = in_quad == 1 ? 2 : in_quad == 2 ? 1 : in_quad;
          const word four = x.at(int(c / 64), int(t), int(c % 16 / 4))[c % 64 / 16];
          out[t * rows.stride + c] = mul_rn(x.scales[c / x.width * x.stride + t],
                                            float(std::int8_t(four >> (8 * byte))));
        }
      });
    });
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
