// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../workspace.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The memory of a gpu::workspace as plans see it: counters first, then what a call cuts up.
/// Counters are 0 between calls: the last block to arrive at one sets it back.
struct workspace_memory {
  static constexpr index_t counter_count = 16384;
  static constexpr index_t counter_bytes = counter_count * index_t(sizeof(unsigned));

  void* data = nullptr;
  index_t bytes = 0;

  unsigned* counters() const { return static_cast<unsigned*>(data); }
  /// Cuts up the rest.
  detail::carver carver() const {
    return detail::carver(static_cast<std::uint8_t*>(data) + counter_bytes);
  }
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
