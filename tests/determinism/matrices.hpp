// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/matrix_view.hpp>
#include <lowbit/core/random.hpp>
#include <string>
#include <vector>

namespace determinism {
namespace lb = lowbit;

struct matrix {
  std::string name;
  lb::index_t rows, cols;
  std::vector<float> values;
  lb::matrix_view<const float> view() const { return {values.data(), rows, cols}; }
};

namespace detail {
/// Element i of a matrix is make(i, random word): bits, so that no mode of arithmetic matters.
template <class F>
matrix make_matrix(const char* name, lb::index_t rows, lb::index_t cols, F make) {
  matrix m{name, rows, cols, {}};
  const lb::philox random{std::uint64_t(rows * 1000 + cols)};
  for (lb::index_t i = 0; i < rows * cols; ++i) {
    const std::uint32_t word = random.word(std::uint64_t(i));
    m.values.push_back(lb::bits_as<float>(static_cast<std::uint32_t>(make(i, word))));
  }
  return m;
}
/// A random sign and mantissa, with an exponent of our choice: 0 is subnormal, 127 is 1 to 2.
constexpr std::uint32_t with_exponent(std::uint32_t word, std::uint32_t exponent) {
  return (word & 0x807fffffu) | exponent << 23;
}
}  // namespace detail

/// Ordinary weights, and the nastiest ones of every sort.
inline const std::vector<matrix>& matrices() {
  using detail::make_matrix, detail::with_exponent;
  using lb::index_t, std::uint32_t;
  static const std::vector<matrix> all = {
      make_matrix("ordinary weights", 24, 200,
                  [](index_t i, uint32_t w) {
                    const uint32_t size = (w >> 23 & 7) == 0 ? 119 : 120 + (w >> 26 & 1);
                    return with_exponent(w, i % 97 == 0 ? 125 : size);
                  }),
      make_matrix("all magnitudes", 20, 210,
                  [](index_t, uint32_t w) { return with_exponent(w, (w >> 23 & 255) % 255); }),
      make_matrix("subnormal values", 3, 70,
                  [](index_t, uint32_t w) { return with_exponent(w, 0); }),
      make_matrix("values near the smallest scales", 6, 70,
                  [](index_t i, uint32_t w) {
                    return with_exponent(w, 90 + uint32_t(i / 70) * 5 + (w >> 23 & 3));
                  }),
      make_matrix("the largest values", 3, 70,
                  [](index_t, uint32_t w) { return with_exponent(w, 253 + (w >> 23 & 1)); }),
      make_matrix("ties", 5, 70,
                  [](index_t i, uint32_t w) {
                    const float halves = float(int(w >> 24) % 15 - 7) * 0.5f;
                    return lb::bits_as<uint32_t>(i % 35 == 0 ? 7.f : halves);
                  }),
      make_matrix("positive values", 3, 70,
                  [](index_t, uint32_t w) { return with_exponent(w, 124) & 0x7fffffffu; }),
      make_matrix("negative values", 3, 70,
                  [](index_t, uint32_t w) { return with_exponent(w, 124) | 0x80000000u; }),
      make_matrix("zeros of both signs", 3, 70,
                  [](index_t, uint32_t w) { return w & 0x80000000u; }),
      make_matrix("a constant", 3, 70, [](index_t, uint32_t) { return 0x3dcccccdu; }),
      make_matrix("one value among zeros", 3, 70,
                  [](index_t i, uint32_t) { return i % 71 == 0 ? 0xbf99999au : 0u; }),
      make_matrix("a column", 70, 1, [](index_t, uint32_t w) { return with_exponent(w, 126); }),
      make_matrix("one element", 1, 1, [](index_t, uint32_t w) { return with_exponent(w, 126); }),
      make_matrix("no rows", 0, 5, [](index_t, uint32_t) { return 0u; }),
      make_matrix("no columns", 5, 0, [](index_t, uint32_t) { return 0u; }),
  };
  return all;
}

}  // namespace determinism
