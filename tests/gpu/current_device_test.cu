// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What this can show depends on the machine: with a device its numbers, without one the error.
#include <lowbit/gpu/current_device.hpp>

#include "runner.hpp"

using namespace lowbit;

TEST_CASE("the limits of the device, or a clear error where there is none") {
  if (test::has_gpu()) {
    cudaDeviceProp p;
    REQUIRE(cudaGetDeviceProperties(&p, 0) == cudaSuccess);
    REQUIRE(cudaSetDevice(0) == cudaSuccess);
    for (int i = 0; i < 2; ++i) {  // the second time it is remembered
      const gpu::device_limits limits = gpu::current_device();
      CHECK(limits.multiprocessors == p.multiProcessorCount);
      CHECK(std::size_t(limits.shared_bytes) == p.sharedMemPerBlockOptin);
    }
    return;
  }
  for (int i = 0; i < 2; ++i) {
    try {
      gpu::current_device();
      FAIL("no error");
    } catch (const error& e) {
      CHECK(e.code() == errc::device);
      CHECK(std::string(e.what()).find("lowbit: device: cudaError") == 0);
    }
  }
}
TEST_CASE("calls say that there is no device") {
  if (test::has_gpu()) return;
  using w4 = format<uniform<4>, per_group<32>>;
  CHECK_THROWS_AS(device_matrix<w4>(quantize<w4>(test::random_matrix(3, 64, 1).view())), error);
  CHECK_THROWS_AS(gpu::workspace(1024), error);
  std::vector<float> x(64), y(3);
  const quantized_view<w4, canonical, device> w;
  CHECK_THROWS_AS(gemv(nullptr, w, x, span<float>(y), gpu::workspace()), error);
}
