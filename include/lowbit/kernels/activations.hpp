// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The other operand of a product: real values, or values quantized to some format on the way.
#pragma once
#include "../core/scalar_traits.hpp"
#include "../quantize.hpp"
#include "dequantize.hpp"
#include "int8_activations.hpp"
#include "workspace.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Eight bits per activation, one scale per 32: the usual partner of integer kernels.
using a8 = format<uniform<8>, per_group<32, f32>>;

/// Real activations, as they are.
struct real_activations {};

/// Rows of activations with the format that they shall be quantized to.
template <class A, class T>
struct quantized_activations {
  matrix_view<const T> values;
};

/// `as<a8>(x)`: the product uses x quantized to the format, nearest, default range. x is a span
/// (one row) or a matrix_view (one row per token).
template <format_like A, class T>
quantized_activations<A, std::remove_const_t<T>> as(matrix_view<T> x) {
  return {x};
}
template <format_like A, class Range>
  requires requires(const Range& x) { span(x); }
auto as(const Range& x) {
  const span s(x);
  using T = std::remove_const_t<std::remove_pointer_t<decltype(s.data())>>;
  return quantized_activations<A, T>{matrix_view<const T>(s.data(), 1, s.size())};
}

namespace kernels {

inline constexpr index_t padded(index_t n) { return (n + 63) / 64 * 64; }

/// Formats whose codes are int8 with one scale per whole quads of columns of one row.
template <class A>
inline constexpr bool int8_activations =
    std::same_as<typename A::quantizer_type, uniform<8>>&& A::granularity_type::block_rows == 1 &&
    A::granularity_type::block_cols % 4 == 0 &&
    std::same_as<typename A::outliers_type, none>&& requires {
  requires std::same_as<typename A::granularity_type::scale_plane::granularity_type, unscaled>;
};

/// What rows were before they were quantized, and how: for a matrix that transforms activations
/// first. Null where they never were.
struct real_rows;
template <class Rows>
struct rows_origin {
  const float* values = nullptr;  // at the same stride
  Rows (*quantize)(const row_ops&, const real_rows&, detail::carver&, bool write) = nullptr;
};

/// Rows of activations in the form that a kernel reads. Padded with zeros to whole vectors.
struct real_rows {
  index_t tokens = 0, cols = 0, stride = 0;
  const float* values = nullptr;  // complex values: re, im, re, im ...
  rows_origin<real_rows> origin{};
};
struct int8_rows {
  index_t tokens = 0, cols = 0, stride = 0;
  index_t width = 1, groups = 0;  // columns that share a scale; scales of a row
  const std::int8_t* levels = nullptr;
  const float* scales = nullptr;
  const std::int32_t* sums = nullptr;  // of each four levels
  rows_origin<int8_rows> origin{};
};

template <class T>
constexpr bool is_complex = std::same_as<std::remove_const_t<T>, complex32>;

/// Copies rows to floats, padded; T is a scalar or complex32.
template <class T>
real_rows copy_rows(matrix_view<const T> x, detail::carver& memory, bool write) {
  constexpr index_t parts = is_complex<T> ? 2 : 1;
  real_rows rows{x.rows(), parts * x.cols(), padded(parts * x.cols()), nullptr};
  float* const out = memory.take<float>(rows.tokens * rows.stride);
  rows.values = out;
  if (!write) return rows;
  for (index_t t = 0; t < rows.tokens; ++t) {
    float* const to = out + t * rows.stride;
    if constexpr (is_complex<T> || std::same_as<T, float>) {
      if (rows.cols > 0) __builtin_memcpy(to, x.row(t), std::size_t(rows.cols) * sizeof(float));
    } else {
      for (index_t c = 0; c < rows.cols; ++c) to[c] = scalar_traits<T>::to_float(x(t, c));
    }
    for (index_t c = rows.cols; c < rows.stride; ++c) to[c] = 0;
  }
  return rows;
}

/// Quantizes rows to int8: the codes and scales of quantize<A>, in the form of the integer product.
template <class A, class T>
int8_rows quantize_rows(const row_ops& ops, matrix_view<const T> x, detail::carver& memory,
                        bool write) {
  using G = typename A::granularity_type;
  using scale_number = typename G::scale_plane::quantizer_type;
  const index_t cols = x.cols(), stride = padded(cols), tokens = x.rows();
  const index_t width = G::block_cols == whole ? (cols > 0 ? cols : 1) : G::block_cols;
  const index_t groups = ceil_div(cols, width);
  float* const row = memory.take<float>(stride);
  std::int8_t* const levels = memory.take<std::int8_t>(tokens * stride);
  float* const scales = memory.take<float>(tokens * groups);
  std::int32_t* const sums = memory.take<std::int32_t>(tokens * stride / 4);
  const int8_rows rows{tokens, cols, stride, width, groups, levels, scales, sums, {}};
  if (!write) return rows;
  for (index_t t = 0; t < tokens; ++t) {
    const float* values = row;
    if constexpr (std::same_as<T, float>)
      values = x.row(t);
    else
      for (index_t c = 0; c < cols; ++c) row[c] = scalar_traits<T>::to_float(x(t, c));
    std::int8_t* const q = levels + t * stride;
    for (index_t g = 0; g < groups; ++g) {
      const index_t c = g * width, n = min_of(width, cols - c);
      const float top = ops.absmax(values + c, n);
      const float scale = int8_activation_scale<scale_number>(top);
      ops.quantize(values + c, n, scale, q + c);
      scales[t * groups + g] = scale;
    }
    for (index_t c = cols; c < stride; ++c) q[c] = 0;
    for (index_t i = 0; i < stride / 4; ++i)
      sums[t * stride / 4 + i] = q[4 * i] + q[4 * i + 1] + q[4 * i + 2] + q[4 * i + 3];
  }
  return rows;
}

/// What the quantized activations stand for, as real rows.
inline real_rows decode_rows(const int8_rows& x, detail::carver& memory, bool write) {
  real_rows rows{x.tokens, x.cols, x.stride, nullptr};
  float* const out = memory.take<float>(rows.tokens * rows.stride);
  rows.values = out;
  if (!write) return rows;
  for (index_t t = 0; t < x.tokens; ++t)
    for (index_t c = 0; c < x.stride; ++c)
      out[t * x.stride + c] = c < x.cols ? mul_rn(x.scales[t * x.groups + c / x.width],
                                                  float(x.levels[t * x.stride + c]))
                                         : 0;
  return rows;
}

inline matrix_view<const float> view_of(const real_rows& x) {
  static constexpr float nothing = 0;  // while memory is counted there are no values yet
  return {x.values == nullptr ? &nothing : x.values, x.tokens, x.cols, x.stride};
}

/// Rows quantized to A: int8 ones where kernels take them, else quantized and decoded again.
template <class A>
using rows_quantized_to = std::conditional_t<int8_activations<A>, int8_rows, real_rows>;
template <class A>
rows_quantized_to<A> quantize_real_rows(const row_ops& ops, const real_rows& x,
                                        detail::carver& memory, bool write) {
  rows_quantized_to<A> rows;
  if constexpr (int8_activations<A>) {
    rows = quantize_rows<A>(ops, view_of(x), memory, write);
  } else {
    float* const out = memory.take<float>(x.tokens * x.stride);
    if (write && x.tokens > 0) {
      __builtin_memcpy(out, x.values, std::size_t(x.tokens * x.stride) * sizeof(float));
      const auto q = lowbit::quantize<A>(view_of(x));
      lowbit::dequantize(q.view(), matrix_view<float>(out, x.tokens, x.cols, x.stride));
    }
    rows = {x.tokens, x.cols, x.stride, out};
  }
  rows.origin = {x.values, &quantize_real_rows<A>};
  return rows;
}

template <class T>
void check_finite_rows(matrix_view<const T> x) {
  for (index_t t = 0; t < x.rows(); ++t)
    for (index_t c = 0; c < x.cols(); ++c)
      if (!is_finite(scalar_traits<T>::to_float(x(t, c))))
        fail(errc::not_finite, "x",
             message("the value at row ", t, ", column ", c,
                     " is not finite and cannot be quantized"));
}

}  // namespace kernels

