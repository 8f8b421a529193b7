// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every kernel once, on small shapes with tails: what compute-sanitizer watches, which slows a
// program down a hundred times (scripts/gpu_checks).
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/low_rank.hpp>

#include "runner.hpp"

using namespace lowbit;

namespace {

template <class F, class Layout, class T>
void check() {
  CAPTURE(std::string(format_name<F>));
  const auto q = quantize<F>(test::random_matrix(37, 301, 3).view());
  for (const index_t tokens : {1, 3, 17, 34})
    test::check_matrix<Layout, T>(test::cuda_runner{}, q, tokens);
}

}  // namespace

TEST_CASE("a short walk through every kernel") {
  if (!test::has_gpu()) return;
  check<format<uniform<4>, per_group<32>>, mma16, float16>();
  check<format<uniform<4>, per_group<32>>, mma16, bfloat16>();
  check<format<uniform<4>, per_group<32>>, mma16, float>();
  check<format<uniform<4>, per_group<32>>, canonical, float>();
  check<format<uniform<3, asymmetric>, per_group<64>, sparse<>>, mma16, float16>();
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>, low_rank<3>>, mma16, float16>();
  check<format<uniform<8>, per_row, columns>, mma16, float16>();
  check<format<fp4_e2m1, microscaling<16, e4m3>>, mma16, float16>();
  check<format<normal_float<4>, per_group<64>>, mma16, float>();
  check<format<ternary, per_group<64>>, mma16, float16>();
  check<format<vector_codebook<4, 8>, per_row>, mma16, float16>();
  check<format<vector_codebook<4, 8>, per_row>, canonical, float16>();
}
