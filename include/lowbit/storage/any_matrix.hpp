// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "../core/executor_ref.hpp"
#include "../kernels/gemm.hpp"
#include "../metrics/compare.hpp"

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
  std::string prefix{};
  index_t row = 0;

  void row_length(index_t elements) { row = elements; }
  template <class T>
  void operator()(const path& at, element type, const std::vector<T>& a) {
    add(at, type, a.data(), index_t(a.size() * sizeof(T)));
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
    out.push_back({prefix + at.str(), type, std::move(shape),
                   {static_cast<const std::uint8_t*>(data), bytes}});
  }
};
}  // namespace detail

/// What any_matrix, save and load need to know of a matrix type. quantized_matrix and linear
/// specialise it; a matrix of your own may too.
template <class M>
struct matrix_traits;

template <class F>
struct matrix_traits<quantized_matrix<F>> {
  using value_type = typename F::value_type;
  static std::string name() { return std::string(format_name<F>); }
  /// A copy of arrays that came from outside; everything they promise is checked.
  static quantized_matrix<F> from_parts(extent shape, span<const part> parts) {
    return quantized_matrix<F>(quantized_view<F>::from_parts(shape, parts));
  }
  static extent shape(const quantized_matrix<F>& m) { return m.shape(); }
  static index_t bytes(const quantized_matrix<F>& m) { return m.bytes(); }
  template <class Rows>
  static void multiply(const quantized_matrix<F>& m, const Rows& x, matrix_view<float> y,
                       executor_ref threads, workspace& scratch, update factors) {
    const quantized_view<F> w = m.view();
    kernels::multiply<arch::runtime>(w, kernels::prepared_source<Rows>{x}, y, threads, scratch,
                                     factors);
  }
  static void dequantize(const quantized_matrix<F>& m, matrix_view<float> out) {
    lowbit::dequantize(m.view(), out);
  }
  static void list(const quantized_matrix<F>& m, std::vector<stored_array>& out) {
    matrix_data<F, owned>::each(detail::array_lister{out}, m.data());
  }
};

/// A real matrix whose format is known at run time only: holds any quantized_matrix or linear.
/// Cheap to move; copies share the (immutable) arrays. Empty until assigned.
class any_matrix {
 public:
  any_matrix() = default;
  template <class M>
    requires requires { typename matrix_traits<M>::value_type; }
  any_matrix(M matrix) : held_(std::make_shared<holder<M>>(std::move(matrix))) {}

  explicit operator bool() const { return held_ != nullptr; }
  /// The canonical name of the composition.
  std::string format() const { return held().format(); }
  extent shape() const { return held().shape(); }
  index_t bytes() const { return held().bytes(); }
  /// Exact bits per weight; 0 for an empty matrix.
  double bits_per_weight() const {
    const double n = double(shape().rows) * double(shape().cols);
    return n == 0 ? 0 : 8 * double(bytes()) / n;
  }
  std::vector<stored_array> arrays() const {
    std::vector<stored_array> out;
    held().list(out);
    return out;
  }
  /// The matrix itself, or null when it is of another type.
  template <class M>
  const M* get() const {
    const auto* h = dynamic_cast_free<M>();
    return h == nullptr ? nullptr : &h->matrix;
  }

  void dequantize(matrix_view<float> out) const { held().dequantize(out); }
  void multiply(const kernels::real_rows& x, matrix_view<float> y, executor_ref threads,
                workspace& scratch, update factors) const {
    held().multiply(x, y, threads, scratch, factors);
  }
  void multiply(const kernels::int8_rows& x, matrix_view<float> y, executor_ref threads,
                workspace& scratch, update factors) const {
    held().multiply(x, y, threads, scratch, factors);
  }

