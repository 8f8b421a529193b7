// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "axis_view.hpp"
#include "int8_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Rows of complex activations as twice as many real ones: (re, im) for the real axis of weights,
/// (-im, re) for the imaginary one, because (a + i b)(x + i y) = a (x + i y) + b (-y + i x).
struct real_axis_rows {
  static real_rows shape(const real_rows& x) {
    const index_t cols = x.cols / 2;
    return {2 * x.tokens, cols, padded(cols), nullptr};
  }
  static void take(real_rows& rows, const real_rows& x, int axis, detail::carver& memory,
                   bool fill) {
    float* const out = memory.take<float>(rows.tokens * rows.stride);
    rows.values = out;
    if (!fill) return;
    for (index_t t = 0; t < x.tokens; ++t) {
      const float* const from = x.values + t * x.stride;
      float* const re = out + (2 * t + axis) * rows.stride;
      float* const im = out + (2 * t + 1 - axis) * rows.stride;
      for (index_t c = 0; c < rows.stride; ++c) {
        const bool used = c < rows.cols;
        re[c] = used ? from[2 * c] : 0.f;
        im[c] = !used ? 0.f : axis == 0 ? from[2 * c + 1] : -from[2 * c + 1];
      }
    }
  }
};
/// The same of int8 ones, whose groups hold whole quads of complex values.
struct int8_axis_rows {
  static constexpr bool fit(index_t parts, index_t groups, index_t width) {
    return parts == 1 && (groups <= 1 || width % 8 == 0);
  }
  static bool fit(const int8_rows& x) { return fit(x.parts, x.groups, x.width); }
  static int8_rows shape(const int8_rows& x) {
    const index_t cols = x.cols / 2, width = x.groups > 1 ? x.width / 2 : cols > 0 ? cols : 1;
    return {2 * x.tokens, cols, padded(cols), width, x.groups, nullptr, nullptr, nullptr, {}};
  }
  static void take(int8_rows& rows, const int8_rows& x, int axis, detail::carver& memory,
                   bool fill) {
    const int8_memory out(rows.tokens, rows.stride, rows.groups, memory);
    rows.levels = out.levels;
    rows.scales = out.scales;
    rows.sums = out.sums;
    if (!fill) return;
    for (index_t t = 0; t < rows.tokens; ++t) {
      const std::int8_t* const from = x.levels + t / 2 * x.stride;
      const bool imaginary = t % 2 != axis, minus = imaginary && axis == 1;
      std::int8_t* const to = out.levels + t * rows.stride;
      for (index_t c = 0; c < rows.cols; ++c) {
        const std::int8_t v = from[2 * c + imaginary];
        to[c] = minus ? std::int8_t(-v) : v;
      }
      for (index_t g = 0; g < rows.groups; ++g)
        out.scales[t * rows.groups + g] = x.scales[t / 2 * x.groups + g];
      out.finish_row(t, rows.cols, rows.stride);
    }
  }
};

/// A product with complex codes as two real ones that share the codes, tile by tile: that of the
/// levels' real parts and that of their imaginary parts, each with its scales. Units cost no
/// multiplication that a real weight would not cost: a level is -1, 0 or 1.
template <class View, template <class> class Product>
class axis_product {
 public:
  using real_part = Product<axis_view<View, 0>>;
  using imaginary_part = Product<axis_view<View, 1>>;
  using rows_type = typename real_part::rows_type;
  using source =
      std::conditional_t<std::same_as<rows_type, int8_rows>, int8_axis_rows, real_axis_rows>;
  static constexpr index_t tile_rows = row_ops::tile_rows;
  /// For kernel_name.
  static constexpr auto name() { return "axes<" + real_part::name() + ">"; }

  axis_product(const row_ops& ops, const View& w, const rows_type& x, result_rows y, update factors)
      : x_(x),
        results_(w, y, factors),
        re_view_(w),
        im_view_(w),
        re_rows_(source::shape(x)),
        im_rows_(source::shape(x)),
        re_(ops, re_view_, re_rows_, {}, {}),
        im_(ops, im_view_, im_rows_, {}, {}) {}
  axis_product(const axis_product&) = delete;

  static index_t block_rows(index_t) { return tile_rows; }

  void take_shared(detail::carver& memory, bool fill) {
    results_.take(memory, x_.tokens);
    source::take(re_rows_, x_, 0, memory, fill);
    source::take(im_rows_, x_, 1, memory, fill);
    re_.take_shared(memory, fill);
    im_.take_shared(memory, fill);
  }
  struct task_memory {
    typename real_part::task_memory re;
    typename imaginary_part::task_memory im;
    float* sums;  // results: [token][row][part]
  };
  task_memory take_task(detail::carver& memory) const {
    task_memory m{re_.take_task(memory), im_.take_task(memory), nullptr};
    m.im.sums = m.re.sums;  // both add to the same
    m.sums = memory.take<float>(2 * tile_rows * x_.tokens);
    return m;
  }
  void prepare_outliers(const real_rows& values) { results_.prepare(values); }

  void run_rows(index_t first, index_t last, const task_memory& m) const {
    const float_mode_guard mode;
    for (index_t r = first; r < last; r += tile_rows) {
      const index_t rows = min_of(tile_rows, last - r);
      for (index_t i = 0; i < 2 * tile_rows * x_.tokens; ++i) m.re.sums[i] = 0;
      re_.add_rows(r, rows, m.re);
      im_.add_rows(r, rows, m.im);
      for (index_t t = 0; t < 2 * x_.tokens; ++t)
        for (index_t i = 0; i < tile_rows; ++i)
          m.sums[(t / 2 * tile_rows + i) * 2 + t % 2] = m.re.sums[t * tile_rows + i];
      results_.write(r, rows, x_.tokens, m.sums, 2 * tile_rows);
    }
  }

 private:
  const rows_type& x_;
  product_results<View> results_;
  axis_view<View, 0> re_view_;
  axis_view<View, 1> im_view_;
  rows_type re_rows_, im_rows_;
  real_part re_;
  imaginary_part im_;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
