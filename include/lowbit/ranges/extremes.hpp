// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "absmax.hpp"
#include "minmax.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The range that clips nothing: minmax for quantizers with a zero, absmax for the others. Where
/// searches start.
struct extremes : range_search {
  static constexpr bool fits_anywhere = true;
  template <class Q>
    requires(range_for<minmax, Q> || range_for<absmax, Q>)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    if constexpr (has_zero<Q>)
      return minmax{}.fit<Q>(g);
    else
      return absmax{}.fit<Q>(g);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
