// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which kernels a product on tensor cores launches, and what each block does.
#pragma once
#include "batch_product.hpp"
#include "byte_arithmetic.hpp"
#include "entry_arithmetic.hpp"
#include "launch.hpp"
#include "prepare.hpp"
#include "row_inputs.hpp"
#include "tensor_shape.hpp"
#include "wide_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// A product of `columns` prepared columns.
template <class Arithmetic>
class tensor_product {
 public:
  using View = typename Arithmetic::view_type;
  using columns_type = typename Arithmetic::columns_type;

  /// Takes memory for partial sums, on any device, of so many columns or fewer: a workspace serves
  /// them too.
  tensor_product(const View& w, int columns, detail::carver& memory)
      : w_(w),
        shape_{{w.rows(), View::plane_type::blocks(w.cols())}, columns, Arithmetic::reader::dim} {
    partial_ = memory.take<float>(shape_.partial_sums());
  }
  /// To how many columns the prepared arrays are filled up.
  int stride() const {
    const int each = has_wide && shape_.columns > 64 ? 128 : shape_.of_block();
    return (shape_.columns + each - 1) / each * each;
  }
  /// Columns of a group where they are multiplied from shared memory (half_columns::group), else 0.
  template <class Launcher>
  int column_group(const Launcher& to) const {
    if constexpr (has_wide)
      if (shape_.of_block() == 64 && to.multiplies_shared())
        return broad_fits && shape_.is_broad(to.multiprocessors()) &&
                       broad_product::shared_bytes(8) <= to.shared_bytes()
                   ? 128
                   : 64;
    return 0;
  }

  /// Whether small_product multiplies, which takes columns as rows too.
  template <class Launcher>
  bool is_small(const Launcher& to) const {
    return shape_.is_small(multiprocessors_of(to));
  }
  template <class Launcher, class Rows>
  void run_rows(const Launcher& to, const Rows& x, const result_place& y, update factors,
                unsigned* counters) const {
    start_small<real_arithmetic<View, Rows>>(
        to, x, device_results{y, factors, partial_, counters});
  }

  template <class Launcher>
  void run(const Launcher& to, const columns_type& x, const result_place& y, update factors,
           unsigned* counters) const {
    const device_results results{y, factors, partial_, counters};
    const int multiprocessors = multiprocessors_of(to);
    const auto start = [&](const auto& kernel) {
      start_with(to, kernel, shape_.launch(multiprocessors), x, results);
    };
    if constexpr (has_wide)
      if (x.group > 0) {
        tensor_launch l = shape_.launch(multiprocessors);
        l.warps = 8;
        if (x.group == 64) {  // as many rows and columns for a block as batch_product has
          start_with(to, wide_product<Arithmetic, 1, 8>{}, l, x, results);
        } else if constexpr (broad_fits) {
          l.blocks = ceil_div(shape_.row_tiles(), 16) * ceil_div(shape_.columns, 128);
          l.splits = 1;
          start_with(to, broad_product{}, l, x, results);
        }
        return;
      }
    if (shape_.is_small(multiprocessors)) return start_small<Arithmetic>(to, x, results);
    switch (shape_.of_block()) {
      case 16: start(batch_product<Arithmetic, 2, 2>{}); break;
      case 32: start(batch_product<Arithmetic, 2, 4>{}); break;
      default: start(batch_product<Arithmetic, 2, 8>{}); break;
    }
  }

 private:
  template <class Launcher>
  static int multiprocessors_of(const Launcher& to) {
    return int(min_of(to.multiprocessors(), most_multiprocessors));
  }
  template <class Launcher, class Kernel, class Columns>
  void start_with(const Launcher& to, const Kernel& kernel, const tensor_launch& l,
                  const Columns& x, const device_results& results) const {
    to.launch(kernel, l.blocks, l.warps, kernel.shared_bytes(l.warps), w_, x, results, l.splits);
  }
  template <class A, class Launcher>
  void start_small(const Launcher& to, const typename A::columns_type& x,
                   const device_results& results) const {
    const int multiprocessors = multiprocessors_of(to);
    const auto start = [&](const auto& kernel) {
      start_with(to, kernel, shape_.launch(multiprocessors), x, results);
    };
    if (shape_.of_block() == 16)
      start(small_product<A, 1, 2>{});
    else if (shape_.is_tall(multiprocessors))
      start(small_product<A, 2, 1>{});
    else
      start(small_product<A, 1, 1>{});
  }

  using broad_product = wide_product<Arithmetic, 2, 16>;
  // Sums of sixteen codes alone leave a warpgroup's products too little to do.
  static constexpr bool has_wide = std::same_as<columns_type, half_columns> &&
                                   Arithmetic::run >= 32 && Arithmetic::reader::dim == 1;

  // Sums of columns beside two tiles' sums are more than a lane has registers for.
  static constexpr bool broad_fits = [] {
    if constexpr (has_wide) return !Arithmetic::traits::minima;
    else return false;
  }();

  View w_;
  tensor_shape shape_;
  float* partial_;
};

/// What activations meet before they are halves.
template <class View>
auto factors_of(const View& w) {
  if constexpr (scales_columns<typename View::format_type::granularity_type>)
    return column_factors<std::remove_cvref_t<decltype(w.main.groups.columns)>>{
        w.main.groups.columns};
  else
    return no_factors{};
}

