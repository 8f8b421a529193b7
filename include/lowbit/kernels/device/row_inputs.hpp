// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activations as row_product reads them, and the kernels that put them into the workspace.
#pragma once
#include "../activations.hpp"
#include "../int8_activations.hpp"
#include "sums.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Rows of activations as values: one per column, the rows `stride` apart. `kept` is what the
/// outliers prepare from each row, `kept_stride` numbers.
template <class V>
struct value_rows {
  index_t tokens = 0, cols = 0, stride = 0, kept_stride = 0;
  const V* values = nullptr;
  const V* kept = nullptr;
};
/// Rows of int8 levels: the value of element c is level * scale[c / width]. Rows end with zeros
/// that fill up a quad.
struct level_rows {
  index_t tokens = 0, cols = 0, stride = 0, width = 1, groups = 0;
  const std::int8_t* levels = nullptr;
  const float* scales = nullptr;
};

/// Any scalar, or complex32, to values: one element per lane and step.
struct copy_values {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block, class T, class V>
  LOWBIT_HD void operator()(Block& block, const T* x, index_t x_stride, value_rows<V> rows,
                            V* out) const {
    using warp = typename Block::warp;
    block.phase_nosync([&](const warp& w, int i) {
      w.lanes([&](int l) {
        const index_t step = index_t(block.count()) * block.warps() * warp_size;
        index_t e = (index_t(block.index()) * block.warps() + i) * warp_size + l;
        for (; e < rows.tokens * rows.cols; e += step) {
          const index_t t = e / rows.cols, c = e % rows.cols;
          V& to = out[t * rows.stride + c];
          if constexpr (std::same_as<T, V>)
            to = x[t * x_stride + c];
          else
            to = scalar_traits<T>::to_float(x[t * x_stride + c]);
        }
      });
    });
  }
};

/// Any scalar to the int8 levels and scales of quantize<A>; a warp for each group of a row. Where
/// `values` is not null it gets what they stand for. A group with a NaN or an infinity has the
/// scale NaN: every result of its token is NaN.
template <class A>
struct quantize_levels {
  static constexpr int max_warps = 8, min_blocks = 1;
  using scale_number = typename A::granularity_type::scale_plane::quantizer_type;

  template <class Block, class T>
  LOWBIT_HD void operator()(Block& block, const T* x, index_t x_stride, level_rows rows,
                            std::int8_t* levels, float* scales, float* values,
                            index_t values_stride) const {
    using warp = typename Block::warp;
    block.phase_nosync([&](const warp& w, int i) {
      const index_t step = index_t(block.count()) * block.warps();
      index_t task = index_t(block.index()) * block.warps() + i;
      for (; task < rows.tokens * rows.groups; task += step) {
        const index_t t = task / rows.groups, first = task % rows.groups * rows.width;
        const index_t left = rows.cols - first;
        const index_t n = rows.width < left ? rows.width : left;
        // The last group of a row also writes the zeros that fill up its last quad.
        const index_t padded = first + n == rows.cols ? rows.stride - first : n;
        const auto value = [&](index_t c) {
          return scalar_traits<T>::to_float(x[t * x_stride + first + c]);
        };
        typename warp::template var<float> top;
        w.lanes([&](int l) {
          top[l] = 0;
          for (index_t c = l; c < n; c += warp_size) {
            const float m = magnitude(value(c));
            top[l] = !(m <= top[l]) ? m : top[l];  // a NaN stays, see below
            if (is_nan(m)) top[l] = bits_as<float>(0x7f800000u);
          }
        });
        top = reduce_max(w, top);
        w.lanes([&](int l) {
          const float scale = int8_activation_scale<scale_number>(top[l]);
          for (index_t c = l; c < padded; c += warp_size) {
            const int q = c < n ? int8_activation_level(value(c), scale) : 0;
            levels[t * rows.stride + first + c] = std::int8_t(q);
            if (values != nullptr && c < n)
              values[t * values_stride + first + c] = mul_rn(scale, float(q));
          }
          if (l == 0) scales[task] = scale;
        });
      }
    });
  }
};

/// What outliers prepare from each row of values: a warp for each number.
struct prepare_outliers {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block, class Apart, class V>
  LOWBIT_HD void operator()(Block& block, const Apart& apart, value_rows<V> rows, V* kept) const {
    using warp = typename Block::warp;
    constexpr bool shares = requires(const V* x) { apart.prepared(x, 0, 0, 1); };
    const index_t each = shares ? rows.kept_stride : 1;
    block.phase_nosync([&](const warp& w, int i) {
      const index_t step = index_t(block.count()) * block.warps();
      index_t task = index_t(block.index()) * block.warps() + i;
      for (; task < rows.tokens * each; task += step) {
        const index_t t = task / each, k = task % each;
        const V* const x = rows.values + t * rows.stride;
        if constexpr (shares) {
          using share = decltype(apart.prepared(x, k, 0, 1));
          typename warp::template var<share> sum;
          w.lanes([&](int l) { sum[l] = apart.prepared(x, k, l, warp_size); });
          sum = sum_of_lanes(w, sum);
          w.lanes([&](int l) {
            if (l == 0) kept[t * rows.kept_stride + k] = V(sum[l]);
          });
        } else {
          w.lanes([&](int l) {
            if (l == 0) apart.prepare(x, kept + t * rows.kept_stride);
          });
        }
      }
    });
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
