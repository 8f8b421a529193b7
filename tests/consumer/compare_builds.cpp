// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One program with differently compiled copies of lowbit in it: all give the same answer, whichever
// copy of an inline function the linker kept; each multiplies the matrices of all others; what one
// throws the program catches.
#include <cmath>
#include <cstdio>
#include <lowbit/core/error.hpp>

#include "one_build.hpp"

#define BUILD(name) extern "C" const one_build name;
BUILDS
#undef BUILD

namespace {

bool throws_error(const one_build& build) {
  try {
    build.fail();
  } catch (const lowbit::error& e) {
    return e.argument() == "matrix_view";
  } catch (...) {
  }
  return false;
}

}  // namespace

int main() {
#define BUILD(name) &name,
  const one_build* const builds[] = {BUILDS};
#undef BUILD
  answer first;
  builds[0]->use(&first);
  int mistakes = 0;
  const auto expect = [&](bool right, const char* build, const char* what) {
    if (!right) std::printf("%s: %s\n", build, what);
    mistakes += !right;
  };
  for (const one_build* build : builds) {
    answer a;
    build->use(&a);
    std::printf("%-22s bits %016llx, sum %.9g, views of %zu bytes\n", build->name,
                static_cast<unsigned long long>(a.bits), a.sum, build->view_bytes);
    expect(a.right, build->name, "a product is wrong");
    expect(a.bits == first.bits, build->name, "decodes other bits");
    expect(std::fabs(a.sum - first.sum) <= 1e-5, build->name, "has other products");
    expect(build->view_bytes == builds[0]->view_bytes, build->name, "has views of another size");
    for (const one_build* other : builds)
      expect(build->multiply(other->view()), build->name, other->name);
    if (build->throws) expect(throws_error(*build), build->name, "its error is not caught");
  }
  return mistakes == 0 ? 0 : 1;
}
