// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../kernels/int8_levels.hpp"
#include "compare.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The same for the values that products with int8 activations multiply by: levels as int8. Where
/// the level set's are integers times a power of two (uniform, E2M1, ternary ...) or the format has
/// no integer products, these are the values of `compare`; else levels are rounded to
/// peak / 127 steps (NF4, user tables), and what this finds beyond `compare` is the price.
///
/// Shapes must agree, else error shape_mismatch. Allocates one row. A report, code by code.
template <format_like F>
comparison compare_int8(std::type_identity_t<matrix_view<const typename F::value_type>> original,
                        const quantized_view<F>& w) {
  using Q = typename F::quantizer_type;
  if constexpr (!kernels::has_int8_path<F>) {
    return compare(original, w);
  } else {
    constexpr int dim = dim_of<Q>;
    kernels::int8_table_for<Q> table{};
    kernels::make_int8_levels<Q>(w.main.stored_levels(), 0, table);
    std::vector<float> row(static_cast<std::size_t>(w.cols()));
    return detail::compare_rows<float>(original, w.shape(), w.bytes(), [&](index_t r) {
      for (index_t c = 0; c < w.cols(); ++c) {
        const int level = table.level(w.main.code(r, c / dim), int(c % dim));
        const float value = mul_rn(float(level), table.unit) + table.zero_shift;
        row[std::size_t(c)] = reconstruct<Q>(value, w.main.params(r, c));
      }
      w.apart.add_row(r, row.data());
      return row.data();
    });
  }
}

}  // namespace lowbit::inline LOWBIT_ABI
