// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/device_memory.hpp>

#include "support/gpu_memory.hpp"

using namespace lowbit;

TEST_CASE("nothing is allocated for nothing, with or without a device") {
  const gpu::device_memory none(0), made;
  CHECK(none.data() == nullptr);
  CHECK(made.size() == 0);
}
TEST_CASE("memory is freed once, by the one that holds it") {
  if (!test::has_gpu()) return;
  gpu::device_memory a(1000), b(a.data() == nullptr ? 1 : 2000);
  void* const first = a.data();
  CHECK(first != nullptr);
  b = std::move(a);
  CHECK(b.data() == first);
  CHECK(b.size() == 1000);
  const gpu::device_memory c = std::move(b);
  CHECK(c.data() == first);
  CHECK(b.data() == nullptr);
  CHECK_THROWS_AS(gpu::device_memory(index_t(1) << 50), error);
  CHECK(cudaGetLastError() == cudaSuccess);
}
