// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products on tensor cores with activations that are quantized to int8 on the way.
#pragma once
#include "quantized_rows.hpp"
#include "tensor_plan.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

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
