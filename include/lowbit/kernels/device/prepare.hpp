// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels that bring activations into the order of `columns.hpp`: a block for each token.
#pragma once
#include "../../core/scalar_traits.hpp"
#include "../../quantizers/minifloat.hpp"
#include "../exec/warp.hpp"
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
  arr<float, 4> v{};
  LOWBIT_UNROLL for (int i = 0; i < 4; ++i) if (c + i < x.cols) {
    v[i] = scalar_traits<T>::to_float(x.data[token * x.stride + c + i]);
    if constexpr (!Factors::none) v[i] = mul_rn(v[i], factors(c + i));
  }
  return v;
}
LOWBIT_HD inline float top_of(const arr<float, 4>& v) {
  float top = 0;
  LOWBIT_UNROLL for (int i = 0; i < 4; ++i) {
    const float m = magnitude(v[i]);
    top = m > top || is_nan(m) ? m : top;
  }
  return top;
}

/// The largest magnitude among the quads c, c + 4 step, ... < end of a warp's lanes, in every lane.
template <class W, class T, class Factors>
LOWBIT_HD typename W::template var<float> row_top(const W& w, const device_rows<T>& x,
                                                  const Factors& factors, index_t token,
                                                  index_t first, index_t end, index_t step) {
  typename W::template var<float> top;
  w.lanes([&](int l) {
    top[l] = 0;
    for (index_t c = first + 4 * l; c < end; c += 4 * step) {
      const float m = top_of(quad_of(x, factors, token, c));
      top[l] = m > top[l] || is_nan(m) ? m : top[l];
    }
  });
  return reduce(w, top, [](float a, float b) { return a > b || is_nan(a) ? a : b; });
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
/// half, exactly while they are within 2^29 of the largest, f32 values (and all that meet factors of
/// columns) two, which together have 22 bits. A token with infinities or NaN has factor 1.
template <class T, class Factors>
struct prepare_halves {
  static constexpr int max_warps = 8, min_blocks = 1;
  static constexpr bool exact = Factors::none && std::same_as<T, float16>;
  static constexpr int parts =
      Factors::none && sizeof(T) == 2 ? 1 : 2;  // 16 bits of any kind fit one half

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const device_rows<T> x, const Factors factors,
                            const half_columns to, const int run_codes) const {
    using W = typename Block::warp;
    const index_t token = block.index(), warps = block.warps();
    const bool real = token < x.tokens;
    float* const tops = block.template shared<float>();
    if constexpr (!exact)
      block.phase([&](W w, int i) {
        const auto top = row_top(w, x, factors, token, real ? 128 * i : x.cols, x.cols,
                                         warp_size * warps);
        w.lanes([&](int l) {
          if (l == 0) tops[i] = top[l];
        });
      });
    block.phase_nosync([&](W w, int i) {
      typename W::template var<float> shrink;
      w.lanes([&](int l) {
        shrink[l] = 1;
        if constexpr (!exact) {
          float top = tops[0];
          for (int k = 1; k < warps; ++k) top = tops[k] > top || is_nan(tops[k]) ? tops[k] : top;
          int e = top > 0 && is_finite(top) ? ilog2(top) - 14 : 0;
          e = e < -112 ? -112 : e;
          shrink[l] = exp2_int(-e);
          if (l == 0 && i == 0 && real) const_cast<float*>(to.factors)[token] = exp2_int(e);
        } else if (l == 0 && i == 0 && real) {
          const_cast<float*>(to.factors)[token] = 1;
        }
      });
      for (index_t b = i; b < mma16::blocks(x.cols); b += warps)
        LOWBIT_UNROLL for (int part = 0; part < parts; ++part) {
          const int column = int(token) * parts + part;
          typename W::template var<float> sum;
          w.lanes([&](int l) {
            sum[l] = 0;
            if (!real) return;
            const arr<float, 4> v = quad_of(x, factors, token, 128 * b + 4 * l);
            arr<word, 2> h{};
            LOWBIT_UNROLL for (int k = 0; k < 2; ++k) {
              const float a = v[2 * k] * shrink[l], c = v[2 * k + 1] * shrink[l];
              h[k] = halves(a, c);
              if (part == 1) h[k] = halves(rest(a, half_low(h[k])), rest(c, half_high(h[k])));
              sum[l] += half_low(h[k]) + half_high(h[k]);
            }
            const int unit = l / 4;
            word* const out =
                const_cast<word*>(to.at(int(4 * b + unit / 2), column, l % 4)) + 2 * (unit % 2);
            out[0] = h[0];
            out[1] = h[1];
          });
          if (to.sums == nullptr) continue;
          add_neighbours(w, sum, run_codes / 4);
          w.lanes([&](int l) {
            if (4 * l % run_codes == 0 && column < to.stride)
              const_cast<float*>(to.sums)[((128 * b + 4 * l) / run_codes) * to.stride + column] =
                  sum[l];
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
/// int8 with one scale of `Number` for each `width` columns (a multiple of 4).
template <class T, class Number>
struct prepare_bytes {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const device_rows<T> x, const byte_columns to,
                            const int run_codes) const {
    using W = typename Block::warp;
    const index_t token = block.index(), warps = block.warps(), width = to.width;
    const bool real = token < x.tokens;
    float* const tops = block.template shared<float>();
    const bool whole_row = width >= x.cols && width > 1024;
    if (whole_row)  // else a warp finds the largest by itself
      block.phase([&](W w, int i) {
        const auto top = row_top(w, x, no_factors{}, token, real ? 128 * i : x.cols, x.cols,
                                         warp_size * warps);
        w.lanes([&](int l) {
          if (l == 0) tops[i] = top[l];
        });
      });
    // A warp takes a group, or a block of several whole ones.
    const bool several = 128 % width == 0;
    const index_t span = several ? 128 : width, padded = 128 * mma16::blocks(x.cols);
    block.phase_nosync([&](W w, int i) {
      const index_t first_step = whole_row ? 128 * i : 0, step = whole_row ? 128 * warps : 128;
      for (index_t c = whole_row ? 0 : i * span; c < padded; c += whole_row ? padded : warps * span) {
        typename W::template var<float> top;
        if (whole_row)
          w.lanes([&](int l) {
            top[l] = tops[0];
            for (int k = 1; k < warps; ++k)
              top[l] = tops[k] > top[l] || is_nan(tops[k]) ? tops[k] : top[l];
          });
        else if (!several)
          top = row_top(w, x, no_factors{}, token, real ? c : x.cols,
                                min_of(x.cols, c + span), warp_size);
        for (index_t k = c + first_step; k < min_of(padded, c + span) || (whole_row && k < padded);
             k += step) {
          const index_t end = whole_row ? padded : min_of(padded, c + span);
          typename W::template var<arr<float, 4>> v;
          w.lanes([&](int l) {
            v[l] = real ? quad_of(x, no_factors{}, token, k + 4 * l) : arr<float, 4>{};
            if (k + 4 * l >= end) v[l] = {};
          });
          if (several) {
            w.lanes([&](int l) { top[l] = top_of(v[l]); });
            for (int m = 1; m < width / 4; m *= 2) {
              const auto other = shuffle_xor(w, top, m);
              w.lanes([&](int l) {
                top[l] = other[l] > top[l] || is_nan(other[l]) ? other[l] : top[l];
              });
            }
          }
          typename W::template var<float> sum;
          w.lanes([&](int l) {
            const index_t at = k + 4 * l;
            const float scale = Number::decode(Number::encode(div_rn(top[l], 127.f)));
            word four = 0;
            sum[l] = 0;
            LOWBIT_UNROLL for (int e = 0; e < 4; ++e) {
              const int q = level(v[l][e], scale);
              sum[l] += float(q);
              four |= (word(q) & 255) << (8 * (e == 1 ? 2 : e == 2 ? 1 : e));
            }
            if (at >= end) return;
            const int unit = int(at % 128 / 16);
            if (real)
              const_cast<word*>(to.at(int(at / 64), int(token), int(at % 16 / 4)))[unit % 4] = four;
            if (at % width == 0 && at < x.cols && token < to.stride)
              const_cast<float*>(to.scales)[at / width * to.stride + token] = real ? scale : 0.f;
          });
          add_neighbours(w, sum, run_codes / 4);
          w.lanes([&](int l) {
            const index_t at = k + 4 * l;
            if (at < end && at % run_codes == 0 && token < to.stride)
              const_cast<float*>(to.sums)[at / run_codes * to.stride + token] = sum[l];
          });
        }
      }
    });
  }

 private:
  LOWBIT_HD static int level(float x, float scale) {
    if (scale == 0) return 0;
    const int q = round_int(div_rn(x, scale));
    return q < -127 ? -127 : q > 127 ? 127 : q;
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
