// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/dominant_subspace.hpp>

#include <doctest/doctest.h>

namespace {
namespace lb = lowbit;
using lb::index_t;

TEST_CASE("a matrix of rank 2 is its own projection, and spare vectors are 0 or harmless") {
  constexpr index_t rows = 9, cols = 14;
  std::vector<float> m;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) m.push_back(float(r * c) / 16 + float((r % 3) * (c % 2)));
  for (index_t rank : {2, 4}) {
    const auto f = lb::detail::dominant_factors({m.data(), rows, cols}, rank);
    for (index_t r = 0; r < rows; ++r)
      for (index_t c = 0; c < cols; ++c) {
        double sum = 0;
        for (index_t k = 0; k < rank; ++k)
          sum += f.left[std::size_t(k * rows + r)] * f.right[std::size_t(k * cols + c)];
        CHECK(sum == doctest::Approx(double(m[std::size_t(r * cols + c)])).epsilon(1e-9));
      }
  }
}

TEST_CASE("the largest entries of a diagonal matrix are found") {
  std::vector<float> m(36);
  const float diagonal[6] = {1, 5, 2, 9, 3, 0.5f};
  for (std::size_t i = 0; i < 6; ++i) m[i * 7] = diagonal[i];
  const auto f = lb::detail::dominant_factors({m.data(), 6, 6}, 2);
  for (std::size_t i = 0; i < 6; ++i) {
    const double value = f.left[i] * f.right[i] + f.left[6 + i] * f.right[6 + i];
    CHECK(value == doctest::Approx(diagonal[i] >= 5 ? double(diagonal[i]) : 0.0).epsilon(1e-4));
  }
}

TEST_CASE("a matrix of zeros or without rows has factors of zeros") {
  const std::vector<float> m(12);
  for (double x : lb::detail::dominant_factors({m.data(), 3, 4}, 2).right) CHECK(x == 0);
  for (double x : lb::detail::dominant_factors({m.data(), 0, 4}, 2).right) CHECK(x == 0);
}

}  // namespace
