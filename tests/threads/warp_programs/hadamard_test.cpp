// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/kernels/exec/spmd.hpp>

#include "kernels/device/hadamard_runs.hpp"

using namespace lowbit;

TEST_CASE("a Hadamard transform by threads: in registers, in shared memory, with a factor") {
  for (const test::hadamard_shape s :
       {test::hadamard_shape{2, 100, 64, 3}, {1, 2048, 2048, 3}, {2, 384, 384, 3}}) {
    test::hadamard_run<float, float> run(s, [](std::uint64_t i) { return philox{7}.normal(i); });
    kernels::with_hadamard_kernel(hadamard_order::of(s.block), [&](auto kernel) {
      const auto task = run.task();
      run_spmd(int(kernel.blocks(task, 2)), 2, kernel.shared_bytes(task.block(), 2), kernel, task);
    });
    const auto expected = run.expected();
    CHECK(std::memcmp(run.out_memory.data(), expected.data(), expected.size() * 16) == 0);
  }
}
