// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which kernels a product on tensor cores launches, and what each block does.
#pragma once
#include "batch_product.hpp"
#include "entry_arithmetic.hpp"
#include "launch.hpp"
#include "prepare.hpp"
#include "quantized_rows.hpp"
#include "wide_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The shape of a launch. Every shape of matrix has one; the number of multiprocessors decides how
/// many blocks there are, and whether some share a tile of rows.
struct tensor_launch {
  index_t items = 0;   // tiles of results, times the blocks that share one
  index_t blocks = 0;  // which take items in turn
  int warps = 1, splits = 1;
};

/// How many blocks share each of `groups` tiles: about `wanted` blocks altogether, each with at
/// least `least` blocks of codes.
inline int splits_for(index_t groups, index_t wanted, index_t code_blocks, index_t least) {
  const index_t most = code_blocks / least;
  const index_t splits =
      groups > 0 ? min_of((2 * wanted + groups) / (2 * groups), most) : index_t(1);
  return int(splits < 1 ? 1 : splits);
}

/// Plans suppose no more than these, so that the size of a workspace does not depend on the device.
inline constexpr int most_multiprocessors = 256;

/// Which kernel multiplies so many columns, and how.
struct tensor_shape {
  extent weights;  // rows, and codes of a row
  int columns;
  int dim = 1;  // columns of a code

  constexpr index_t code_blocks() const { return mma16::blocks(weights.cols); }
  /// Blocks that as many numbers would have.
  constexpr index_t work() const { return code_blocks() * dim; }
  /// Blocks of codes that blocks of a grid shall at least have of `work` to share tiles.
  constexpr index_t at_least(index_t work) const { return work / dim < 1 ? 1 : work / dim; }

  /// Columns of a block of the kernel.
  constexpr int of_block() const {
    return columns <= 8 ? 8 : columns <= 16 ? 16 : columns <= 32 ? 32 : 64;
  }
  constexpr index_t row_tiles() const { return ceil_div(weights.rows, 16); }
  /// Whether there is work enough for all multiprocessors with two tiles for each warp.
  constexpr bool is_tall(int multiprocessors) const { return row_tiles() > 2 * multiprocessors; }
  /// Whether warps split the codes of a row (small_product), or have rows of their own
  /// (batch_product): then columns are read once for many rows.
  constexpr bool is_small(int multiprocessors) const {
    return columns <= 8 || (columns <= 16 && !is_tall(multiprocessors));
  }
  /// Tiles of sixteen rows for each warp.
  constexpr int tiles(int multiprocessors) const {
    return is_small(multiprocessors) && !is_tall(multiprocessors) ? 1 : 2;
  }

  /// Whether blocks of 256 rows and 128 columns, which read least, are enough for all
  /// multiprocessors.
  constexpr bool is_broad(int multiprocessors) const {
    return columns > 64 &&
           ceil_div(row_tiles(), 16) * ceil_div(columns, 128) >= multiprocessors;
  }