/// Activations prepared once and used by many products (q, k, v of one x). `assign` reuses the
/// memory of the object, so that a steady state allocates nothing.
template <class A = real_activations>
class prepared {
 public:
  static constexpr bool is_int8 = [] {
    if constexpr (std::same_as<A, real_activations>)
      return false;
    else
      return kernels::int8_activations<A>;
  }();
  using rows_type = std::conditional_t<is_int8, kernels::int8_rows, kernels::real_rows>;

  prepared() = default;
  template <class T>
  explicit prepared(matrix_view<const T> x) {
    assign(x);
  }

  /// Throws error not_finite when quantized activations are NaN or infinite.
  template <class T>
  void assign(matrix_view<const T> x) {
    const float_mode_guard mode;
    const kernels::row_ops& ops = kernels::ops_of(arch::runtime);
    if constexpr (!std::same_as<A, real_activations>) kernels::check_finite_rows(x);
    const auto make = [&](detail::carver& memory, bool write) {
      const kernels::real_rows values = kernels::copy_rows(x, memory, write);
      if constexpr (std::same_as<A, real_activations>)
        return values;
      else
        return kernels::quantize_real_rows<A>(ops, values, memory, write);
    };
    detail::carver size;
    make(size, false);
    detail::carver memory(memory_.reserve(size.used()));
    rows_ = make(memory, true);
  }
  const rows_type& rows() const { return rows_; }
  index_t bytes() const { return memory_.size(); }

 private:
  workspace memory_;
  rows_type rows_{};
};

/// Real activations are copied (and converted to f32), `as<A>(x)` is quantized.
template <class T>
prepared<> prepare(matrix_view<T> x) {
  return prepared<>(matrix_view<const T>(x));
}
template <class A, class T>
prepared<A> prepare(const quantized_activations<A, T>& x) {
  return prepared<A>(x.values);
}

}  // namespace lowbit::inline LOWBIT_ABI
