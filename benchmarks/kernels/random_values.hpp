// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/random.hpp>
#include <vector>

namespace lowbit_bench {

/// Uniform in [-0.5, 0.5), the same on every machine.
inline std::vector<float> random_values(lowbit::index_t n) {
  const lowbit::philox random{1};
  std::vector<float> values(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.uniform(i) - 0.5f;
  return values;
}

}  // namespace lowbit_bench
