// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../../core/error.hpp"
#include "../hadamard.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Calls run(kernel) with the kernel of an order's factor.
template <class Run>
void with_hadamard_kernel(hadamard_order order, Run run) {
  if (order.factor == 1) run(hadamard_rows<1>{});
  if (order.factor == 12) run(hadamard_rows<12>{});
  if (order.factor == 20) run(hadamard_rows<20>{});
  if (order.factor == 28) run(hadamard_rows<28>{});
  if (order.factor == 36) run(hadamard_rows<36>{});
}

/// Launches the transform of rows. Throws error unsupported for an order that is too large for the
/// shared memory of a block of warps.
template <class Launcher, class In, class Out>
void hadamard_on(const Launcher& to, const hadamard_task<In, Out>& task) {
  constexpr int warps = 8;
  with_hadamard_kernel(task.order, [&](auto kernel) {
    const index_t shared = index_t(kernel.shared_bytes(task.block(), warps));
    if (shared > to.shared_bytes())
      fail(errc::unsupported, "block",
           message(task.order.size(), " needs ", shared, " bytes of shared memory, expected ",
                   to.shared_bytes(), " at most on this device"));
    if (task.rows > 0 && task.row() > 0)
      to.launch(kernel, kernel.blocks(task, warps), warps, shared, task);
  });
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
