// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The laws of a transform, for tests of all of them.
#pragma once
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/transforms/weights.hpp>
#include <vector>

namespace lowbit_test {

using lowbit::index_t;

inline std::vector<float> normal_values(index_t n, std::uint64_t seed = 5) {
  const lowbit::philox random{seed};
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) x.push_back(random.normal(std::uint64_t(i)));
  return x;
}
inline std::vector<lowbit::complex32> normal_complex(index_t n, std::uint64_t seed = 5) {
  const std::vector<float> parts = normal_values(2 * n, seed);
  std::vector<lowbit::complex32> x;
  for (std::size_t i = 0; i < parts.size(); i += 2) x.push_back({parts[i], parts[i + 1]});
  return x;
}

template <class V, class T>
std::vector<lowbit::transformed<T, V>> apply(const T& t, const std::vector<V>& x) {
  std::vector<lowbit::transformed<T, V>> out(std::size_t(t.transformed_size(index_t(x.size()))));
  t.apply(lowbit::span<const V>(x), lowbit::span<lowbit::transformed<T, V>>(out));
  return out;
}
template <class V, class T, class R>
std::vector<V> inverse(const T& t, std::vector<R> x, index_t size) {
  std::vector<V> out(std::size_t(size), V{});
  t.inverse(lowbit::span<R>(x), lowbit::span<V>(out));
  return out;
}
template <class V, class T>
std::vector<V> row(const T& t, const std::vector<V>& w) {
  return lowbit::transform_rows(t, lowbit::matrix_view<const V>(w.data(), 1, index_t(w.size())))
      .values;
}

inline double distance(float a, float b) { return std::abs(double(a) - double(b)); }
inline double distance(lowbit::complex32 a, lowbit::complex32 b) {
  return std::max(distance(a.re, b.re), distance(a.im, b.im));
}
template <class V>
double distance(const std::vector<V>& a, const std::vector<V>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, distance(a[i], b[i]));
  return most;
}
inline double product(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i]) * double(b[i]);
  return sum;
}

/// T^-1 T x = x, and w' . x' = w . x, to `tolerance`.
template <class T>
void check_laws(const T& t, index_t n, double tolerance) {
  const std::vector<float> x = normal_values(n), w = normal_values(n, 6);
  CHECK(distance(inverse<float>(t, apply(t, x), n), x) <= tolerance);
  const double scale = std::sqrt(product(x, x) * product(w, w));
  CHECK(std::abs(product(row(t, w), apply(t, x)) - product(w, x)) <= tolerance * scale);
}

}  // namespace lowbit_test
