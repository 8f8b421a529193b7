// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantize.hpp"
#include "../workspace_memory.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Blocks that look for a tensor scale together, each of which leaves a number in the workspace.
inline constexpr index_t most_scale_blocks = 1024;

/// Bytes of a workspace for quantize_on: formats without a tensor scale need none.
template <quantized_on_line F>
inline constexpr index_t quantize_workspace_bytes =
    detail::is_nvfp4<F>
        ? workspace_memory::counter_bytes + most_scale_blocks* index_t(sizeof(float))
        : 0;

/// Launches what quantizes a matrix: one kernel, before it one that finds a tensor scale.
template <quantized_on_line F, class Launcher, class T>
void quantize_on(const Launcher& to, const quantize_task<T>& task, const workspace_memory& memory) {
  constexpr int warps = lowbit::quantize_rows<F>::max_warps;
  const index_t most = 32 * to.multiprocessors(), needed = quantize_workspace_bytes<F>;
  if (needed > 0 && (memory.data == nullptr || memory.bytes < needed))
    fail(errc::bad_argument, "workspace",
         message(memory.bytes, " bytes, expected at least ", needed));
  if (task.shape.rows == 0 || task.shape.cols == 0) return;
  if constexpr (detail::is_nvfp4<F>) {
    detail::carver rest = memory.carver();
    float* const partial = rest.take<float>(most_scale_blocks);
    const index_t blocks = ceil_div(task.shape.rows * task.shape.cols, 8 * warp_size * warps);
    to.launch(find_tensor_scale<F>{}, min_of(blocks, min_of(most, most_scale_blocks)), warps,
              index_t(find_tensor_scale<F>::shared_bytes(warps)), task, partial, memory.counters());
  }
  to.launch(lowbit::quantize_rows<F>{},
            min_of(lowbit::quantize_rows<F>::blocks(task.shape, warps), most), warps,
            index_t(lowbit::quantize_rows<F>::shared_bytes(warps)), task);
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
