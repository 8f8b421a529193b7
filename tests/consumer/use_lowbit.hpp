// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every consumer does, written as a user would.
#pragma once
#include <cmath>
#include <cstdint>
#include <lowbit/lowbit.hpp>
#include <vector>

namespace lb = lowbit;
using w4 = lb::format<lb::uniform<4>, lb::per_group<32>>;

struct answer {
  std::uint64_t bits = 0;  // a hash of the decoded weights: the same in every build
  double sum = 0;          // of the product: the same up to rounding
  bool right = false;      // the product agrees with one over the decoded weights
};

/// Quantizes a small matrix and multiplies it with a vector. Everything in here is a template or
/// inline: the linker keeps one of the copies that a program's files bring along.
inline answer use_lowbit() {
  const lb::index_t rows = 7, cols = 100;  // the last group is short
  std::vector<float> weights(rows * cols), x(cols), y(rows);
  std::uint32_t seed = 1;
  auto next = [&seed] {
    seed = seed * 1664525u + 1013904223u;
    return static_cast<float>(seed >> 8) * 0x1p-24f - 0.5f;
  };
  for (float& w : weights) w = next();
  for (float& v : x) v = next();

  const auto w = lb::quantize<w4>(lb::matrix_view<const float>(weights.data(), rows, cols));
  lb::gemv(w.view(), x, y);

  answer a{1469598103934665603u, 0, true};
  for (lb::index_t r = 0; r < rows; ++r) {
    double expected = 0, magnitude = 0;
    for (lb::index_t c = 0; c < cols; ++c) {
      const float v = w.view().at(r, c);
      a.bits = (a.bits ^ __builtin_bit_cast(std::uint32_t, v)) * 1099511628211u;
      expected += double(v) * double(x[c]);
      magnitude += std::fabs(double(v) * double(x[c]));
    }
    a.sum += double(y[r]);
    a.right = a.right && std::fabs(double(y[r]) - expected) <= 2e-6 * magnitude;
  }
  return a;
}
