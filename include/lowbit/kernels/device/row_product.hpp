// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of any format in any layout on the device: what no faster product covers.
#pragma once
#include "../results.hpp"
#include "int8_form.hpp"
#include "row_inputs.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Tokens that a warp of the products below multiplies one row with: it is decoded once for them.
inline constexpr int row_product_tokens = 8;

/// The last step of a row of a product: the lanes' sums of `count` tokens become results.
/// `sums[l][i]` is the share of lane l.
template <warp W, class View, class Sums, class V>
LOWBIT_HD void write_row(const W& w, const View& m, const value_rows<V>& x, index_t first,
                         int count, index_t r, const Sums& sums, V* y, index_t y_stride,
                         update factors) {
  constexpr bool apart = !std::same_as<typename View::format_type::outliers_type, none>;
  for (int i = 0; i < row_product_tokens; ++i) {
    if (i < count) {
      const index_t t = first + i;
      typename W::template var<V> sum, term;
      w.lanes([&](int l) {
        sum[l] = sums[l][i];
        term[l] = V{};
        if constexpr (apart) {
          const V* const values = x.values + t * x.stride;
          const V* const kept = x.kept + t * x.kept_stride;
          if constexpr (requires { m.apart.dot(r, values, kept, 0, 1); })
            term[l] = m.apart.dot(r, values, kept, l, warp_size);
          else
            term[l] = l == 0 ? m.apart.dot(r, values, kept) : V{};
        }
      });
      sum = sum_of_lanes(w, sum);
      if constexpr (apart) term = sum_of_lanes(w, term);
      w.lanes([&](int l) {
        if (l != 0) return;
        constexpr int parts = is_complex<V> ? 2 : 1;
        const auto total = bits_as<arr<float, parts>>(sum[l]);
        const auto kept = bits_as<arr<float, parts>>(term[l]);
        float* const to = reinterpret_cast<float*>(y + t * y_stride + r);
        for (int p = 0; p < parts; ++p) {
          float v = total[p];
          if constexpr (apart) v += kept[p];
          v *= factors.alpha;
          to[p] = factors.beta == 0 ? v : v + factors.beta * to[p];  // beta 0 never reads y
        }
      });
    }
  }
}

/// f(row, first token, tokens) for the share of a warp: rows, and chunks of tokens, in turn.
template <class Block, class F>
LOWBIT_HD void each_row(Block& block, int warp_index, index_t rows, index_t tokens, F f) {
  const index_t chunks = ceil_div(tokens, row_product_tokens);
  const index_t step = index_t(block.count()) * block.warps();
  index_t task = index_t(block.index()) * block.warps() + warp_index;
  for (; task < rows * chunks; task += step) {
    const index_t first = task % chunks * row_product_tokens, left = tokens - first;
    f(task / chunks, first, int(left < row_product_tokens ? left : row_product_tokens));
  }
}

/// Y = alpha X W^T + beta Y with values: a warp for each row, whose lanes take every 32nd code and
/// sum in binary32; then the lanes' sums are added pairwise. Weights have the values of `at` but
/// for outliers, which are added as a term of their own.
struct row_product {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block, class View, class V>
  LOWBIT_HD void operator()(Block& block, const View& m, value_rows<V> x, V* y, index_t y_stride,
                            update factors) const {
    using warp = typename Block::warp;
    using P = typename View::plane_type;
    block.phase_nosync([&](const warp& w, int index) {
      each_row(block, index, m.rows(), x.tokens, [&](index_t r, index_t first, int count) {
        typename warp::template var<arr<V, row_product_tokens>> sums;
        w.lanes([&](int l) {
          arr<V, row_product_tokens> sum{};
          for (index_t b = l; b < P::blocks(m.cols()); b += warp_size) {
            const block_of<typename P::quantizer_type> values = m.main.block(r, b);
            for (int i = 0; i < P::dim; ++i) {
              const index_t c = b * P::dim + i;
              if (P::dim > 1 && c >= m.cols()) break;
              V v;
              if constexpr (P::dim == 1)
                v = values;
              else
                v = values[i];
              for (int k = 0; k < row_product_tokens; ++k)
                if (k < count) sum[k] = sum[k] + v * x.values[(first + k) * x.stride + c];
            }
          }
          sums[l] = sum;
        });
        write_row(w, m, x, first, count, r, sums, y, y_stride, factors);
      });
    });
  }
};

