// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A view of a matrix that is gone at the end of the line.
// expect(g++): use of deleted function .*::view\(\) &&
// expect(clang++): call to deleted member function 'view'
// expect(nvcc): view\(\) && .* cannot be referenced -- it is a deleted function
#include <lowbit/quantize.hpp>

namespace lb = lowbit;

int main() {
  const float data[8] = {};
  const lb::matrix_view<const float> m(data, 2, 4);
  const auto w = lb::quantize<lb::format<lb::uniform<4>>>(m);
#ifdef LOWBIT_MUST_FAIL
  const auto v = lb::quantize<lb::format<lb::uniform<4>>>(m).view();
#else
  const auto v = w.view();
#endif
  return static_cast<int>(v.rows());
}
