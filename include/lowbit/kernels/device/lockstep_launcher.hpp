// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../exec/lockstep.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The twin of gpu::cuda_launcher: a plan's launches run here and now, in lockstep. Device views in
/// it point at the host's memory.
class lockstep_launcher {
 public:
  explicit lockstep_launcher(lockstep_order order = lockstep_order::forward,
                             int multiprocessors = 4, bool multiplies_shared = false)
      : order_(order),
        multiprocessors_(multiprocessors),
        multiplies_shared_(multiplies_shared) {}

  int multiprocessors() const { return multiprocessors_; }
  index_t shared_bytes() const { return 227 * 1024; }
  bool multiplies_shared() const { return multiplies_shared_; }

  template <class Kernel, class... Arguments>
  void launch(const Kernel& kernel, index_t blocks, int warps, index_t shared_bytes,
              const Arguments&... arguments) const {
    run_lockstep(int(blocks), warps, std::size_t(shared_bytes), order_, kernel, arguments...);
  }

 private:
  lockstep_order order_;
  int multiprocessors_;
  bool multiplies_shared_;
};

}  // namespace lowbit::inline LOWBIT_ABI
