// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../results.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Where a product on the device leaves its results: as result_rows, and where partial sums go when
/// several blocks share a tile.
struct device_results {
  float* data;
  index_t stride;
  update factors;
  float* partial;      // [tile of rows][split][row][column]
  unsigned* counters;  // one for each tile of rows, zero between calls
};

/// The last step: the factor of a token, alpha and beta. With beta = 0, y is only written.
LOWBIT_HD inline void write(const device_results& y, const float* token_factors, index_t token,
                            index_t row, float sum) {
  if (token_factors != nullptr) sum *= token_factors[token];
  sum *= y.factors.alpha;
  float& to = y.data[token * y.stride + row];
  to = y.factors.beta == 0 ? sum : sum + y.factors.beta * to;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
