// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>
#include <utility>

#include "../core/executor_ref.hpp"
#include "../kernels/gemm.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// An array of a matrix as it is saved: its name within the matrix, what its elements are, its
/// shape (rows, elements of a row; or one length) and its bytes.
struct stored_array {
  std::string name;
  element type;
  std::vector<index_t> shape;
  span<const std::uint8_t> bytes;
};

namespace detail {
/// Visitor: lists arrays for saving.
struct array_lister {
  std::vector<stored_array>& out;
  index_t row = 0;

  void row_length(index_t elements) { row = elements; }
  template <class T>
  void operator()(const path& at, element type, const std::vector<T>& a) {
    add(at, type, a.data(), index_t(a.size() * sizeof(T)));
  }
  template <class T>
  void operator()(const path& at, element type, const unaligned_span<T>& a) {
    add(at, type, a.data(), a.size() * index_t(sizeof(T)));
  }
  template <class T>
  void operator()(const path& at, element type, const T& a) {
    add(at, type, &a, index_t(sizeof(T)));
  }
  template <class T>
  void derived(const T&) {}

 private:
  void add(const path& at, element type, const void* data, index_t bytes) {
    const index_t count = bytes / element_bytes(type);
    std::vector<index_t> shape{count};
    if (row > 0 && count % row == 0) shape = {count / row, row};
    row = 0;
    out.push_back(
        {at.str(), type, std::move(shape), {static_cast<const std::uint8_t*>(data), bytes}});
  }
};

/// Whether products of int8 activations with a format lose nothing but what rounding the
/// activations costs: its levels are integers, up to one factor.
template <class F>
inline constexpr bool has_exact_int8 = [] {
  using Q = typename F::quantizer_type;
  if constexpr (kernels::has_int8_path<F> && !has_state<Q>)
    return kernels::int8_table_of<Q>.exact;
  else
    return false;
}();
}  // namespace detail

/// What a matrix is to products, comparisons, any_matrix, save and load. quantized_matrix,
/// quantized_view, linear and factored specialise it; a matrix of your own may too:
///
///   value_type                                 float or complex32: what x and y hold
///   exact_int8                                 int8 products cost only the rounding of x
///   shape(m), bytes(m)                         bytes of everything that is stored
///   multiply(m, x, y, threads, memory, update) x is kernels::real_rows or int8_rows
///   dequantize(m, out)                         out has the shape of m
///   list(m, root, arrays)                      appends its arrays, named below root
///   name                                       canonical text of the composition; empty where a
///                                              part has no name: it cannot be saved then
///   from_parts(shape, parts, root)             a copy of arrays that came from outside, after
///                                              everything that they promise is checked
template <class M>
struct matrix_traits;

template <class M>
concept matrix_like = requires {
  requires matrix_value<typename matrix_traits<M>::value_type>;
};

template <class F, class Layout>
struct matrix_traits<quantized_view<F, Layout>> {
  using view = quantized_view<F, Layout>;
  using value_type = typename F::value_type;
  static constexpr bool exact_int8 = detail::has_exact_int8<F>;
  static constexpr auto name = [] {
    if constexpr (F::plane_type::name.size() == 0)
      return text("");
    else
      return F::name;
  }();

  static extent shape(const view& w) { return w.shape(); }
  static index_t bytes(const view& w) { return w.bytes(); }
  template <class Rows>
  static void multiply(const view& w, const Rows& x, matrix_view<value_type> y,
                       executor_ref threads, workspace& memory, update factors) {
    kernels::multiply<arch::runtime>(w, kernels::prepared_source<Rows>{x}, y, threads, memory,
                                     factors);
  }
  static void dequantize(const view& w, matrix_view<value_type> out) {
    lowbit::dequantize(w, out);
  }
  static void list(const view& w, const path& root, std::vector<stored_array>& out) {
    list_data(static_cast<const matrix_data<F, borrowed, Layout>&>(w), root, out);
  }
  /// Throws error unsupported for any but the canonical layout, which is what is saved.
  template <class Place>
  static void list_data(const matrix_data<F, Place, Layout>& data, const path& root,
                        std::vector<stored_array>& out) {
    if constexpr (!std::same_as<Layout, canonical>)
      fail(errc::unsupported, (root / "codes").str(),
           message("in the layout '", std::string_view(Layout::name),
                   "', expected 'canonical' (see repack)"));
    else
      matrix_data<F, Place>::each_below(detail::array_lister{out}, root, data);
  }
};

