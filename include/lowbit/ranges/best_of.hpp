// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "group_error.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Of two searches, in each group the one with the smaller squared error (weighted by importance);
/// ties take the first. Nests: best_of{a, best_of{b, c}}. RepQ-ViT's choice of a percentile is
/// best_of{percentile{.999}, best_of{percentile{.9999}, percentile{.99999}}}.
template <class First, class Second>
struct best_of : range_search {
  First first;
  Second second;
  constexpr best_of(First a, Second b) : first(a), second(b) {}

  template <class Q>
    requires(range_for<First, Q> && range_for<Second, Q> && dim_of<Q> == 1 && !has_state<Q>)
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> a = first.template fit<Q>(g), b = second.template fit<Q>(g);
    for (int k = 0; k < scales_of<Q>; ++k) {  // judged as they will be stored
      a.scale[k] = g.stored_scale(a.scale[k]);
      b.scale[k] = g.stored_scale(b.scale[k]);
    }
    return group_error(g, b) < group_error(g, a) ? b : a;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
