// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cuda_runtime_api.h>

#include "../core/error.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {

/// Throws error device where a call of CUDA's runtime failed: the argument is the call, the problem
/// CUDA's name and text of it. The runtime's "last error" is cleared, since it is reported here.
inline void check(cudaError_t status, std::string_view call) {
  if (status == cudaSuccess) return;
  cudaGetLastError();
  fail(errc::device, std::string(call),
       message(cudaGetErrorName(status), ", ", cudaGetErrorString(status)));
}

}  // namespace gpu
}  // namespace lowbit::inline LOWBIT_ABI