  /// A small product: sixteen warps for each multiprocessor, each with at least four blocks of a
  /// tile's codes. Else four warps, and two blocks or three. Blocks share tiles where there are too
  /// few.
  tensor_launch launch(int multiprocessors) const {
    tensor_launch l;
    const index_t each = tiles(multiprocessors);
    if (is_small(multiprocessors)) {
      const index_t groups = ceil_div(row_tiles(), each);
      const index_t warps = work() < 8 ? 1 : work() < 64 ? work() / 4 : 16;
      l.warps = int(min_of(warps, code_blocks() < 1 ? 1 : code_blocks()));
      l.splits = 2 * groups > multiprocessors
                     ? 1
                     : splits_for(groups, multiprocessors, code_blocks(), 2 * l.warps);
      const index_t at_once = index_t(multiprocessors) * (16 / l.warps) / l.splits;
      l.items = groups * l.splits;
      l.blocks = min_of(groups, at_once < 1 ? 1 : at_once) * l.splits;
    } else {
      l.warps = 4;
      const index_t groups =
          ceil_div(row_tiles(), each * l.warps) * ceil_div(columns, of_block());
      l.splits = splits_for(groups, (of_block() == 16 ? 3 : 2) * multiprocessors, code_blocks(),
                            at_least(8));
      l.items = l.blocks = groups * l.splits;
    }
    return l;
  }
  /// Room for the partial sums of blocks that share tiles, of these columns or fewer on any device.
  /// There are never more than one and a half times as many items as blocks are wanted.
  index_t partial_sums() const {
    const index_t few = min_of(2 * most_multiprocessors, row_tiles() * (code_blocks() / 2));
    index_t sums = few * 16 * 16;
    if (columns > 8) {
      const index_t groups = ceil_div(row_tiles(), 8) * ceil_div(columns, 16);
      const index_t many = min_of(5 * most_multiprocessors, groups * (code_blocks() / at_least(8)));
      sums = many * 128 * of_block() > sums ? many * 128 * of_block() : sums;
    }
    return sums;
  }
};

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
    const auto start_with = [&](const auto& kernel, const tensor_launch& l) {
      to.launch(kernel, l.blocks, l.warps, kernel.shared_bytes(l.warps), w_, x, results, l.splits);
    };
    const auto start = [&](const auto& kernel) {
      start_with(kernel, shape_.launch(multiprocessors));
    };
    if constexpr (has_wide)
      if (x.group > 0) {
        tensor_launch l = shape_.launch(multiprocessors);
        l.warps = 8;
        if (x.group == 64) {  // as many rows and columns for a block as batch_product has
          start_with(wide_product<Arithmetic, 1, 8>{}, l);
        } else if constexpr (broad_fits) {
          l.blocks = ceil_div(shape_.row_tiles(), 16) * ceil_div(shape_.columns, 128);
          l.splits = 1;
          start_with(broad_product{}, l);
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
  template <class A, class Launcher>
  void start_small(const Launcher& to, const typename A::columns_type& x,
                   const device_results& results) const {
    const int multiprocessors = multiprocessors_of(to);
    const tensor_launch l = shape_.launch(multiprocessors);
    const auto start = [&](const auto& kernel) {
      to.launch(kernel, l.blocks, l.warps, kernel.shared_bytes(l.warps), w_, x, results, l.splits);
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

/// Activations quantized to the int8 format A on the way, and multiplied as values.
template <class A, class View, class Arithmetic>
class int8_value_plan {
 public:
  using Q = typename View::format_type::quantizer_type;
  static constexpr bool finds_form =
      std::same_as<typename Arithmetic::columns_type, rounded_columns> && !int8_form_is_known<Q>;

  int8_value_plan(const View& w, index_t tokens, detail::carver& memory)
      : w_(w), quantized_(w.cols(), tokens, memory), product_(w, tokens, memory) {
    values_ = memory.take<float>(tokens * w.cols());
    if constexpr (finds_form) {
      form_ = memory.take<int8_form>(1);
      product_.set_form(form_);
    }
  }
  template <class Launcher, class T>
  void run(const Launcher& to, const device_int8<A, T>& x, matrix_view<float> y, update factors,
           unsigned* counters) const {
    quantized_.run(to, x, values_, w_.cols());
    if constexpr (finds_form) to.launch(find_int8_form<Q>{}, 1, 1, 0, w_, form_);
    const matrix_view<const float> values(values_, x.x.rows(), w_.cols());
    product_.run(to, device_real<float>{values}, y, factors, counters);
  }

 private:
  View w_;
  quantized_rows<A> quantized_;
  real_tensor_plan<View, float, Arithmetic> product_;
  float* values_ = nullptr;
  int8_form* form_ = nullptr;
};
/// Vectors of a codebook, whose quads of columns meet in one product. Where the host has integer
/// products entries are the host's int8 levels, times their unit.
template <class A, class View>
using int8_entry_plan = int8_value_plan<
    A, View,
    entry_arithmetic<View, std::conditional_t<has_int8_path<typename View::format_type>,
                                              rounded_columns, half_columns>>>;

/// Activations quantized to the int8 format A on the way.
template <class A, class View>
class int8_tensor_plan {
 public:
  using F = typename View::format_type;
  using G = typename A::granularity_type;
  using arithmetic = byte_arithmetic<View, G::block_cols>;
  using scale_number = typename G::scale_plane::quantizer_type;

  int8_tensor_plan(const View& w, index_t tokens, detail::carver& memory)
      : w_(w), product_(w, int(tokens), memory), outliers_(w, tokens, memory) {
    x_.columns = int(tokens);
    x_.stride = product_.stride();
    x_.width = G::block_cols == whole ? int(w.cols() > 0 ? w.cols() : 1) : int(G::block_cols);
    x_.groups = int(ceil_div(w.cols(), x_.width));
    x_.fragments = memory.take<word>(byte_columns::words(w.cols(), x_.columns));
    x_.scales = memory.take<float>(index_t(x_.groups) * x_.stride);
    x_.sums = memory.take<float>(mma16::blocks(w.cols()) * (128 / arithmetic::run) * x_.stride);
  }
  template <class Launcher, class T>
  void run(const Launcher& to, const device_int8<A, T>& x, const result_place& y, update factors,
           unsigned* counters) const {
    const device_rows<T> rows{x.x.data(), x.x.stride(), x.x.cols(), int(x.x.rows())};
    using prepare = prepare_bytes<T, scale_number>;
    const index_t blocks = mma16::blocks(w_.cols());
    const int warps = int(min_of(blocks, prepare::max_warps));
    const int sharers =
        x_.width > prepare::widest_of_warp ? 1 : int(ceil_div(blocks, prepare::max_warps));
    to.launch(prepare{}, index_t(x_.stride) * sharers, warps, 64, rows, x_, arithmetic::run,
              sharers);
    if constexpr (!decltype(outliers_)::none)
      launch_on(to, read_bytes{}, x.x.rows() * x.x.cols(), warp_size, x_, outliers_.rows(),
                outliers_.values());
    product_.run(to, x_, y, factors, counters);
    outliers_.add(to, y, factors.alpha);
  }

 private:
  View w_;
  tensor_product<arithmetic> product_;
  outlier_plan<View> outliers_;
  byte_columns x_{};
};

/// Formats whose int8 levels are halves as well, in runs that warpgroups multiply.
template <class View>
inline constexpr bool has_values_of_integers = [] {
  using Q = typename View::format_type::quantizer_type;
  if constexpr (!has_half_levels<Q> || has_state<Q> || half_arithmetic<View>::run < 32)
    return false;
  else
    return detail::byte_scale<Q>.exact;
}();
/// Integers for few tokens. Many are multiplied as values where Hopper's warpgroups multiply, which
/// is faster than integers are elsewhere, though values are two halves.
template <class A, class View>
class int8_plan {
 public:
  int8_plan(const View& w, index_t tokens, detail::carver& memory)
      : int8_plan(w, tokens, memory, memory) {}
  template <class Launcher, class T>
  void run(const Launcher& to, const device_int8<A, T>& x, matrix_view<float> y, update factors,
           unsigned* counters) const {
    if (x.x.rows() > most_integers && to.multiplies_shared())
      values_.run(to, x, y, factors, counters);
    else
      integers_.run(to, x, y, factors, counters);
  }

 private:
  static constexpr index_t most_integers = 32;

  /// Both begin at the same place of the memory: one of them runs.
  int8_plan(const View& w, index_t tokens, detail::carver& memory, detail::carver same)
      : integers_(w, tokens, memory), values_(w, tokens > most_integers ? tokens : 0, same) {
    if (same.used() > memory.used()) memory = same;
  }

  int8_tensor_plan<A, View> integers_;
  int8_value_plan<A, View, half_arithmetic<View>> values_;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
