// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/complex_unit.hpp"
#include "../storage/quantize_linear.hpp"
#include "../transforms/hadamard.hpp"
#include "list.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Weights in another basis: these entries are linears. (Their types are spelled out, because
// linear_for would compile them for everybody who includes this.)

/// Random signs and one Hadamard matrix over all columns, zeros filling them up to a power of two.
struct int4_g64_hadamard {
  using codes = format<uniform<4>, per_group<64>>;
  using matrix_type = linear<chain<hadamard>, std::tuple<quantized_matrix<codes>>, chain<>>;
  static constexpr auto name = text("int4_g64_hadamard");
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return quantize_linear<codes>(weights, hadamard{.seed = 1}, threads);
  }
};
/// A pair of complex matrices of +-1, +-i; a group is 64 complex values.
struct complex_unit_g64 {
  using codes = format<complex_unit, per_group<64>>;
  using matrix_type = widely_linear_sum<codes>;
  static constexpr auto name = text("complex_unit_g64");
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return quantize_widely_linear<codes>(weights, threads);
  }
};
/// Two such pairs, the second coding what the first leaves.
struct complex_unit_x2_g64 {
  using codes = format<complex_unit, per_group<64>>;
  using matrix_type = widely_linear_sum<codes, codes>;
  static constexpr auto name = text("complex_unit_x2_g64");
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return quantize_widely_linear<codes, codes>(weights, threads);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
