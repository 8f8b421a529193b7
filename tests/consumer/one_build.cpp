// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled several times with different flags and compilers.
#include "one_build.hpp"

#include "use_lowbit.hpp"

#define TEXT_OF(name) TEXT(name)
#define TEXT(name) #name

namespace {

void use(answer* a) { *a = use_lowbit(); }

const void* view() {
  static const auto matrix = lb::quantize<w4>(example().matrix());
  static const auto view = matrix.view();
  return &view;
}

bool multiply(const void* view) {
  const auto& w = *static_cast<const lb::quantized_view<w4>*>(view);
  const example e;
  std::vector<float> y(e.rows);
  lb::gemv(w, e.x, y);
  return is_product(w, e.x, y.data(), 2e-6);
}

void fail() { (void)lb::matrix_view<const float>(nullptr, 2, 2); }

}  // namespace

extern "C" __attribute__((visibility("default"))) const one_build BUILD_NAME;
const one_build BUILD_NAME{TEXT_OF(BUILD_NAME),
                           LOWBIT_EXCEPTIONS,
                           sizeof(lb::quantized_view<w4>),
                           use,
                           view,
                           multiply,
                           fail};
