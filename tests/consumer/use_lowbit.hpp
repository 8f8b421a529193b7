// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a consumer does, written as a user would.
#pragma once
#include <cmath>
#include <cstdint>
#include <lowbit/lowbit.hpp>
#include <vector>

#include "one_build.hpp"

namespace lb = lowbit;
using w4 = lb::format<lb::uniform<4>, lb::per_group<32>>;

/// A small matrix and a vector; the last group of a row is short.
struct example {
  static constexpr lb::index_t rows = 7, cols = 100;
  std::vector<float> weights, x;

  example() : weights(rows * cols), x(cols) {
    std::uint32_t seed = 1;
    for (std::vector<float>* values : {&weights, &x})
      for (float& v : *values) {
        seed = seed * 1664525u + 1013904223u;
        v = static_cast<float>(seed >> 8) * 0x1p-24f - 0.5f;
      }
  }
  lb::matrix_view<const float> matrix() const { return {weights.data(), rows, cols}; }
};

/// Whether y is the product of w and x up to an error relative to sum |w x|.
inline bool is_product(const lb::quantized_view<w4>& w, const std::vector<float>& x, const float* y,
                       double error) {
  for (lb::index_t r = 0; r < w.rows(); ++r) {
    double expected = 0, size = 0;
    for (lb::index_t c = 0; c < w.cols(); ++c) {
      const double p = double(w.at(r, c)) * double(x[static_cast<std::size_t>(c)]);
      expected += p;
      size += std::fabs(p);
    }
    if (!(std::fabs(double(y[r]) - expected) <= error * size)) return false;
  }
  return true;
}

/// Quantizes a matrix and multiplies it with real and with 8-bit activations, on one thread and on
/// two, its format known to the compiler and not. Everything in here is a template or inline: the
/// linker keeps one of the copies that a program's files bring along.
inline answer use_lowbit() {
  const example e;
  std::vector<float> real(e.rows), integer(e.rows);
  const auto w = lb::quantize<w4>(e.matrix());
  const lb::any_matrix any = w;
  lb::gemv(w.view(), e.x, real);
  lb::gemv(any, lb::as<lb::a8>(e.x), integer, lb::thread_pool{2});

  answer a{1469598103934665603u, 0,
           is_product(w.view(), e.x, real.data(), 2e-6) &&
               is_product(w.view(), e.x, integer.data(), 1e-2)};
  for (lb::index_t r = 0; r < e.rows; ++r) {
    for (lb::index_t c = 0; c < e.cols; ++c)
      a.bits = (a.bits ^ __builtin_bit_cast(std::uint32_t, w.view().at(r, c))) * 1099511628211u;
    a.sum +=
        double(real[static_cast<std::size_t>(r)]) + double(integer[static_cast<std::size_t>(r)]);
  }
  return a;
}
