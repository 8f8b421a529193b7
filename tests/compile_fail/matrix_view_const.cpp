// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A view of const elements never becomes one of mutable elements.
// expect(g++): could not convert 'readable'
// expect(clang++): no known conversion
// expect(nvcc): no suitable user-defined conversion
#include <lowbit/core/matrix_view.hpp>

float first(lowbit::matrix_view<float> m) { return m(0, 0); }

int main() {
  float data[] = {1.0f, 2.0f};
  const lowbit::matrix_view<float> writable(data, 1, 2);
  const lowbit::matrix_view<const float> readable = writable;
#ifdef LOWBIT_MUST_FAIL
  return static_cast<int>(first(readable));
#else
  return static_cast<int>(first(writable) - readable(0, 0));
#endif
}
