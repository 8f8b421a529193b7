// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Groups of a matrix, found the slow way.
#pragma once
#include <lowbit/quantize.hpp>
#include <string>
#include <vector>

#include "support/random_matrix.hpp"

namespace test {

/// The largest magnitude among rows [top, top + height) and columns [left, left + width), as far as
/// the matrix reaches.
inline float largest_in(const random_matrix& m, lowbit::index_t top, lowbit::index_t height,
                        lowbit::index_t left, lowbit::index_t width) {
  float largest = 0;
  for (lowbit::index_t r = top; r < top + height && r < m.rows; ++r)
    for (lowbit::index_t c = left; c < left + width && c < m.cols; ++c)
      largest = lowbit::magnitude(m(r, c)) > largest ? lowbit::magnitude(m(r, c)) : largest;
  return largest;
}

namespace detail {
struct name_lister {
  std::string& names;
  void operator()(const lowbit::path& at, lowbit::element, const auto&) {
    names += (names.empty() ? "" : " ") + at.str();
  }
  void derived(const auto&) {}
};
}  // namespace detail

/// The names of the arrays of a matrix, in order.
template <class F>
std::string array_names(const lowbit::quantized_matrix<F>& w) {
  std::string all;
  lowbit::matrix_data<F, lowbit::owned>::each(detail::name_lister{all}, w.data());
  return all;
}

}  // namespace test
