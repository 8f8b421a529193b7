// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "axis_product.hpp"
#include "real_row_product.hpp"
#include "real_tile_product.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace kernels {

struct update_role {
  template <class T>
  static constexpr bool is = std::same_as<T, update>;
};
struct workspace_role {
  template <class T>
  static constexpr bool is = std::same_as<T, workspace>;
};

template <class Argument>
constexpr void check_product_argument() {
  static_assert(
      std::same_as<Argument, update> || std::same_as<Argument, workspace> || executor<Argument>,
      "lowbit::gemm: an argument is none of: executor, workspace, update");
}
template <class... How>
constexpr void check_product_arguments() {
  (check_product_argument<How>(), ...);
  static_assert(detail::given<detail::executor_role, How...> <= 1,
                "lowbit::gemm: two arguments are an executor");
  static_assert(detail::given<update_role, How...> <= 1,
                "lowbit::gemm: two arguments are an update");
  static_assert(detail::given<workspace_role, How...> <= 1,
                "lowbit::gemm: two arguments are a workspace");
}

// The activations of a call, in memory that the call cuts up: first to count bytes (write = false).
template <class T>
struct real_source {
  matrix_view<const T> x;
  real_rows rows(const row_ops&, detail::carver& memory, bool write) const {
    return copy_rows(x, memory, write);
  }
};
template <class A, class T>
struct int8_source {
  matrix_view<const T> x;
  int8_rows rows(const row_ops& ops, detail::carver& memory, bool write) const {
    return quantize_rows<A>(ops, x, memory, write);
  }
};
template <class Rows>
struct prepared_source {
  const Rows& prepared_rows;
  Rows rows(const row_ops&, detail::carver&, bool) const { return prepared_rows; }
};

inline void check_shapes(extent w, extent x, extent y) {
  if (x.cols != w.cols)
    fail(errc::shape_mismatch, "x",
         message(x.cols, " columns, expected the ", w.cols, " of the matrix"));
  if (y.rows != x.rows || y.cols != w.rows)
    fail(errc::shape_mismatch, "y",
         message(y.rows, " x ", y.cols, ", expected ", x.rows, " x ", w.rows));
}

template <class T>
const void* end_of(matrix_view<T> m) {
  return m.rows() == 0 || m.cols() == 0 ? m.data() : m.row(m.rows() - 1) + m.cols();
}
template <class T, class V>
void check_overlap(matrix_view<T> x, matrix_view<V> y) {
  if (static_cast<const void*>(y.data()) < end_of(x) &&
      static_cast<const void*>(x.data()) < end_of(y))
    fail(errc::overlap, "y", "shares memory with x, expected separate arrays");
}

/// A product of one kind, cut into tasks.
template <class Product, class View, class Source, class... How>
void multiply_as(const row_ops& ops, const View& w, const Source& source,
                 matrix_view<typename View::value_type> y, How&... how) {
  using source_rows = decltype(source.rows(ops, std::declval<detail::carver&>(), true));
  constexpr bool int8 = std::same_as<typename Product::rows_type, int8_rows>;
  constexpr bool apart = product_results<View>::apart;
  const auto& threads = detail::pick<detail::executor_role>(serial{}, how...);
  const update factors = detail::pick<update_role>(update{}, how...);
  workspace own;
  workspace& scratch = const_cast<workspace&>(detail::pick<workspace_role>(own, how...));

  const index_t step = Product::block_rows(y.rows());
  const index_t blocks = ceil_div(w.rows(), step);
  const index_t tasks = min_of(blocks, threads.concurrency());
  if (tasks == 0 || y.rows() == 0) return;

  // Counted first, then handed out: the two passes are the same code.
  const auto carve = [&](detail::carver& memory, bool write, auto run) {
    const source_rows given = source.rows(ops, memory, write);
    real_rows values;
    if constexpr (std::same_as<source_rows, real_rows>)
      values = given;
    else if constexpr (!int8 || apart)
      values = decode_rows(given, memory, write);
    typename Product::rows_type rows;
    if constexpr (int8)
      rows = given;
    else
      rows = values;
    constexpr index_t parts = product_results<View>::parts;
    Product p(ops, w, rows, {reinterpret_cast<float*>(y.data()), y.stride() * parts}, factors);
    p.take_shared(memory, write);
    run(p, values, memory);
  };
  detail::carver size;
  carve(size, false, [&](auto& p, const real_rows&, detail::carver& memory) {
    for (index_t i = 0; i < tasks; ++i) p.take_task(memory);
  });
  detail::carver memory(scratch.reserve(size.used()));
  const float_mode_guard mode;
  carve(memory, true, [&](auto& p, const real_rows& values, detail::carver& rest) {
    p.prepare_outliers(values);
    const index_t start = rest.used();
    p.take_task(rest);
    const index_t bytes = rest.used() - start;
    std::uint8_t* const base = static_cast<std::uint8_t*>(scratch.reserve(0)) + start;
    threads.for_each(tasks, [&](index_t i) {
      detail::carver mine(base + i * bytes);
      const auto task = p.take_task(mine);
      p.run_rows(blocks * i / tasks * step, min_of(w.rows(), blocks * (i + 1) / tasks * step),
                 task);
    });
  });
}

