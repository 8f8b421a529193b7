// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For nvcc only: launches need its compiler.
#pragma once
#include "../kernels/device/gemm.hpp"
#include "../kernels/device/quantize/quantize_on.hpp"
#include "cuda_launcher.hpp"
#include "device_matrix.hpp"
#include "workspace.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {

/// Bytes of a workspace for `quantize` on the device; 0 for formats without a tensor scale.
template <quantized_on_line F>
constexpr index_t quantize_workspace_bytes() {
  return kernels::quantize_workspace_bytes<F>;
}

}  // namespace gpu

/// Quantizes rows of the device into a matrix of the device, in the order of a stream: activations
/// on their way to a kernel that wants them per token, per group, as MX or as NVFP4. The bytes are
/// those of quantize<F>(values, nearest{}) on the host, and a group with a NaN or an infinity,
/// which the host refuses, gets the scale NaN.
///
/// `to` is made with the shape once, `device_matrix<F, canonical> to(shape)`, and written by any
/// number of calls. Never allocates, never synchronizes, and can be captured in a graph.
/// Throws, before anything is launched: shape_mismatch, bad_argument (an address that is not
/// aligned for T; a workspace of less than gpu::quantize_workspace_bytes<F>()), device and
/// unsupported as gpu::current_device does.
template <quantized_on_line F, class T>
void quantize(cudaStream_t stream, matrix_view<T> values, device_matrix<F, canonical>& to,
              const gpu::workspace& memory = {}) {
  if (!(values.shape() == to.shape()))
    fail(errc::shape_mismatch, "values",
         message(values.rows(), " x ", values.cols(), ", expected ", to.shape().rows, " x ",
                 to.shape().cols));
  kernels::check_aligned("values", values.data());
  const auto w = to.view();
  const auto writable = [](const auto& codes) {
    return static_cast<std::uint8_t*>(const_cast<void*>(static_cast<const void*>(codes.data())));
  };
  const auto& scale = w.main.groups.scale[0];
  quantize_task<std::remove_const_t<T>> task{values.data(), values.stride(), values.shape(),
                                             writable(w.main.codes), writable(scale.codes)};
  if constexpr (detail::is_nvfp4<F>)
    task.tensor_scale = reinterpret_cast<float*>(writable(scale.groups.scale[0].codes));
  kernels::quantize_on<F>(gpu::cuda_launcher(stream), task, memory.memory());
}

}  // namespace lowbit::inline LOWBIT_ABI
