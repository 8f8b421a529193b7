// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../kernels/device/gemm.hpp"
#include "device_memory.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {

/// Bytes of a workspace for products of a device view with up to `tokens` rows of activations: real
/// ones of any type, or `as<A>` of them.
template <format_like A = a8, format_like F, class Layout>
index_t workspace_bytes(const quantized_view<F, Layout, device>& w, index_t tokens) {
  using V = typename F::value_type;
  const index_t real = kernels::device_workspace_bytes<kernels::device_real<V>>(w, tokens);
  if constexpr (std::same_as<V, float>) {
    const index_t int8 = kernels::device_workspace_bytes<kernels::device_int8<A, V>>(w, tokens);
    return int8 > real ? int8 : real;
  } else {
    return real;
  }
}

/// Scratch memory of products on the device: one serves one stream at a time, and any number of
/// calls on it, each of which may overwrite what the one before left. Its first
/// `kernels::workspace_memory::counter_bytes` are counters that are 0 between calls; a call that a
/// device error ends leaves a workspace that must not be used again.
class workspace {
 public:
  workspace() = default;
  /// Allocates on the current device; waits for `stream`. Throws error device with CUDA's text.
  explicit workspace(index_t bytes, cudaStream_t stream = nullptr) : own_(bytes) {
    clear(stream);
    check(cudaStreamSynchronize(stream), "workspace");
  }
  /// In the caller's memory of the device, a multiple of 64, which stays the caller's.
  workspace(void* data, index_t bytes, cudaStream_t stream) : theirs_{data, bytes} {
    if (bits_as<std::uintptr_t>(data) % 64 != 0)
      fail(errc::bad_argument, "workspace", "its address is no multiple of 64");
    clear(stream);
  }

  kernels::workspace_memory memory() const {
    return own_.data() == nullptr ? theirs_ : kernels::workspace_memory{own_.data(), own_.size()};
  }
  index_t bytes() const { return memory().bytes; }

 private:
  void clear(cudaStream_t stream) const {
    const index_t counters = min_of(bytes(), kernels::workspace_memory::counter_bytes);
    if (counters > 0)
      check(cudaMemsetAsync(memory().data, 0, std::size_t(counters), stream), "workspace");
  }

  device_memory own_;
  kernels::workspace_memory theirs_;
};

}  // namespace gpu
}  // namespace lowbit::inline LOWBIT_ABI
