// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include "systems.hpp"

namespace test {

template <class System>
void check_statistics(lb::index_t rows, lb::index_t cols, lb::index_t stride, lb::index_t width) {
  CAPTURE(cols);
  CAPTURE(width);
  const std::vector<float> values = some_values(rows * stride, 5, true);
  typename System::template array<float> x(values.data(), values.size());
  const lb::index_t groups = lb::ceil_div(cols, width);
  typename System::template array<lb::offline::statistics> out(std::size_t(rows * groups));
  lb::offline::group_statistics(
      System::policy(), lb::matrix_view<const float>(x.data(), rows, cols, stride), width,
      lb::span<lb::offline::statistics>(out.data(), rows * groups));
  lb::index_t wrong = 0;
  for (lb::index_t r = 0; r < rows; ++r)
    for (lb::index_t g = 0; g < groups; ++g) {
      float low = 1e9f, high = -1e9f;
      double sum = 0, squares = 0;  // of halves: exact in any order
      for (lb::index_t c = g * width; c < std::min(cols, (g + 1) * width); ++c) {
        const float v = values[std::size_t(r * stride + c)];
        low = std::min(low, v);
        high = std::max(high, v);
        sum += double(v);
        squares += double(v) * double(v);
      }
      const lb::offline::statistics& s = out[std::size_t(r * groups + g)];
      wrong += s.low != low || s.high != high || s.sum != sum || s.squares != squares ||
               s.top() != std::max(-low, high);
    }
  CHECK(wrong == 0);
}

template <class System>
void check_all_statistics() {
  check_statistics<System>(7, 100, 100, 32);
  check_statistics<System>(3, 33, 40, 16);
  check_statistics<System>(5, 8, 8, 100);
  check_statistics<System>(0, 8, 8, 4);
  check_statistics<System>(3, 0, 8, 4);
}

}  // namespace test
