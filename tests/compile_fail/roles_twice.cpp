// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two arguments of one role.
// expect: lowbit::quantize: two arguments are a range_search
// expect: lowbit::quantize: two arguments are a rounding_solver
// expect: lowbit::quantize: two arguments are an outlier_criterion
// expect: lowbit::quantize: two arguments are a level_source
// expect: lowbit::quantize: two arguments are an importance
// expect: lowbit::quantize: two arguments are an executor
// expect(g++): How = \{absmax, extremes\}
// expect(clang++): roles_of<lowbit::absmax, lowbit::extremes>
// expect(nvcc): How=<lowbit::v0::absmax, lowbit::v0::extremes>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/ranges/extremes.hpp>

namespace lb = lowbit;

int main() {
  using plain = lb::format<lb::uniform<4>>;
  using apart = lb::format<lb::uniform<4>, lb::per_row, lb::sparse<>>;
  using learned = lb::format<lb::vector_codebook<2, 1>>;
  const float data[8] = {}, ones[4] = {1, 1, 1, 1};
  const lb::matrix_view<const float> m(data, 2, 4);
  const lb::importance weights(ones);
  (void)lb::quantize<plain>(m, lb::nearest{}, weights, lb::serial{}, lb::absmax{});
  (void)lb::quantize<apart>(m, lb::top_k{1});
  (void)lb::quantize<learned>(m, lb::k_means{});
#ifdef LOWBIT_MUST_FAIL
  (void)lb::quantize<plain>(m, lb::absmax{}, lb::extremes{});
  (void)lb::quantize<plain>(m, lb::nearest{}, lb::nearest{});
  (void)lb::quantize<apart>(m, lb::top_k{1}, lb::top_fraction{});
  (void)lb::quantize<learned>(m, lb::k_means{}, lb::k_means{});
  (void)lb::quantize<plain>(m, weights, weights);
  (void)lb::quantize<plain>(m, lb::serial{}, lb::serial{});
#endif
}