/// The product with real activations.
template <class View>
auto choose_real_product() {
  using F = typename View::format_type;
  if constexpr (has_tile_values<F>)
    return std::type_identity<real_tile_product<View>>();
  else if constexpr (has_axis_values<F, View>)
    return std::type_identity<axis_product<View, real_tile_product>>();
  else
    return std::type_identity<real_row_product<View>>();
}

/// The product for rows of activations of a kind, real_rows or int8_rows; `AxesFit`: groups of the
/// int8 ones can be taken apart for complex codes (int8_axis_rows::fit).
template <class View, class Rows, bool AxesFit = true>
auto choose_product() {
  using F = typename View::format_type;
  constexpr bool int8 = std::same_as<Rows, int8_rows>;
  if constexpr (int8 && has_int8_path<F>)
    return std::type_identity<int8_product<View>>();
  else if constexpr (int8 && AxesFit && has_axis_int8<F, View>)
    return std::type_identity<axis_product<View, int8_product>>();
  else
    return choose_real_product<View>();
}
template <class View, class Rows, bool AxesFit = true>
using product_for = typename decltype(choose_product<View, Rows, AxesFit>())::type;

/// Multiplies by the product for the format and the activations.
template <arch Arch, format_like F, class Layout, class Source, class... How>
void multiply(const quantized_view<F, Layout>& w, const Source& source,
              matrix_view<typename F::value_type> y, How&... how) {
  using View = quantized_view<F, Layout>;
  using source_rows = decltype(source.rows(ops_of(Arch), std::declval<detail::carver&>(), true));
  const row_ops& ops = ops_of(Arch);
  using product = product_for<View, source_rows>;
  using other = product_for<View, source_rows, false>;
  if constexpr (!std::same_as<product, other>)
    if (!int8_axis_rows::fit(source.prepared_rows))
      return multiply_as<other>(ops, w, source, y, how...);
  multiply_as<product>(ops, w, source, y, how...);
}

}  // namespace kernels