/// Y += alpha * (what is kept apart from the codes) X, for products that leave it out.
struct add_outliers {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block, class View>
  LOWBIT_HD void operator()(Block& block, const View& w, const value_rows<float>& x,
                            const result_place& y, float alpha) const {
    using W = typename Block::warp;
    block.phase_nosync([&](W warp, int i) {
      warp.lanes([&](int l) {
        const index_t step = index_t(block.count()) * block.warps() * warp_size;
        index_t e = (index_t(block.index()) * block.warps() + i) * warp_size + l;
        for (; e < w.rows() * x.tokens; e += step) {
          const index_t t = e / w.rows(), r = e % w.rows();
          y.template at<1>(t, r) +=
              alpha * w.apart.dot(r, x.values + t * x.stride, x.kept + t * x.kept_stride);
        }
      });
    });
  }
};
/// The values that outliers are multiplied with, and what they prepare.
template <class View>
class outlier_plan {
 public:
  static constexpr bool none =
      std::same_as<typename View::format_type::outliers_type, lowbit::none>;

  outlier_plan(const View& w, index_t tokens, detail::carver& memory) : w_(w) {
    if constexpr (!none) {
      rows_ = {tokens, w.cols(), w.cols(), w.apart.scratch_size(), nullptr, nullptr};
      rows_.values = values_ = memory.take<float>(tokens * rows_.stride);
      rows_.kept = kept_ = memory.take<float>(tokens * rows_.kept_stride);
    }
  }
  const value_rows<float>& rows() const { return rows_; }
  float* values() const { return values_; }
  template <class Launcher>
  void add(const Launcher& to, const result_place& y, float alpha) const {
    if constexpr (!none) {
      if (rows_.kept_stride > 0)
        launch_on(to, prepare_outliers{}, rows_.tokens * rows_.kept_stride, 1, w_.apart, rows_,
                  kept_);
      launch_on(to, add_outliers{}, w_.rows() * rows_.tokens, warp_size, w_, rows_, y,
                alpha);
    }
  }

 private:
  View w_;
  value_rows<float> rows_{};
  float* values_ = nullptr;
  float* kept_ = nullptr;
};

/// Real activations of type T, on tensor cores.
template <class View, class T, class Arithmetic = real_arithmetic<View>>
class real_tensor_plan {
 public:
  using F = typename View::format_type;
  using arithmetic = Arithmetic;
  using columns_type = typename Arithmetic::columns_type;
  static constexpr int dim = Arithmetic::reader::dim;
  using factors_type = decltype(factors_of(std::declval<const View&>()));
  using prepare = prepare_halves<T, factors_type>;
  /// Whether small products read the caller's rows: no kernel comes first, for which they would
  /// wait as long as for a small matrix.
  using rows_type = half_rows<dim>;
  static constexpr bool reads_rows = prepare::exact && !arithmetic::traits::minima &&
                                     std::same_as<columns_type, half_columns>;

  real_tensor_plan(const View& w, index_t tokens, detail::carver& memory)
      : w_(w),
        columns_(int(tokens) * prepare::parts),
        product_(w, columns_, memory),
        outliers_(w, tokens, memory) {
    x_.columns = columns_;
    x_.stride = product_.stride();
    x_.parts = prepare::parts;
    x_.dim = dim;
    x_.fragments = memory.take<word>(half_columns::words(
        half_columns::padded(w.cols(), dim), columns_ > 32 ? x_.stride : columns_));
    x_.factors = memory.take<float>(tokens);
    if constexpr (arithmetic::traits::minima)
      x_.sums = memory.take<float>(mma16::blocks(w.cols()) * (128 / arithmetic::run) * x_.stride);
  }
  /// Where find_int8_form will have written, for rounded columns.
  void set_form(const int8_form* form) { x_.form = form; }
  template <class Launcher>
  void run(const Launcher& to, const device_real<T>& x, const result_place& y, update factors,
           unsigned* counters) const {
    const device_rows<T> rows{x.x.data(), x.x.stride(), x.x.cols(), int(x.x.rows())};
    if constexpr (!decltype(outliers_)::none)
      launch_on(to, copy_values{}, x.x.rows() * x.x.cols(), warp_size, x.x.data(), x.x.stride(),
                outliers_.rows(), outliers_.values());
    bool prepares = true;
    if constexpr (reads_rows)
      if (product_.is_small(to) && rows_type::fits(rows)) {
        const rows_type given{rows.data, rows.stride, int(rows.cols), rows.tokens};
        product_.run_rows(to, given, y, factors, counters);
        prepares = false;
      }
    if (prepares) {
      columns_type columns = x_;
      columns.group = product_.column_group(to);
      const index_t blocks = half_columns::padded(w_.cols(), dim) / 128;
      const int warps = int(min_of(blocks, prepare::max_warps));
      const int sharers = prepare::exact ? int(ceil_div(blocks, prepare::max_warps)) : 1;
      to.launch(prepare{}, index_t(x_.stride / x_.parts) * sharers, warps, 64, rows,
                factors_of(w_), static_cast<const half_columns&>(columns), arithmetic::run,
                sharers);
      product_.run(to, columns, y, factors, counters);
    }
    outliers_.add(to, y, factors.alpha);
  }

 private:
  View w_;
  int columns_;
  tensor_product<arithmetic> product_;
  outlier_plan<View> outliers_;
  columns_type x_{};
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
