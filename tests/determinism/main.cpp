// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints or compares the digests of all cases:
//
//   digests write FILE      in the usual floating-point mode, on one thread
//   digests compare FILE    in that and in other modes of the caller, on one thread and on two;
//                           the file may have more cases than this program
#include <cfenv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>

#include "recorder.hpp"

namespace {
namespace lb = lowbit;
using determinism::recorder;

/// Sets the mode of this thread, and of those that it starts from then on.
class caller_mode {
 public:
  caller_mode(int rounding, bool flush) {
    std::fegetenv(&before_);
    std::fesetround(rounding);
#if defined(__x86_64__)
    if (flush) __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#elif defined(__aarch64__)
    if (flush) {
      std::uint64_t mode;
      asm volatile("mrs %0, fpcr" : "=r"(mode));
      asm volatile("msr fpcr, %0" ::"r"(mode | std::uint64_t(1) << 24));
    }
#endif
  }
  ~caller_mode() { std::fesetenv(&before_); }
  caller_mode(const caller_mode&) = delete;
  caller_mode& operator=(const caller_mode&) = delete;

 private:
  std::fenv_t before_;
};

recorder run(int rounding, bool flush, int threads) {
  const caller_mode mode(rounding, flush);
  const lb::thread_pool pool(threads);
  recorder r(pool);
  for (const auto& add : determinism::cases::all()) add(r);
  return r;
}

std::map<std::string, std::string> read(const char* file) {
  std::map<std::string, std::string> expected;
  std::ifstream in(file);
  for (std::string digest, name; in >> digest && std::getline(in >> std::ws, name);)
    expected[name] = digest;
  return expected;
}

int compare(const std::map<std::string, std::string>& expected, const char* how,
            const recorder& found) {
  std::size_t different = 0;
  for (const auto& e : found.entries()) {
    const auto it = expected.find(e.name);
    if (it != expected.end() && it->second == e.digest) continue;
    if (++different <= 40) std::printf("%s: %s differs\n", how, e.name.c_str());
  }
  std::printf("%s: %zu cases, %zu differ\n", how, found.entries().size(), different);
  return different == 0 && !found.entries().empty() ? 0 : 1;
}

}  // namespace

int main(int count, char** argument) {
  if (count != 3) return 2;
  determinism::matrices();  // made in the usual mode
  if (std::strcmp(argument[1], "write") == 0) {
    std::ofstream out(argument[2]);
    const recorder found = run(FE_TONEAREST, false, 1);
    for (const auto& e : found.entries()) out << e.digest << "  " << e.name << '\n';
    return out.flush() ? 0 : 1;
  }
  const auto expected = read(argument[2]);
  return compare(expected, "usual mode, 1 thread", run(FE_TONEAREST, false, 1)) |
         compare(expected, "flush to zero, 2 threads", run(FE_TONEAREST, true, 2)) |
         compare(expected, "upward, 1 thread", run(FE_UPWARD, false, 1)) |
         compare(expected, "toward zero and flush, 2 threads", run(FE_TOWARDZERO, true, 2));
}
