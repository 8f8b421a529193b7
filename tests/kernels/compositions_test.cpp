// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of compositions that take different ways through the kernels.
#include "kernels/products.hpp"

using test::check;
using namespace lowbit;

TEST_CASE("products stay within the bound: tables, learned levels, codes of 5 to 7 bits") {
  check<format<normal_float<4>, per_group<64>>>(false);
  check<format<normal_float<3>, per_group<32>>>(false);
  check<format<uniform<6>, per_group<128>>>();
  check<format<uniform<7, full_range>, per_row>>();
  check<format<ternary, per_group<48>>>();
  check<format<binary, per_tensor>>();
  check<format<fp6_e3m2, per_group<32, e8m0>>>(false);
}
TEST_CASE("products stay within the bound: two levels of scales, outliers, a factor per column") {
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>();
  check<format<uniform<3>, per_group<32>, sparse<>>>();
  check<format<uniform<4>, per_column>>();
}

TEST_CASE("products stay within the bound: parameters of parameters, integers or not") {
  check<format<uniform<3>, two_level<16, 5, uniform<6, full_range>>, sparse<>>>();
  check<format<ternary, two_level<4, 8, uniform<6>>>>();
  check<format<uniform<7, minimum>, two_level<64, 3, uniform<7>>>>();
  check<format<uniform<8, minimum>, two_level<32, 8, uniform<6>>>>();
  check<format<uniform<4, real_zero>, two_level<16, 16, uniform<3, real_zero>>>>();
}

TEST_CASE("products stay within the bound: codebooks, and sums of them") {
  const auto check_vectors = []<class F>(F) {
    for (const index_t tokens : {1, 3}) {
      const test::operands o(40, 1100, tokens);
      const auto q = lowbit::quantize<F>(o.w.view());
      const auto tiles = repack<host_layout>(q);
      test::check_real<F, arch::runtime>(q.view(), o.x);
      CHECK(test::product<arch::runtime>(tiles.view(), o.x.view(), tokens) ==
            test::product<arch::runtime>(q.view(), o.x.view(), tokens));
      const auto integer = test::product<arch::runtime>(q.view(), as<a8>(o.x.view()), tokens);
      CHECK(test::product<arch::runtime>(tiles.view(), as<a8>(o.x.view()), tokens) == integer);
      const auto real = test::product<arch::runtime>(q.view(), o.x.view(), tokens);
      double error = 0, size = 0;
      for (std::size_t i = 0; i < real.size(); ++i) {
        error += std::pow(double(real[i]) - double(integer[i]), 2);
        size += std::pow(double(real[i]), 2);
      }
      CHECK(error < 0.002 * size);  // entries are rounded to int8
    }
  };
  check_vectors(format<vector_codebook<4, 6>, per_row>{});
  check_vectors(format<vector_codebook<8, 8>, per_group<64>>{});
  check_vectors(format<vector_codebook<2, 5>, per_row>{});
  check_vectors(format<residual<vector_codebook<4, 6>, vector_codebook<4, 5>>, per_row>{});
}
