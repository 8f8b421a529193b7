// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What plans of products share.
#pragma once
#include "../../core/matrix_view.hpp"
#include "../exec/warp.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Activations on the device: real ones, or ones to be quantized to A on the way.
template <class T>
struct device_real {
  matrix_view<const T> x;
};
template <class A, class T>
struct device_int8 {
  matrix_view<const T> x;
};

/// `things` are done `each` at a time by a warp.
template <class Launcher, class Kernel, class... Arguments>
void launch_on(const Launcher& to, const Kernel& kernel, index_t things, index_t each,
               const Arguments&... arguments) {
  const index_t warps = ceil_div(things, each);
  const index_t blocks = ceil_div(warps, Kernel::max_warps);
  to.launch(kernel, min_of(blocks, 32 * to.multiprocessors()), Kernel::max_warps, 0,
            arguments...);
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
