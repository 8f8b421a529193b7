// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arguments that the format cannot use: the sentence says why, the type beside it which.
// expect: lowbit::quantize: an argument is none of: range_search, rounding_solver
// expect: lowbit::quantize: a range_search, but the format is unscaled
// expect: lowbit::quantize: this range_search does not fit the format's quantizer
// expect: lowbit::quantize: this range_search is for scales that are stored in another way
// expect: lowbit::quantize: this rounding_solver does not fit the format: it has neither 'solve_row
// expect: lowbit::quantize: an outlier_criterion, but the format picks no outliers
// expect: lowbit::quantize: this outlier_criterion does not fit the format's outliers: 'pick'
// expect: lowbit::quantize: a level_source, but the format's levels are in its type
// expect: lowbit::quantize: k_means, but the quantizer does not learn by it
// expect(g++): check_argument\(\) \[with Argument = lowbit::v0::minmax;
// expect(clang++): check_argument<lowbit::minmax,
// expect(nvcc): check_argument<Argument,F>\(\) \[with Argument=lowbit::v0::minmax,
#include <lowbit/codebooks/k_means.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/ranges/four_over_six.hpp>

namespace lb = lowbit;

struct no_solver : lb::rounding_solver {};

int main() {
  using plain = lb::format<lb::uniform<4>>;
  using nvfp4 = lb::format<lb::fp4_e2m1, lb::microscaling<16, lb::e4m3>>;
  using apart = lb::format<lb::uniform<4>, lb::per_row, lb::columns>;
  const float data[8] = {};
  const lb::matrix_view<const float> m(data, 2, 4);
  (void)lb::quantize<plain>(m);
  (void)lb::quantize<nvfp4>(m, lb::four_over_six{});
  (void)lb::quantize<apart>(m, lb::top_columns{1});
#ifdef LOWBIT_MUST_FAIL
  (void)lb::quantize<plain>(m, 4);
  (void)lb::quantize<lb::format<lb::f16, lb::unscaled>>(m, lb::absmax{});
  (void)lb::quantize<plain>(m, lb::minmax{});
  (void)lb::quantize<lb::format<lb::fp4_e2m1>>(m, lb::four_over_six{});
  (void)lb::quantize<plain>(m, no_solver{});
  (void)lb::quantize<plain>(m, lb::top_columns{1});
  (void)lb::quantize<apart>(m, lb::top_k{1});
  (void)lb::quantize<plain>(m, lb::k_means{});
  (void)lb::quantize<lb::format<lb::learned_table<3>>>(m, lb::k_means{});
#endif
}
