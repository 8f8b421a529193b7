// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiled with -fno-exceptions -fno-rtti: a mistake reaches the handler, which does not return.
#include <cstdlib>
#include <cstring>
#include <lowbit/lowbit.hpp>

namespace lb = lowbit;

int main() {
  lb::set_error_handler([](lb::errc code, const char* argument, const char* what) {
    const bool right = code == lb::errc::bad_argument &&
                       std::strcmp(argument, "matrix_view") == 0 &&
                       std::strstr(what, "lowbit: matrix_view: null data") == what;
    std::exit(right ? 0 : 1);
  });
  (void)lb::quantize<lb::format<lb::uniform<4>>>(lb::matrix_view<const float>(nullptr, 2, 32));
  return 1;  // the mistake went unnoticed
}
