// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/workspace_memory.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace lowbit;

TEST_CASE("counters come first, and what a call cuts up does not touch them") {
  alignas(64) static std::uint8_t bytes[kernels::workspace_memory::counter_bytes + 256];
  const kernels::workspace_memory memory{bytes, index_t(sizeof(bytes))};
  CHECK(static_cast<void*>(memory.counters()) == static_cast<void*>(bytes));
  detail::carver carver = memory.carver();
  CHECK(carver.take<std::uint8_t>(3) == bytes + kernels::workspace_memory::counter_bytes);
  CHECK(carver.take<float>(1) ==
        reinterpret_cast<float*>(bytes + kernels::workspace_memory::counter_bytes + 64));
  CHECK(carver.used() == 128);
}
