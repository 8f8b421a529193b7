// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/optimal_level_sets.hpp"
#include "../quantizers/optimal_levels.hpp"
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Learns levels from the normalised blocks of the matrix; the default level_source.
struct learn_levels : level_source {
  template <class Q, class Executor>
  state_of<Q, owned> state(span<const block_of<Q>> blocks, span<const float> weights,
                           const Executor& threads) const {
    return Q::learn(blocks, weights, threads);
  }
  template <class Q, class Executor>
    requires(has_selectors<Q>)
  state_of<Q, owned> state(span<const block_of<Q>> blocks, span<const float> weights,
                           span<const index_t> starts, const Executor& threads) const {
    return Q::learn(blocks, weights, starts, threads);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
