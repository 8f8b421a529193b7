// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <atomic>

#include "check.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {

/// What launches ask of the current device.
struct device_limits {
  int multiprocessors = 0;
  int shared_bytes = 0;  // that a block may have at most
  bool starts_early = false;  // knows programmatic dependent launches: sm_90 and later
};

/// The current device's, asked for once per device; never synchronizes. Throws error device where
/// there is none, error unsupported where it is older than sm_80: the kernels' copies and tensor
/// products begin there.
inline device_limits current_device() {
  constexpr int remembered = 64;
  static std::atomic<std::int64_t> known[remembered];
  int device = 0;
  check(cudaGetDevice(&device), "device");
  const bool remembers = device < remembered;
  if (remembers)
    if (const std::int64_t both = known[device].load(std::memory_order_relaxed); both != 0)
      return {int(both >> 32 & 0xffff), int(both & 0x7fffffff), both >> 62 != 0};
  const auto attribute = [&](cudaDeviceAttr which) {
    int value = 0;
    check(cudaDeviceGetAttribute(&value, which, device), "device");
    return value;
  };
  const int major = attribute(cudaDevAttrComputeCapabilityMajor);
  if (major < 8)
    fail(errc::unsupported, "device",
         message("number ", device, " has compute capability ", major, ".",
                 attribute(cudaDevAttrComputeCapabilityMinor), ", expected at least 8.0"));
  const device_limits limits{attribute(cudaDevAttrMultiProcessorCount),
                             attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin), major >= 9};
  if (remembers)
    known[device].store(std::int64_t(limits.starts_early) << 62 |
                            std::int64_t(limits.multiprocessors) << 32 | limits.shared_bytes,
                        std::memory_order_relaxed);
  return limits;
}

}  // namespace gpu
}  // namespace lowbit::inline LOWBIT_ABI
