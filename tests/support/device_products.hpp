// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of device views against exact sums and against the host's: the same cases in lockstep
// and on a GPU. A runner says where device memory is: `launcher()`, `array<T>(values)` with data()
// and read(), `matrix(w)` with view(), and `memory(bytes)`, a zeroed workspace.
#pragma once
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <lowbit/formats/known.hpp>
#include <lowbit/kernels/device/gemm.hpp>
#include <lowbit/packing/repack.hpp>
#include <string>

#include "support/random_matrix.hpp"

namespace test {
namespace lb = lowbit;
using lb::index_t;

template <class V>
V unwritten() {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  if constexpr (std::same_as<V, float>)
    return nan;
  else
    return {nan, nan};
}

/// Y of one call. `Input<T>` is device_real<T> or device_int8<A, T>; rows of x are `gap` apart.
template <template <class> class Input, class Runner, class Matrix, class T>
auto device_product(const Runner& run, const Matrix& w, const std::vector<T>& x, index_t tokens,
                    lb::update factors = {}, index_t gap = 0) {
  const auto view = w.view();
  using V = typename std::remove_cvref_t<decltype(view)>::value_type;
  const index_t rows = view.rows(), cols = view.cols(), stride = cols + gap;
  std::vector<T> spread(std::size_t(tokens * stride + 1));
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c < cols; ++c)
      spread[std::size_t(t * stride + c)] = x[std::size_t(t * cols + c)];
  std::vector<V> before(std::size_t(tokens * rows), unwritten<V>());
  if (factors.beta != 0)
    for (std::size_t i = 0; i < before.size(); ++i) {
      if constexpr (std::same_as<V, float>)
        before[i] = float(i % 7) - 3;
      else
        before[i] = {float(i % 7) - 3, float(i % 5)};
    }
  typename Runner::template array<T> given(spread);
  typename Runner::template array<V> results(before);
  const Input<T> input{lb::matrix_view<const T>(given.data(), tokens, cols, stride)};
  typename Runner::memory memory(lb::kernels::device_workspace_bytes<Input<T>>(view, tokens));
  lb::kernels::multiply_on(run.launcher(), view, input,
                           lb::matrix_view<V>(results.data(), tokens, rows), memory.get(), factors);
  return results.read();
}
template <class T>
using real_input = lb::kernels::device_real<T>;
template <class T>
using a8_input = lb::kernels::device_int8<lb::a8, T>;

inline double as_double(float x) { return double(x); }
template <class T>
double as_double(T x) {
  return double(lb::scalar_traits<T>::to_float(x));
}

/// Results beyond `bound` times the sum of magnitudes, against sums in double.
template <class V, class T>
index_t wrong_results(const std::vector<V>& w, const std::vector<T>& x, const std::vector<V>& y,
                      lb::extent shape, index_t tokens, double bound) {
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < shape.rows; ++r) {
      double re = 0, im = 0, size = 0;
      for (index_t c = 0; c < shape.cols; ++c) {
        const V a = w[std::size_t(r * shape.cols + c)];
        const T b = x[std::size_t(t * shape.cols + c)];
        if constexpr (std::same_as<V, float>) {
          re += double(a) * as_double(b);
          size += std::fabs(double(a) * as_double(b));
        } else {
          re += double(a.re) * double(b.re) - double(a.im) * double(b.im);
          im += double(a.re) * double(b.im) + double(a.im) * double(b.re);
          size += (std::fabs(a.re) + std::fabs(a.im)) * (std::fabs(b.re) + std::fabs(b.im));
        }
      }
      const V got = y[std::size_t(t * shape.rows + r)];
      if constexpr (std::same_as<V, float>)
        wrong += !(std::fabs(double(got) - re) <= bound * size);
      else
        wrong += !(std::fabs(double(got.re) - re) <= bound * size &&
                   std::fabs(double(got.im) - im) <= bound * size);
    }
  return wrong;
}
/// The bound of products with real activations of type T. On tensor cores levels that are no halves
/// are rounded, and activations of binary32 become two halves.
template <class Layout, class F, class T>
double real_bound(index_t cols) {
  double bound = double((cols + 15) / 16 + 16) * 0x1p-23;
  if constexpr (std::same_as<Layout, lb::mma16>) {
    using Q = typename F::quantizer_type;
    bool rounded = lb::dim_of<Q> > 1;
    if constexpr (lb::has_half_codec<Q>) rounded = !lb::has_half_levels<Q>;
    if (rounded) bound += 0x1p-11;
    if (sizeof(T) >= 4 || lb::scales_columns<typename F::granularity_type>) bound += 0x1p-21;
  }
  return bound;
}

template <class T>
std::vector<T> activations(index_t tokens, index_t cols) {
  std::vector<T> x;
  const random_matrix a(tokens, cols, 6), b(tokens, cols, 7);
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    if constexpr (std::same_as<T, lb::complex32>)
      x.push_back({a.values[i], b.values[i]});
    else
      x.push_back(lb::scalar_traits<T>::from_float(a.values[i]));
  }
  return x;
}

template <class V>
bool same_bits(const std::vector<V>& a, const std::vector<V>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(V)) == 0;
}

/// One matrix in a layout: real activations of type T, and int8 ones beside the host's.
template <class Layout, class T, class Runner, class F>
void check_matrix(const Runner& run, const lb::quantized_matrix<F>& q, index_t tokens) {
  using V = typename F::value_type;
  using X = std::conditional_t<std::same_as<V, float>, T, V>;
  const lb::extent shape = q.shape();
  std::vector<V> values(std::size_t(shape.rows * shape.cols));
  lb::dequantize(q.view(), lb::matrix_view<V>(values.data(), shape.rows, shape.cols));
  const typename Runner::template matrix<lb::quantized_matrix<F, Layout>> w(
      lb::repack<Layout>(q));
  const std::vector<X> x = activations<X>(tokens, shape.cols);
  const auto y = device_product<real_input>(run, w, x, tokens);
  CHECK(wrong_results(values, x, y, shape, tokens,
                      real_bound<Layout, F, X>(shape.cols)) == 0);
  CHECK(same_bits(y, device_product<real_input>(run, w, x, tokens)));

  if constexpr (std::same_as<V, float>) {
    const auto integer = device_product<a8_input>(run, w, x, tokens);
    std::vector<float> host(integer.size());
    lb::gemm(q.view(), lb::as<lb::a8>(lb::matrix_view<const X>(x.data(), tokens, shape.cols)),
             lb::matrix_view<float>(host.data(), tokens, shape.rows));
    index_t wrong = 0;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t r = 0; r < shape.rows; ++r) {
        double size = 0;
        for (index_t c = 0; c < shape.cols; ++c)
          size += std::fabs(double(values[std::size_t(r * shape.cols + c)]) *
                            as_double(x[std::size_t(t * shape.cols + c)]));
        const std::size_t i = std::size_t(t * shape.rows + r);
        wrong += !(std::fabs(double(integer[i]) - double(host[i])) <= 8e-6 * size);
      }
    CHECK(wrong == 0);
    CHECK(same_bits(integer, device_product<a8_input>(run, w, x, tokens)));
  }
}

/// A matrix of any kind: the terms of a linear.
template <class Check, class F>
void each_term(const lb::quantized_matrix<F>& q, Check check) {
  check(q);
}
template <class Check, class Linear>
  requires requires(const Linear& m) { m.terms(); }
void each_term(const Linear& m, Check check) {
  m.for_each_term([&](const auto& term) { each_term(term, check); });
}

}  // namespace test
