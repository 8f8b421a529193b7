// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/workspace.hpp>

#include "runner.hpp"

using namespace lowbit;
using w4 = format<uniform<4>, per_group<32>>;

TEST_CASE("the bytes that are asked for are enough, whatever the activations") {
  const quantized_view<w4, canonical, device> none;
  const index_t empty = gpu::workspace_bytes(none, 0);
  CHECK(empty >= kernels::workspace_memory::counter_bytes);
  using F = format<uniform<4>, per_group<32>, sparse<>>;
  quantized_view<F, canonical, device> w;
  w.set_shape({10, 1000});
  const index_t bytes = gpu::workspace_bytes(w, 5);
  CHECK(bytes >= kernels::device_workspace_bytes<kernels::device_real<float16>>(w, 5));
  CHECK(bytes >= kernels::device_workspace_bytes<kernels::device_int8<a8, bfloat16>>(w, 5));
  CHECK(bytes >= empty + 5 * 1000 * 4);
}
TEST_CASE("a workspace begins with zeros, in memory of its own or of the caller") {
  if (!test::has_gpu()) return;
  constexpr index_t counters = kernels::workspace_memory::counter_bytes, bytes = counters + 64;
  const test::device_array<std::uint8_t> memory(
      std::vector<std::uint8_t>(std::size_t(bytes), std::uint8_t(9)));
  const gpu::workspace theirs(memory.data(), bytes, nullptr), own(bytes);
  gpu::check(cudaDeviceSynchronize(), "wait");
  std::vector<std::uint8_t> expected(std::size_t(bytes), std::uint8_t(9));
  std::fill_n(expected.begin(), counters, std::uint8_t(0));
  CHECK(memory.read() == expected);
  CHECK(theirs.bytes() == bytes);
  std::vector<std::uint8_t> first(std::size_t(counters), std::uint8_t(1));
  gpu::check(cudaMemcpy(first.data(), own.memory().data, first.size(), cudaMemcpyDeviceToHost),
             "cudaMemcpy");
  CHECK(first == std::vector<std::uint8_t>(std::size_t(counters)));
  CHECK_THROWS_AS(gpu::workspace(memory.data() + 4, 100, nullptr), error);
}
