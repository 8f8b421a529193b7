// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Laws that every quantizer keeps, and the measure of its error on normal data.
#pragma once
#include <cmath>
#include <lowbit/concepts.hpp>
#include <vector>

namespace laws {

using lowbit::code_t;

template <class Q>
constexpr bool is_valid(code_t c) {
  if constexpr (requires { Q::valid(c); })
    return Q::valid(c);
  else
    return true;
}

/// The number of codes that are valid.
template <class Q>
constexpr int levels() {
  int n = 0;
  for (code_t c = 0; c >> Q::bits == 0; ++c) n += int(is_valid<Q>(c));
  return n;
}

/// encode(decode(c)) == c for every valid code.
template <class Q>
constexpr bool codes_round_trip() {
  for (code_t c = 0; c >> Q::bits == 0; ++c)
    if (is_valid<Q>(c) && Q::encode(Q::decode(c)) != c) return false;
  return true;
}

/// Values within +-top, dense and irregular, with every level and every midpoint's neighbours.
template <class Q>
std::vector<float> sweep(float top, int n = 20000) {
  std::vector<float> x;
  for (int i = -n; i <= n; ++i) x.push_back(top * float(i) / float(n));
  for (code_t a = 0; a >> Q::bits == 0; ++a)
    if (is_valid<Q>(a))
      for (code_t b = a; b >> Q::bits == 0 && b < a + 3; ++b) {
        const float m = float((double(Q::decode(a)) + double(Q::decode(b))) / 2);
        for (const float v : {m, std::nextafter(m, -1e30f), std::nextafter(m, 1e30f)})
          x.push_back(v);
      }
  return x;
}

/// No valid level is nearer to x than the one that encode chose.
template <class Q>
bool encodes_to_nearest(float x) {
  const double chosen = std::fabs(double(Q::decode(Q::encode(x))) - double(x));
  for (code_t c = 0; c >> Q::bits == 0; ++c)
    if (is_valid<Q>(c) && std::fabs(double(Q::decode(c)) - double(x)) < chosen)
      return false;
  return true;
}

/// decode(encode(-x)) == -decode(encode(x)).
template <class Q>
bool is_odd(float x) {
  return Q::decode(Q::encode(-x)) == -Q::decode(Q::encode(x));
}

/// Mean squared error of Q on N(0, 1) when its level of largest magnitude stands at `clip`.
template <class Q>
double normal_mse(double clip) {
  const double scale = clip / double(lowbit::peak_of<Q>), step = 1.0 / 4096;
  double sum = 0;
  for (int i = -8 * 4096; i < 8 * 4096; ++i) {
    const double x = (i + 0.5) * step;
    const double d = x - scale * double(Q::decode(Q::encode(float(x / scale))));
    sum += d * d * std::exp(-x * x / 2);
  }
  return sum * step / std::sqrt(2 * 3.14159265358979323846);
}

/// The least normal_mse over the clip, by golden section between low and high.
template <class Q>
double best_normal_mse(double low = 1, double high = 5) {
  constexpr double ratio = 0.61803398874989485;
  double a = high - ratio * (high - low), b = low + ratio * (high - low);
  double at_a = normal_mse<Q>(a), at_b = normal_mse<Q>(b);
  while (high - low > 1e-3) {
    if (at_a < at_b) {
      high = b, b = a, at_b = at_a, a = high - ratio * (high - low), at_a = normal_mse<Q>(a);
    } else {
      low = a, a = b, at_a = at_b, b = low + ratio * (high - low), at_b = normal_mse<Q>(b);
    }
  }
  return at_a < at_b ? at_a : at_b;
}

}  // namespace laws
