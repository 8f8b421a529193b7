// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For nvcc only: launches need its compiler.
#pragma once
#include "../kernels/device/dequantize.hpp"
#include "../kernels/device/gemm.hpp"
#include "cuda_launcher.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Writes every value of a matrix to memory of the device, in the order of a stream: the bits that
/// dequantize writes on the host, rounded once where T is a smaller scalar. Never allocates, never
/// synchronizes, and can be captured in a graph.
/// Throws, before anything is launched: shape_mismatch, bad_argument for an address that is not
/// aligned for T, device and unsupported as gpu::current_device does.
template <format_like F, class Layout, class T>
void dequantize(cudaStream_t stream, const quantized_view<F, Layout, device>& w,
                matrix_view<T> out) {
  if (!(out.shape() == w.shape()))
    fail(errc::shape_mismatch, "out",
         message(out.rows(), " x ", out.cols(), ", expected ", w.rows(), " x ", w.cols()));
  kernels::check_aligned("out", out.data());
  const gpu::cuda_launcher to(stream);
  constexpr int warps = dequantize_matrix::max_warps;
  const index_t blocks = ceil_div(dequantize_matrix::tasks(w), warps);
  to.launch(dequantize_matrix{}, min_of(blocks, 32 * to.multiprocessors()), warps, 0, w, out.data(),
            out.stride());
}

}  // namespace lowbit::inline LOWBIT_ABI
