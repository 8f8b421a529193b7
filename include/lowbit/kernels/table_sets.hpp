// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several level sets with a selector for every group, as kernels read them.
#pragma once
#include "../storage/quantized_matrix.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Levels from one set to the next in the table of all: sets of fewer than 16 are repeated.
template <class Q>
inline constexpr int set_stride = Q::bits <= 4 ? 16 : 1 << Q::bits;

/// Real level sets of at most 4096 levels together.
template <class Q>
concept small_table_sets = has_selectors<Q> && !has_zero<Q> && !has_several_scales<Q> &&
    dim_of<Q> == 1 && Q::bits <= 8 && std::same_as<value_of<Q>, float> &&
    (selectors_of<Q> * set_stride<Q>) <= 4096;

/// All levels, one set after the other.
template <class Q>
constexpr auto tabulate_sets(const state_of<Q>& state) {
  arr<float, selectors_of<Q> * set_stride<Q>> levels{};
  group_params<Q> p{};
  int at = 0;
  for (p.selector = 0; p.selector < code_t(selectors_of<Q>); ++p.selector)
    for (code_t c = 0; c < code_t(set_stride<Q>); ++c)
      levels[at++] = decode_in<Q>(state, c & ((code_t(1) << Q::bits) - 1), p);
  return levels;
}
template <class Q>
inline constexpr auto levels_of_sets = tabulate_sets<Q>({});

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