/// Y = X W^T for rows of activations: Y(t, r) = sum over k of W(r, k) X(t, k); X is tokens x K,
/// Y tokens x rows.
///
/// X is a matrix_view of float, float16, bfloat16 or any `scalar` (complex32 for complex formats),
/// `as<A>(X)`, `as(static_int8{...}, X)` or `prepared`. Optional arguments in any order: an
/// executor, a workspace (without one the call allocates once), an `update` for alpha and beta.
///
/// Real activations: every weight has the value that `dequantize` gives it, multiplied in binary32
/// with |error| <= (ceil(K / 16) + 16) 2^-23 sum |w x|. Int8 activations on formats of at most 8
/// bits: exact integer sums per group, of both parts where they have two (a8r). NaN and infinity of
/// X reach the results they belong to. Results do not depend on the executor or on how many tokens
/// share a call.
/// Throws error: shape_mismatch, overlap of X and Y; not_finite for quantized activations; for
/// static_int8 also bad_argument.
template <arch Arch = arch::runtime, format_like F, class Layout, class A, class... How>
void gemm(const quantized_view<F, Layout>& w, const prepared<A>& x,
          std::type_identity_t<matrix_view<typename F::value_type>> y, How&&... how) {
  kernels::check_product_arguments<std::remove_cvref_t<How>...>();
  constexpr index_t parts = kernels::is_complex<typename F::value_type> ? 2 : 1;
  const auto& rows = x.rows();
  const kernels::prepared_source<std::remove_cvref_t<decltype(rows)>> source{rows};
  kernels::check_shapes(w.shape(), extent{rows.tokens, rows.cols / parts}, y.shape());
  kernels::multiply<Arch>(w, source, y, how...);
}
template <arch Arch = arch::runtime, format_like F, class Layout, class T, class... How>
void gemm(const quantized_view<F, Layout>& w, matrix_view<T> x,
          std::type_identity_t<matrix_view<typename F::value_type>> y, How&&... how) {
  kernels::check_product_arguments<std::remove_cvref_t<How>...>();
  static_assert(kernels::is_complex<T> == kernels::is_complex<typename F::value_type>,
                "lowbit::gemm: complex formats take complex32 activations, real ones real");
  const kernels::real_source<std::remove_const_t<T>> source{x};
  kernels::check_shapes(w.shape(), x.shape(), y.shape());
  kernels::check_overlap(x, y);
  kernels::multiply<Arch>(w, source, y, how...);
}
template <arch Arch = arch::runtime, format_like F, class Layout, class A, class T, class... How>
void gemm(const quantized_view<F, Layout>& w, const quantized_activations<A, T>& x,
          std::type_identity_t<matrix_view<typename F::value_type>> y, How&&... how) {
  kernels::check_product_arguments<std::remove_cvref_t<How>...>();
  static_assert(!kernels::is_complex<typename F::value_type>,
                "lowbit::gemm: quantize complex activations as real ones, re and im interleaved");
  kernels::check_overlap(x.values, y);
  if constexpr (!kernels::int8_activations<A>) {
    gemm<Arch>(w, prepare(x), y, how...);
  } else {
    kernels::check_shapes(w.shape(), x.values.shape(), y.shape());
    if constexpr (requires { x.how; }) {
      kernels::multiply<Arch>(w, kernels::static_rows(x.how, x.values), y, how...);
    } else {
      kernels::check_finite_rows(x.values);
      kernels::multiply<Arch>(w, kernels::int8_source<A, T>{x.values}, y, how...);
    }
  }
}

/// y = W x: gemm of one token. x and y are spans, or anything with data() and size().
template <arch Arch = arch::runtime, format_like F, class Layout, class X, class... How>
void gemv(const quantized_view<F, Layout>& w, const X& x, span<typename F::value_type> y,
          How&&... how) {
  const matrix_view<typename F::value_type> row(y.data(), 1, y.size());
  if constexpr (requires { span(x); }) {
    const span s(x);
    using T = std::remove_pointer_t<decltype(s.data())>;
    gemm<Arch>(w, matrix_view<const T>(s.data(), 1, s.size()), row, how...);
  } else {
    gemm<Arch>(w, x, row, how...);
  }
}

// A view of device memory on the host does not compile, and this is the sentence that says so.
template <arch = arch::runtime, class F, class Layout, class... Rest>
void gemm(const quantized_view<F, Layout, device>&, const Rest&...) {
  static_assert(!std::same_as<F, F>,
                "lowbit::gemm: w is a view of device memory, and this call is for the host");
}
template <arch = arch::runtime, class F, class Layout, class... Rest>
void gemv(const quantized_view<F, Layout, device>&, const Rest&...) {
  static_assert(!std::same_as<F, F>,
                "lowbit::gemv: w is a view of device memory, and this call is for the host");
}

}  // namespace lowbit::inline LOWBIT_ABI
