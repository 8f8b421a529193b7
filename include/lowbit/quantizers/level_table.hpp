// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"
#include "../core/constant_array.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Whether the levels of Q are read from `level_table<Q>` instead of asking its decode: one real or
/// complex value of at most 8 bits, levels in the type, and no faster strategy named. So a user's
/// plain constexpr decode reaches device code, which could not call it. What names an affine
/// strategy is computed from slope and intercept; any other named strategy, a state or selectors
/// promise a decode that is LOWBIT_HD.
template <class Q>
inline constexpr bool is_tabulated =
    !has_state<Q> && dim_of<Q> == 1 && selectors_of<Q> == 0 && Q::bits <= 8 &&
    (std::same_as<strategy_of<Q>, table_codes> || !requires { typename Q::strategy; });

namespace detail {
template <class Q>
constexpr auto tabulate() {
  arr<value_of<Q>, (1 << Q::bits)> levels{};
  for (int c = 0; c >> Q::bits == 0; ++c) levels[c] = Q{}.decode(code_t(c));
  return levels;
}
}  // namespace detail

/// The levels of Q by code, tabulated by the compiler. In device code it is read by `constant_at`.
template <class Q>
inline constexpr auto level_table = detail::tabulate<Q>();

/// The level of a code of a stateless set without selectors, on host and device; bits above the
/// code are ignored.
template <class Q>
LOWBIT_HD constexpr block_of<Q> level_of(code_t code) {
  if constexpr (is_tabulated<Q>)
    return constant_at<level_table<Q>>(int(code & ((code_t(1) << Q::bits) - 1)));
  else if constexpr (std::same_as<strategy_of<Q>, affine_codes>)
    return Q::slope * float(code) + Q::intercept;  // exact: fused or not, the same
  else
    return Q{}.decode(code);
}

}  // namespace lowbit::inline LOWBIT_ABI
