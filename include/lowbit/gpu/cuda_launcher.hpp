// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For nvcc only: launches need its compiler.
#pragma once
#include "../kernels/exec/gpu.hpp"
#include "current_device.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {

/// Never launched. Code of it that was compiled for Hopper alone (sm_90a) has shared memory, which
/// CUDA tells of the code that the current device would run.
static __global__ void multiplies_shared_probe() {
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __shared__ volatile int mark;
  mark = 1;
#endif
}

/// Where a plan leaves its launches: a stream of the current device. Every launcher has these
/// members; `lockstep_launcher` is its twin on the host.
///
/// A launch never allocates or synchronizes and can be captured in a graph. Throws error device
/// with CUDA's text.
class cuda_launcher {
 public:
  /// Throws as current_device does.
  explicit cuda_launcher(cudaStream_t stream) : stream_(stream), limits_(current_device()) {}

  int multiprocessors() const { return limits_.multiprocessors; }
  index_t shared_bytes() const { return limits_.shared_bytes; }
  /// Whether mma_shared is one instruction, and so worth its while: in code for sm_90a.
  bool multiplies_shared() const {
    cudaFuncAttributes compiled{};
    check(cudaFuncGetAttributes(&compiled,
                                reinterpret_cast<const void*>(&multiplies_shared_probe)),
          "launch");
    return compiled.sharedSizeBytes > 0;
  }

  /// Runs a warp program (see kernels/exec/warp.hpp) with `blocks` blocks of `warps` warps. One
  /// that says `waits_for_previous` may start before the kernel in front of it has ended.
  template <class Kernel, class... Arguments>
  void launch(const Kernel& kernel, index_t blocks, int warps, index_t shared_bytes,
              const Arguments&... arguments) const {
    if (blocks == 0) return;
    const auto function = reinterpret_cast<const void*>(&run_kernel<Kernel, Arguments...>);
    constexpr index_t without_asking = 48 * 1024;
    if (shared_bytes > without_asking)
      check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                 int(shared_bytes)),
            "launch");
    void* given[] = {const_cast<Kernel*>(&kernel),
                     const_cast<void*>(static_cast<const void*>(&arguments))...};
    cudaLaunchAttribute early{};
    early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    early.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(unsigned(blocks));
    config.blockDim = dim3(unsigned(warps * warp_size));
    config.dynamicSmemBytes = std::size_t(shared_bytes);
    config.stream = stream_;
    config.attrs = &early;
    if constexpr (requires { requires Kernel::waits_for_previous; })
      config.numAttrs = limits_.starts_early ? 1 : 0;
    check(cudaLaunchKernelExC(&config, function, given), "launch");
  }

 private:
  cudaStream_t stream_;
  device_limits limits_;
};

}  // namespace gpu
}  // namespace lowbit::inline LOWBIT_ABI
