// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The nearest of ascending levels: what every table of levels encodes with.
#pragma once
#include "../core/arith.hpp"
#include "../core/constant_array.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The largest float that is not above x, of binary32's normal range.
constexpr float rounded_down(double x) {
  const float near = float(x);
  if (double(near) <= x) return near;
  const std::uint32_t bits = bits_as<std::uint32_t>(near);
  return bits_as<float>(near > 0 ? bits - 1 : bits + 1);
}

/// The largest float whose nearest level is the lower of two, a < b: their midpoint, rounded down.
/// So `x > decision_point(a, b)` picks the nearer level exactly, and a tie goes to the lower one.
constexpr float decision_point(float a, float b) {
  return rounded_down((double(a) + double(b)) * 0.5);
}

/// The decision points between N >= 2 ascending levels.
template <int N>
constexpr arr<float, N - 1> decision_points(const arr<float, N>& levels) {
  arr<float, N - 1> points{};
  for (int i = 0; i + 1 < N; ++i) points[i] = decision_point(levels[i], levels[i + 1]);
  return points;
}

namespace detail {
LOWBIT_HD constexpr int top_bit(int n) {
  int b = 1;
  while (b * 2 <= n) b *= 2;
  return b;
}
}  // namespace detail

/// How many of the ascending constants are below x: the index of the nearest level when they are
/// its decision points. Halves the interval ceil(log2 N) times, without a branch on x. NaN: 0.
template <const auto& Points>
LOWBIT_HD constexpr int count_below(float x) {
  constexpr int n = int(sizeof(Points.items) / sizeof(Points.items[0])), top = detail::top_bit(n);
  int count = 0;
  for (int step = top; step > 0; step /= 2) {
    const int next = count + step;
    if (next <= n && x > constant_at<Points>(next - 1)) count = next;
  }
  return count;
}

/// The same for points that are known at run time only.
template <int N>
LOWBIT_HD constexpr int count_below(const arr<float, N>& points, float x) {
  int count = 0;
  for (int step = detail::top_bit(N); step > 0; step /= 2) {
    const int next = count + step;
    if (next <= N && x > points[next - 1]) count = next;
  }
  return count;
}

/// Index of the level nearest to x among n >= 1 ascending levels, which are known at run time:
/// anything with operator[]. A tie goes to the lower one; of equal levels any may be found. NaN: 0.
template <class Levels>
LOWBIT_HD constexpr int nearest_level(const Levels& levels, int n, float x) {
  int low = 0;
  while (n > 1) {
    const int half = n / 2;
    const double middle = (double(levels[low + half - 1]) + double(levels[low + half])) * 0.5;
    if (double(x) > middle) low += half;
    n -= half;
  }
  return low;
}

}  // namespace lowbit::inline LOWBIT_ABI
