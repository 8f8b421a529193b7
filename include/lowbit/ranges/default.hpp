// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "absmax.hpp"
#include "minmax.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The search that quantize uses when it is given none: the quantizer's own (`range`), else minmax
/// for quantizers with a zero, else absmax.
template <class Q>
constexpr auto default_range() {
  if constexpr (requires { typename Q::range; }) return typename Q::range{};
  else if constexpr (has_zero<Q>) return minmax{};
  else return absmax{};
}

}  // namespace lowbit::inline LOWBIT_ABI
