// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The other operand of a product: real values, or values quantized to some format on the way.
#pragma once
#include "../core/scalar_traits.hpp"
#include "../quantize.hpp"
#include "activation_rows.hpp"
#include "dequantize.hpp"
#include "int8_activations.hpp"
#include "static_int8.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Eight bits per activation, one scale per 32: the usual partner of integer kernels.
using a8 = format<uniform<8>, per_group<32, f32>>;

/// Activations quantized to A, and what that left quantized to A in its turn: their sum. Products
/// cost those of two tokens.
template <format_like A>
struct with_residual {
  using format_type = A;
};
/// int8 plus an int8 residual: some 15 bits per activation at the speed of integers.
using a8r = with_residual<a8>;

/// Real activations, as they are.
struct real_activations {};

namespace detail {
template <class A>
inline constexpr bool is_activation_format = format_like<A>;
template <class A>
inline constexpr bool is_activation_format<with_residual<A>> = true;
}  // namespace detail
/// What `as<A>` takes: a format, or with_residual of one.
template <class A>
concept activation_format = detail::is_activation_format<A>;

/// Rows of activations with the format that they shall be quantized to.
template <class A, class T>
struct quantized_activations {
  matrix_view<const T> values;
};
template <class Byte, class T>
struct quantized_activations<static_bytes<Byte>, T> {
  matrix_view<const T> values;
  static_bytes<Byte> how;
};

namespace detail {
/// A span as a matrix of one row.
template <class Range>
  requires requires(const Range& x) { span(x); }
auto one_row(const Range& x) {
  const span s(x);
  using T = std::remove_const_t<std::remove_pointer_t<decltype(s.data())>>;
  return matrix_view<const T>(s.data(), 1, s.size());
}
}  // namespace detail

/// `as<a8>(x)`: the product uses x quantized to the format, nearest, default range. x is a span
/// (one row) or a matrix_view (one row per token).
template <activation_format A, class T>
quantized_activations<A, std::remove_const_t<T>> as(matrix_view<T> x) {
  return {x};
}
template <activation_format A, class Range>
  requires requires(const Range& x) { detail::one_row(x); }
auto as(const Range& x) { return as<A>(detail::one_row(x)); }

/// `as(static_uint8{.scale = s, .zero = z}, x)`: x is s (q - z), by a scale and a zero that were
/// calibrated beforehand. x holds reals, which are quantized, or the bytes q. A transform of a
/// `linear` in front of the product cannot take them: error bad_argument.
template <class Byte, class T>
quantized_activations<static_bytes<Byte>, std::remove_const_t<T>> as(static_bytes<Byte> how,
                                                                     matrix_view<T> x) {
  return {x, how};
}
template <class Byte, class Range>
  requires requires(const Range& x) { detail::one_row(x); }
auto as(static_bytes<Byte> how, const Range& x) { return as(how, detail::one_row(x)); }

namespace kernels {

/// Formats whose codes are int8 with one scale per whole quads of columns of one row.
template <class A>
inline constexpr bool int8_activations =
    std::same_as<typename A::quantizer_type, uniform<8>>&& A::granularity_type::block_rows == 1 &&
    A::granularity_type::block_cols % 4 == 0 &&
    std::same_as<typename A::outliers_type, none>&& requires {
  requires std::same_as<typename A::granularity_type::scale_plane::granularity_type, unscaled>;
};
template <class A>
inline constexpr bool int8_activations<with_residual<A>> = int8_activations<A>;
template <class Byte>
inline constexpr bool int8_activations<static_bytes<Byte>> = true;

/// Rows of int8 that add up to one of A, and the format of each.
template <class A>
struct int8_parts {
  static constexpr index_t count = 1;
  using format_type = A;
};
template <class A>
struct int8_parts<with_residual<A>> {
  static constexpr index_t count = 2;
  using format_type = A;
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
  using G = typename int8_parts<A>::format_type::granularity_type;
  using scale_number = typename G::scale_plane::quantizer_type;
  constexpr index_t parts = int8_parts<A>::count;
  const index_t cols = x.cols(), stride = padded(cols), tokens = x.rows();
  const index_t width = G::block_cols == whole ? (cols > 0 ? cols : 1) : G::block_cols;
  const index_t groups = ceil_div(cols, width);
  float* const row = memory.take<float>(stride);
  const int8_memory to(tokens * parts, stride, groups, memory);
  const int8_rows rows{tokens,    cols,      stride,  width, groups,
                       to.levels, to.scales, to.sums, {},    parts};
  if (!write) return rows;
  for (index_t i = 0; i < rows.rows(); ++i) {
    const float* values = row;  // after its first part, what that left of a token
    if (i % parts == 0) {
      if constexpr (std::same_as<T, float>)
        values = x.row(i / parts);
      else
        for (index_t c = 0; c < cols; ++c) row[c] = scalar_traits<T>::to_float(x(i / parts, c));
    }
    std::int8_t* const q = to.levels + i * stride;
    for (index_t g = 0; g < groups; ++g) {
      const index_t c = g * width, end = min_of(c + width, cols);
      const float top = ops.absmax(values + c, end - c);
      const float scale = int8_activation_scale<scale_number>(top);
      ops.quantize(values + c, end - c, scale, q + c);
      to.scales[i * groups + g] = scale;
      if ((i + 1) % parts != 0)
        for (index_t k = c; k < end; ++k) row[k] = fma_rn(-scale, float(q[k]), values[k]);
    }
    to.finish_row(i, cols, stride);
  }
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
  template <class T>
  explicit prepared(const quantized_activations<A, T>& x) {
    assign(x);
  }

  /// Throws error not_finite when quantized activations are NaN or infinite.
  template <class T>
  void assign(matrix_view<const T> x) {
    if constexpr (!std::same_as<A, real_activations>) kernels::check_finite_rows(x);
    fill([&](const kernels::row_ops& ops, detail::carver& memory, bool write) {
      const kernels::real_rows values = kernels::copy_rows(x, memory, write);
      if constexpr (std::same_as<A, real_activations>)
        return values;
      else
        return kernels::quantize_real_rows<A>(ops, values, memory, write);
    });
  }
  /// What `as` returns.
  template <class T>
  void assign(const quantized_activations<A, T>& x) {
    if constexpr (requires { x.how; }) {
      const kernels::static_rows source(x.how, x.values);
      fill([&](const kernels::row_ops& ops, detail::carver& memory, bool write) {
        return source.rows(ops, memory, write);
      });
    } else {
      assign(x.values);
    }
  }
  const rows_type& rows() const { return rows_; }
  index_t bytes() const { return memory_.size(); }

 private:
  template <class Make>
  void fill(Make make) {
    const float_mode_guard mode;
    const kernels::row_ops& ops = kernels::ops_of(arch::runtime);
    detail::carver size;
    make(ops, size, false);
    detail::carver memory(memory_.reserve(size.used()));
    rows_ = make(ops, memory, true);
  }

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
  return prepared<A>(x);
}

}  // namespace lowbit::inline LOWBIT_ABI
