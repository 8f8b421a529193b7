// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/lowbit.hpp>
#include <vector>

/// Stand-ins for a layer's weights: normal, and one in 500 of them ten times as large.
inline std::vector<float> random_weights(lowbit::index_t count) {
  const lowbit::philox random{1};
  std::vector<float> weights;
  for (lowbit::index_t i = 0; i < count; ++i)
    weights.push_back(random.normal(std::uint64_t(i)) * (i % 500 == 0 ? 0.2f : 0.02f));
  return weights;
}
