// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/shared.hpp"
#include "matrix_traits.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A real matrix whose format is known at run time only: holds whatever has matrix_traits, above
/// all quantized_matrix and linear. Cheap to move; copies share the (immutable) arrays. Empty until
/// assigned.
class any_matrix {
 public:
  any_matrix() = default;
  template <class M>
    requires requires { matrix_traits<M>::name; }
  any_matrix(M matrix) : held_(shared<const base>::make<holder<M>>(std::move(matrix))) {}

  explicit operator bool() const { return bool(held_); }
  /// The canonical name of the composition; empty where one of its parts has no name.
  std::string format() const { return std::string(held().format()); }
  extent shape() const { return held().shape(); }
  index_t bytes() const { return held().bytes(); }
  /// Exact bits per weight; 0 for an empty matrix.
  double bits_per_weight() const { return detail::bits_per_weight(bytes(), shape()); }
  /// All that is stored. The bytes live as long as a copy of this object.
  std::vector<stored_array> arrays() const& {
    std::vector<stored_array> out;
    held().list(out);
    return out;
  }
  std::vector<stored_array> arrays() && = delete;  // they would point at freed memory
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
    virtual std::string_view format() const = 0;
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
    std::string_view format() const override { return traits::name; }
    extent shape() const override { return traits::shape(matrix); }
    index_t bytes() const override { return traits::bytes(matrix); }
    void list(std::vector<stored_array>& out) const override { traits::list(matrix, path{}, out); }
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
    return bool(held_) && held_->type() == type_of<M>() ? static_cast<const holder<M>*>(held_.get())
                                                        : nullptr;
  }
  const base& held() const {
    if (!held_) fail(errc::bad_argument, "any_matrix", "is empty, expected a matrix");
    return *held_;
  }
  shared<const base> held_;
};

template <>
struct matrix_traits<any_matrix> {
  using value_type = float;
  static extent shape(const any_matrix& m) { return m.shape(); }
  static index_t bytes(const any_matrix& m) { return m.bytes(); }
  template <class Rows>
  static void multiply(const any_matrix& m, const Rows& x, matrix_view<float> y,
                       executor_ref threads, workspace& memory, update factors) {
    m.multiply(x, y, threads, memory, factors);
  }
  static void dequantize(const any_matrix& m, matrix_view<float> out) { m.dequantize(out); }
};

}  // namespace lowbit::inline LOWBIT_ABI