/// The same product with int8 activations: the sums of four products are exact integers. `values`
/// are for the outliers.
struct int8_row_product {
  static constexpr int max_warps = 8, min_blocks = 1;

  /// `found` is where find_int8_form wrote, unless the form is known.
  template <class Block, class View>
  LOWBIT_HD void operator()(Block& block, const View& m, level_rows x, value_rows<float> values,
                            const int8_form* found, float* y, index_t y_stride,
                            update factors) const {
    using warp = typename Block::warp;
    using P = typename View::plane_type;
    using Q = typename P::quantizer_type;
    block.phase_nosync([&](const warp& w, int index) {
      const int8_form form = int8_form_of<Q>(found);
      each_row(block, index, m.rows(), x.tokens, [&](index_t r, index_t first, int count) {
        typename warp::template var<arr<float, row_product_tokens>> sums;
        w.lanes([&](int l) {
          arr<float, row_product_tokens> sum{};
          for (index_t q = l; 4 * q < m.cols(); q += warp_size) {
            arr<int, 4> level{};
            const group_params<Q> p = m.main.params(r, 4 * q);
            read_levels(m, form, r, 4 * q, p, level);
            for (int k = 0; k < row_product_tokens; ++k)
              if (k < count) {
                const index_t t = first + k;
                const std::int8_t* const given = x.levels + t * x.stride + 4 * q;
                int dot = 0, plain = 0;
                for (int i = 0; i < 4; ++i) {
                  dot += level[i] * given[i];
                  plain += given[i];
                }
                sum[k] += product(p, form, float(dot), float(plain),
                                  x.scales[t * x.groups + 4 * q / x.width]);
              }
          }
          sums[l] = sum;
        });
        write_row(w, m, values, first, count, r, sums, y, y_stride, factors);
      });
    });
  }

 private:
  /// The levels of columns c .. c + 3; 0 past the last.
  template <class View, class Q>
  LOWBIT_HD static void read_levels(const View& m, const int8_form& form, index_t r, index_t c,
                                    const group_params<Q>& p, arr<int, 4>& level) {
    if constexpr (dim_of<Q> == 1) {
      for (int i = 0; i < 4; ++i)
        if (c + i < m.cols())
          level[i] = form.value(decode_in<Q>(m.main.stored_levels(), m.main.code(r, c + i), p));
    } else {
      const index_t b = c / dim_of<Q>;
      // A sum of levels, as the host takes it, where a code picks from several tables.
      entry_tables<Q>::of_code(
          m.main.stored_levels(), m.main.code(r, b), [&](const block_of<Q>& entry) {
            for (int i = 0; i < 4; ++i) level[i] += form.value(entry[int(c - b * dim_of<Q>) + i]);
          });
    }
  }
  /// Of a quad: the integer sum with the levels, and that of the activations alone.
  template <class Q>
  LOWBIT_HD static float product(const group_params<Q>& p, const int8_form& form, float dot,
                                 float plain, float scale) {
    if constexpr (zero_of<Q> == zero_kind::none)
      return scale * (p.scale[0] * (form.unit * dot));
    else if constexpr (zero_of<Q> == zero_kind::minimum)
      return scale * (p.scale[0] * (form.unit * dot + form.shift * plain) + p.zero * plain);
    else
      return scale * (p.scale[0] * (form.unit * dot + (form.shift - p.zero) * plain));
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
