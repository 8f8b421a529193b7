// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../storage/quantized_matrix.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Formats that products on tensor cores read, from the layout mma16.
template <class F>
inline constexpr bool has_tensor_path = [] {
  using Q = typename F::quantizer_type;
  return std::same_as<typename F::value_type, float> && dim_of<Q> == 1 && Q::bits <= 8;
}();

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
