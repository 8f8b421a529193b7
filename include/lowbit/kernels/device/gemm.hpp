// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a product on the device launches, for any launcher: gpu::cuda_launcher or, in tests,
// lockstep_launcher.
#pragma once
#include "../gemm.hpp"
#include "axis_plan.hpp"
#include "int8_plan.hpp"
#include "launch.hpp"
#include "row_product.hpp"
#include "workspace_memory.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// A plan is an object with the workspace that it needs, made twice: to count bytes, then to run.
///
///   plan(view, tokens, carver)   takes its memory
///   run(launcher, x, y, update)  launches

/// Real activations, by row_product.
template <class View>
class real_row_plan {
 public:
  using F = typename View::format_type;
  using V = typename F::value_type;
  static constexpr bool apart = !std::same_as<typename F::outliers_type, none>;

  real_row_plan(const View& w, index_t tokens, detail::carver& memory) : w_(w) {
    take(tokens, memory);
  }
  template <class Launcher, class T>
  void run(const Launcher& to, const device_real<T>& x, matrix_view<V> y, update factors,
           unsigned*) const {
    launch_on(to, copy_values{}, rows_.tokens * rows_.cols, warp_size, x.x.data(), x.x.stride(),
              rows_, values_);
    finish(to, y, factors);
  }

 protected:
  void take(index_t tokens, detail::carver& memory) {
    rows_ = {tokens, w_.cols(), w_.cols(), apart ? w_.apart.scratch_size() : 0, nullptr, nullptr};
    rows_.values = values_ = memory.take<V>(tokens * rows_.stride);
    rows_.kept = kept_ = memory.take<V>(tokens * rows_.kept_stride);
  }
  template <class Launcher>
  void prepare_apart(const Launcher& to) const {
    if constexpr (apart)
      if (rows_.kept_stride > 0)
        launch_on(to, prepare_outliers{}, rows_.tokens * rows_.kept_stride, 1, w_.apart, rows_,
                  kept_);
  }
  template <class Launcher>
  void finish(const Launcher& to, matrix_view<V> y, update factors) const {
    prepare_apart(to);
    launch_on(to, row_product{}, w_.rows() * ceil_div(rows_.tokens, row_product_tokens), 1, w_,
              rows_, y.data(), y.stride(), factors);
  }

  View w_;
  value_rows<V> rows_{};
  V* values_ = nullptr;
  V* kept_ = nullptr;
};

/// Activations quantized to int8 on the way: integer sums where the host has them too, else values.
template <class A, class View>
class int8_row_plan : real_row_plan<View> {
 public:
  using base = real_row_plan<View>;
  using F = typename View::format_type;
  using Q = typename F::quantizer_type;
  static constexpr bool integer = has_int8_path<F>;
  static constexpr bool needs_values = !integer || base::apart;

  int8_row_plan(const View& w, index_t tokens, detail::carver& memory)
      : base(w, needs_values ? tokens : 0, memory), quantized_(w.cols(), tokens, memory) {
    if constexpr (integer && !int8_form_is_known<Q>) form_ = memory.take<int8_form>(1);
  }
  template <class Launcher, class T>
  void run(const Launcher& to, const device_int8<A, T>& x, matrix_view<float> y, update factors,
           unsigned*) const {
    quantized_.run(to, x, needs_values ? this->values_ : nullptr, this->rows_.stride);
    if constexpr (integer) {
      const level_rows& levels = quantized_.rows();
      if constexpr (!int8_form_is_known<Q>)
        to.launch(find_int8_form<Q>{}, 1, 1, 0, this->w_, form_);
      this->prepare_apart(to);
      launch_on(to, int8_row_product{},
                this->w_.rows() * ceil_div(levels.tokens, row_product_tokens), 1, this->w_, levels,
                this->rows_, static_cast<const int8_form*>(form_), y.data(), y.stride(), factors);
    } else {
      this->finish(to, y, factors);
    }
  }

 private:
  quantized_rows<A> quantized_;
  int8_form* form_ = nullptr;
};

/// The plan of a format, a layout and activations.
template <class View, class X>
struct plan_of;
template <class View, class T>
struct plan_of<View, device_real<T>> {
  using F = typename View::format_type;
  static constexpr auto choose() {
    if constexpr (!std::same_as<typename View::layout_type, mma16>)
      return std::type_identity<real_row_plan<View>>{};
    else if constexpr (has_tensor_path<F>)
      return std::type_identity<real_tensor_plan<View, T>>{};
    else if constexpr (has_tensor_axes<F> && std::same_as<typename F::outliers_type, none>)
      return std::type_identity<axis_plan<View>>{};
    else
      return std::type_identity<real_row_plan<View>>{};
  }
  using type = typename decltype(choose())::type;
};
template <class View, class A, class T>
struct plan_of<View, device_int8<A, T>> {
  using F = typename View::format_type;
  static constexpr auto choose_int8() {
    if constexpr (has_values_of_integers<View>)
      return std::type_identity<int8_plan<A, View>>{};
    else
      return std::type_identity<int8_tensor_plan<A, View>>{};
  }
  static constexpr auto choose() {
    if constexpr (!std::same_as<typename View::layout_type, mma16> || !has_tensor_path<F>)
      return std::type_identity<int8_row_plan<A, View>>{};
    else if constexpr (tensor_traits<F>::dim > 1)
      return std::type_identity<int8_entry_plan<A, View>>{};
    else if constexpr (has_byte_path<F> && run_of(A::granularity_type::block_cols) >= 16)
      return choose_int8();
    else
      return std::type_identity<int8_row_plan<A, View>>{};
  }
  using type = typename decltype(choose())::type;
};

/// Bytes of a workspace for products of up to `tokens` rows of X.
template <class X, class View>
index_t device_workspace_bytes(const View& w, index_t tokens) {
  detail::carver count;
  typename plan_of<View, X>::type plan(w, tokens, count);
  return workspace_memory::counter_bytes + count.used();
}

template <class T>
void check_aligned(const char* name, const T* data) {
  if (bits_as<std::uintptr_t>(data) % alignof(T) != 0)
    fail(errc::bad_argument, name,
         message("its address is no multiple of ", alignof(T), ", the alignment of its type"));
}

/// Checks everything, then launches. `x` and `y` are in the device's memory.
template <class Launcher, class View, class X>
void multiply_on(const Launcher& to, const View& w, const X& x,
                 matrix_view<typename View::value_type> y, const workspace_memory& memory,
                 update factors) {
  check_shapes(w.shape(), x.x.shape(), y.shape());
  check_overlap(x.x, y);
  check_aligned("x", x.x.data());
  check_aligned("y", y.data());
  const index_t needed = device_workspace_bytes<X>(w, y.rows());
  if (memory.data == nullptr || memory.bytes < needed)
    fail(errc::bad_argument, "workspace",
         message(memory.bytes, " bytes, expected at least ", needed));
  if (y.rows() == 0 || y.cols() == 0) return;
  detail::carver carver = memory.carver();
  const typename plan_of<View, X>::type plan(w, y.rows(), carver);
  plan.run(to, x, y, factors, memory.counters());
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
