// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/kernels/device/hadamard/hadamard_on.hpp>
#include <lowbit/kernels/device/lockstep_launcher.hpp>
#include <string>

#include "kernels/device/hadamard_runs.hpp"

using namespace lowbit;

TEST_CASE("a launch transforms every row, whatever the factor of the order") {
  const auto normal = [](std::uint64_t i) { return philox{77}.normal(i); };
  for (const std::uint32_t block : {1u, 128u, 4096u, 12u, 40u, 28u, 36u}) {
    CAPTURE(block);
    test::hadamard_run<float, float> run({5, 300, block, 3, 1}, normal);
    const auto expected = run.expected();
    kernels::hadamard_on(lockstep_launcher(), run.task());
    CHECK(std::memcmp(run.out_memory.data(), expected.data(), expected.size() * 16) == 0);
  }
}
TEST_CASE("an order that shared memory cannot hold is refused") {
  const auto zero = [](std::uint64_t) { return 0.f; };
  test::hadamard_run<float, float> run({1, 65536, 65536, 0, 1}, zero);
  try {
    kernels::hadamard_on(lockstep_launcher(), run.task());
    CHECK(false);
  } catch (const error& e) {
    CHECK(e.code() == errc::unsupported);
    CHECK(std::string(e.what()) ==
          "lowbit: block: 65536 needs 262144 bytes of shared memory, expected 232448 at most on "
          "this device");
  }
}