template <class F, class Layout>
struct matrix_traits<quantized_matrix<F, Layout>> {
  using matrix = quantized_matrix<F, Layout>;
  using of_view = matrix_traits<quantized_view<F, Layout>>;
  using value_type = typename F::value_type;
  static constexpr bool exact_int8 = of_view::exact_int8;
  static constexpr auto name = of_view::name;

  static extent shape(const matrix& w) { return w.shape(); }
  static index_t bytes(const matrix& w) { return w.bytes(); }
  template <class Rows>
  static void multiply(const matrix& w, const Rows& x, matrix_view<value_type> y,
                       executor_ref threads, workspace& memory, update factors) {
    of_view::multiply(w.view(), x, y, threads, memory, factors);
  }
  static void dequantize(const matrix& w, matrix_view<value_type> out) {
    lowbit::dequantize(w.view(), out);
  }
  static void list(const matrix& w, const path& root, std::vector<stored_array>& out) {
    of_view::list_data(w.data(), root, out);
  }
  static matrix from_parts(extent shape, span<const part> parts, const path& root = {})
    requires std::same_as<Layout, canonical>
  {
    return matrix(quantized_view<F>::from_parts(shape, parts, root));
  }
};

// ---------------------------------------------------------------------------------------------
// Products and values of any matrix, as for a quantized_view (kernels/gemm.hpp).
// ---------------------------------------------------------------------------------------------

namespace detail {
template <class M>
concept matrix_but_no_view = matrix_like<M> && !quantized_matrix_like<M>;
template <class M>
using results_of = matrix_view<typename matrix_traits<M>::value_type>;
}  // namespace detail

/// Y = alpha X W^T + beta Y. Without a workspace, and for activations that are not `prepared`, a
/// call allocates.
template <detail::matrix_but_no_view M, class A, class... How>
void gemm(const M& w, const prepared<A>& x, std::type_identity_t<detail::results_of<M>> y,
          How&&... how) {
  kernels::check_product_arguments<std::remove_cvref_t<How>...>();
  constexpr index_t parts = kernels::is_complex<typename matrix_traits<M>::value_type> ? 2 : 1;
  const auto& rows = x.rows();
  kernels::check_shapes(matrix_traits<M>::shape(w), extent{rows.tokens, rows.cols / parts},
                        y.shape());
  workspace own;
  matrix_traits<M>::multiply(
      w, rows, y, executor_ref(detail::pick<detail::executor_role>(serial{}, how...)),
      const_cast<workspace&>(detail::pick<kernels::workspace_role>(own, how...)),
      detail::pick<kernels::update_role>(update{}, how...));
}
template <detail::matrix_but_no_view M, class T, class... How>
void gemm(const M& w, matrix_view<T> x, std::type_identity_t<detail::results_of<M>> y,
          How&&... how) {
  static_assert(
      kernels::is_complex<T> == kernels::is_complex<typename matrix_traits<M>::value_type>,
      "lowbit::gemm: complex matrices take complex32 activations, real ones real");
  kernels::check_overlap(x, y);
  gemm(w, prepare(x), y, how...);
}
template <detail::matrix_but_no_view M, class A, class T, class... How>
void gemm(const M& w, const quantized_activations<A, T>& x,
          std::type_identity_t<detail::results_of<M>> y, How&&... how) {
  static_assert(!kernels::is_complex<typename matrix_traits<M>::value_type>,
                "lowbit::gemm: quantize complex activations as real ones, re and im interleaved");
  kernels::check_overlap(x.values, y);
  gemm(w, prepare(x), y, how...);
}

/// y = W x: gemm of one token. x and y are spans, or anything with data() and size().
template <detail::matrix_but_no_view M, class X, class... How>
void gemv(const M& w, const X& x, span<typename matrix_traits<M>::value_type> y, How&&... how) {
  const detail::results_of<M> row(y.data(), 1, y.size());
  if constexpr (requires { span(x); }) {
    const span s(x);
    using T = std::remove_const_t<std::remove_pointer_t<decltype(s.data())>>;
    gemm(w, matrix_view<const T>(s.data(), 1, s.size()), row, how...);
  } else {
    gemm(w, x, row, how...);
  }
}

/// Writes every value of a matrix; `out` has its shape, else error shape_mismatch.
template <detail::matrix_but_no_view M>
void dequantize(const M& w, std::type_identity_t<detail::results_of<M>> out) {
  if (!(out.shape() == matrix_traits<M>::shape(w)))
    fail(errc::shape_mismatch, "out",
         message(out.rows(), " x ", out.cols(), ", expected ", matrix_traits<M>::shape(w).rows,
                 " x ", matrix_traits<M>::shape(w).cols));
  matrix_traits<M>::dequantize(w, out);
}

}  // namespace lowbit::inline LOWBIT_ABI
