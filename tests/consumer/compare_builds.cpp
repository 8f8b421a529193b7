// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One program with differently compiled copies of lowbit in it: all give the same answer, whichever
// copy of an inline function the linker kept.
#include <cmath>
#include <cstdint>
#include <cstdio>

struct answer {
  std::uint64_t bits;
  double sum;
  bool right;
};
#define BUILD(name) extern "C" void name(answer*);
BUILDS
#undef BUILD

int main() {
  struct {
    const char* name;
    void (*ask)(answer*);
  } const builds[] = {
#define BUILD(name) {#name, name},
      BUILDS
#undef BUILD
  };
  answer first{}, a{};
  builds[0].ask(&first);
  bool same = true;
  for (const auto& build : builds) {
    build.ask(&a);
    const bool equal = a.right && a.bits == first.bits && std::fabs(a.sum - first.sum) <= 1e-5;
    std::printf("%-20s bits %016llx, sum %.9g%s\n", build.name,
                static_cast<unsigned long long>(a.bits), a.sum, equal ? "" : "  differs");
    same = same && equal;
  }
  return same ? 0 : 1;
}
