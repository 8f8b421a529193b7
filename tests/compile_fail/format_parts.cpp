// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parts that do not fit each other.
// expect: lowbit::format: the granularity must have 'block_rows', 'block_cols' and 'params_shape
// expect: lowbit::format: a group must hold whole codes: block_cols % dim == 0
// expect: lowbit::format: this granularity cannot hold the quantizer's parameters
// expect: lowbit::format: these outliers cannot hold the quantizer's values
// expect: lowbit::uniform: one bit has no zero, use binary
// expect: lowbit::low_rank: the rank must be at least 1
// expect: lowbit::sparse: the index of a column is std::uint16_t or std::uint32_t
// expect: lowbit::table: the levels must be finite and distinct
#include <lowbit/codebooks/trits5.hpp>
#include <lowbit/format.hpp>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/table.hpp>
#include <lowbit/quantizers/uniform.hpp>

namespace lb = lowbit;

struct different_levels {
  static constexpr float levels[] = {-1, 0, 1};
};
struct equal_levels {
  static constexpr float levels[] = {-1, 0, 0, 1};
};
struct not_a_granularity {};

int main() {
  (void)sizeof(lb::format<lb::trits5, lb::per_group<40>>);
  (void)sizeof(lb::format<lb::uniform<4>, lb::per_column, lb::low_rank<2>>);
  (void)sizeof(lb::format<lb::complex_unit, lb::per_row, lb::sparse<std::uint32_t>>);
  (void)sizeof(lb::format<lb::table<different_levels>>);
#ifdef LOWBIT_MUST_FAIL
  (void)sizeof(lb::format<lb::uniform<4>, not_a_granularity>);
  (void)sizeof(lb::format<lb::trits5, lb::per_group<32>>);
  (void)sizeof(lb::format<lb::uniform<4, lb::asymmetric>, lb::per_column>);
  (void)sizeof(lb::format<lb::complex_unit, lb::per_row, lb::low_rank<2>>);
  (void)sizeof(lb::uniform<1>);
  (void)sizeof(lb::low_rank<0>);
  (void)sizeof(lb::sparse<int>);
  (void)sizeof(lb::table<equal_levels>);
#endif
}
