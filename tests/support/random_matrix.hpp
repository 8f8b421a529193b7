// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/matrix_view.hpp>
#include <lowbit/core/random.hpp>
#include <vector>

namespace test {

/// Reproducible normal values with a few large ones among them, like weights have.
struct random_matrix {
  std::vector<float> values;
  lowbit::index_t rows, cols;

  random_matrix(lowbit::index_t r, lowbit::index_t c, unsigned seed)
      : values(static_cast<std::size_t>(r * c)), rows(r), cols(c) {
    std::uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
    const auto next = [&] {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      return static_cast<float>(static_cast<std::int32_t>(state >> 32)) / 2147483648.f;
    };
    for (float& v : values) {
      v = next() + next() + next();
      if (next() > 0.97f) v *= 6;
    }
  }
  lowbit::matrix_view<const float> view() const { return {values.data(), rows, cols}; }
  float operator()(lowbit::index_t r, lowbit::index_t c) const {
    return values[static_cast<std::size_t>(r * cols + c)];
  }
};

}  // namespace test
