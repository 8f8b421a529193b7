// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/check.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

TEST_CASE("CUDA's errors become ours, with its name and text") {
  gpu::check(cudaSuccess, "cudaMalloc");
  try {
    gpu::check(cudaErrorMemoryAllocation, "cudaMalloc");
    FAIL("no error");
  } catch (const error& e) {
    CHECK(e.code() == errc::device);
    CHECK(e.argument() == "cudaMalloc");
    CHECK(std::string(e.what()) == "lowbit: cudaMalloc: cudaErrorMemoryAllocation, out of memory");
  }
}