 private:
  struct base {
    virtual ~base() = default;
    virtual const void* type() const = 0;
    virtual std::string format() const = 0;
    virtual extent shape() const = 0;
    virtual index_t bytes() const = 0;
    virtual void list(std::vector<stored_array>& out) const = 0;
    virtual void dequantize(matrix_view<float> out) const = 0;
    virtual void multiply(const kernels::real_rows&, matrix_view<float>, executor_ref, workspace&,
                          update) const = 0;
    virtual void multiply(const kernels::int8_rows&, matrix_view<float>, executor_ref, workspace&,
                          update) const = 0;
  };
  template <class M>
  static const void* type_of() {  // works without RTTI
    static const char tag = 0;
    return &tag;
  }
  template <class M>
  struct holder final : base {
    using traits = matrix_traits<M>;
    static_assert(std::same_as<typename traits::value_type, float>,
                  "lowbit::any_matrix: holds real matrices; a complex one goes into a linear");
    explicit holder(M m) : matrix(std::move(m)) {}
    const void* type() const override { return type_of<M>(); }
    std::string format() const override { return traits::name(); }
    extent shape() const override { return traits::shape(matrix); }
    index_t bytes() const override { return traits::bytes(matrix); }
    void list(std::vector<stored_array>& out) const override { traits::list(matrix, out); }
    void dequantize(matrix_view<float> out) const override { traits::dequantize(matrix, out); }
    void multiply(const kernels::real_rows& x, matrix_view<float> y, executor_ref threads,
                  workspace& scratch, update factors) const override {
      traits::multiply(matrix, x, y, threads, scratch, factors);
    }
    void multiply(const kernels::int8_rows& x, matrix_view<float> y, executor_ref threads,
                  workspace& scratch, update factors) const override {
      traits::multiply(matrix, x, y, threads, scratch, factors);
    }
    M matrix;
  };
  template <class M>
  const holder<M>* dynamic_cast_free() const {
    return held_ != nullptr && held_->type() == type_of<M>()
               ? static_cast<const holder<M>*>(held_.get())
               : nullptr;
  }
  const base& held() const {
    if (held_ == nullptr) fail(errc::bad_argument, "any_matrix", "is empty, expected a matrix");
    return *held_;
  }
  std::shared_ptr<const base> held_;
};

/// gemm and gemv for a format known at run time: see the typed ones. Without a workspace, and for
/// activations that are not `prepared`, a call allocates.
template <class A, class... How>
void gemm(const any_matrix& w, const prepared<A>& x, matrix_view<float> y, How&&... how) {
  kernels::check_product_arguments<std::remove_cvref_t<How>...>();
  const auto& rows = x.rows();
  kernels::check_shapes(w.shape(), extent{rows.tokens, rows.cols}, y.shape());
  workspace own;
  w.multiply(rows, y, executor_ref(detail::pick<detail::executor_role>(serial{}, how...)),
             const_cast<workspace&>(detail::pick<kernels::workspace_role>(own, how...)),
             detail::pick<kernels::update_role>(update{}, how...));
}
template <class T, class... How>
  requires scalar<std::remove_const_t<T>>
void gemm(const any_matrix& w, matrix_view<T> x, matrix_view<float> y, How&&... how) {
  kernels::check_overlap(x, y);
  gemm(w, prepare(x), y, how...);
}
template <class A, class T, class... How>
void gemm(const any_matrix& w, const quantized_activations<A, T>& x, matrix_view<float> y,
          How&&... how) {
  kernels::check_overlap(x.values, y);
  gemm(w, prepare(x), y, how...);
}
template <class X, class... How>
void gemv(const any_matrix& w, const X& x, span<float> y, How&&... how) {
  const matrix_view<float> row(y.data(), 1, y.size());
  if constexpr (requires { span(x); }) {
    const span s(x);
    using T = std::remove_const_t<std::remove_pointer_t<decltype(s.data())>>;
    gemm(w, matrix_view<const T>(s.data(), 1, s.size()), row, how...);
  } else {
    gemm(w, x, row, how...);
  }
}

}  // namespace lowbit::inline LOWBIT_ABI
