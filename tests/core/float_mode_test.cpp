// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/float_mode.hpp>

#include <doctest/doctest.h>

#include <cfenv>
#include <thread>

using lowbit::float_mode_guard;

namespace {

// Operations that the compiler cannot do beforehand.
float third(float one) {
  volatile float a = one, b = 3;
  return a / b;
}
float half_of_smallest_normal() {
  volatile float a = 0x1p-126f, b = 0.5f;
  return a * b;
}
float twice_a_subnormal() {
  volatile float a = 0x1p-130f, b = 2;
  return a * b;
}
void flush_subnormals() {
#if defined(__x86_64__)
  __builtin_ia32_ldmxcsr(__builtin_ia32_stmxcsr() | 0x8040);
#elif defined(__aarch64__)
  std::uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  asm volatile("msr fpcr, %0" ::"r"(fpcr | 1u << 24));
#endif
}

/// The mode of the caller, put back at the end of a test.
struct keep_mode {
  std::fenv_t before;
  keep_mode() { std::fegetenv(&before); }
  ~keep_mode() { std::fesetenv(&before); }
};

constexpr float nearest_third = 0x1.555556p-2f, third_downward = 0x1.555554p-2f;

}  // namespace

TEST_CASE("inside, sums round to nearest; outside, as the caller wants") {
  const keep_mode keep;
  for (const int rounding : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(rounding);
    {
      const float_mode_guard guard;
      CHECK(third(1) == nearest_third);
      CHECK(third(-1) == -nearest_third);
    }
    CHECK(third(rounding == FE_UPWARD ? -1.f : 1.f) ==
          (rounding == FE_UPWARD ? -third_downward : third_downward));
  }
}

#if defined(__x86_64__) || defined(__aarch64__)
TEST_CASE("inside, subnormal numbers are what they are; outside, as the caller wants") {
  const keep_mode keep;
  flush_subnormals();
  CHECK(half_of_smallest_normal() == 0);
  CHECK(twice_a_subnormal() == 0);
  {
    const float_mode_guard guard;
    CHECK(half_of_smallest_normal() > 0);
    CHECK(twice_a_subnormal() > 0);
  }
  CHECK(half_of_smallest_normal() == 0);
  CHECK(twice_a_subnormal() == 0);
}
#endif

TEST_CASE("guards nest, and one thread's mode is not another's") {
  const keep_mode keep;
  std::fesetround(FE_UPWARD);
  {
    const float_mode_guard outer;
    {
      const float_mode_guard inner;
      CHECK(third(1) == nearest_third);
    }
    CHECK(third(1) == nearest_third);
    std::thread([] {
      std::fesetround(FE_DOWNWARD);
      { const float_mode_guard guard; }
      CHECK(third(1) == third_downward);
    }).join();
    CHECK(third(1) == nearest_third);
  }
  CHECK(third(-1) == -third_downward);
}
