// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every named format through the generic product, in lockstep.
#include <lowbit/kernels/device/row_product.hpp>

#include <lowbit/granularity/cross.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/table_set.hpp>

#include "support/compiled_kernels.hpp"
#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

/// All orders of blocks and warps give the bits of one.
template <template <class> class Input, class F, class T>
void check_orders(const quantized_matrix<F>& q, const std::vector<T>& x, index_t tokens) {
  const test::lockstep_runner::matrix<quantized_matrix<F>> w(q);
  const auto y = test::device_product<Input>(test::lockstep_runner{}, w, x, tokens);
  for (const lockstep_order order : {lockstep_order::reverse, lockstep_order::strided})
    CHECK(test::same_bits(y, test::device_product<Input>(test::lockstep_runner{order}, w, x,
                                                         tokens)));
}

}  // namespace

TEST_CASE("the generic product is right for every named format") {
  for (const extent shape : {extent{16, 512}, extent{37, 301}}) {
    test::random_matrix m(shape.rows, shape.cols, 3);
    for (std::size_t i = 64; i < 128; ++i) m.values[i] = 0;  // a group of zeros
    known_formats::for_each([&](auto entry) {
      CAPTURE(std::string(std::string_view(entry.name)));
      test::each_term(entry.quantize(m.view(), serial{}), [&](const auto& q) {
        test::check_matrix<canonical, float>(test::lockstep_runner{}, q,
                                             shape.rows == 16 ? 1 : 11);
      });
    });
  }
}
TEST_CASE("results do not depend on the order of blocks and warps") {
  const test::random_matrix m(50, 203, 4);
  const auto x = test::activations<float16>(9, 203);
  check_orders<test::real_input>(quantize<format<uniform<4>, per_group<32>>>(m.view()), x, 9);
  check_orders<test::a8_input>(quantize<format<uniform<4>, per_group<32>>>(m.view()), x, 9);
  check_orders<test::real_input>(
      quantize<format<uniform<3, asymmetric>, per_group<64>, low_rank<3>>>(m.view()), x, 9);
}
TEST_CASE("what is kept apart takes part: sparse, columns, low rank") {
  const test::random_matrix m(33, 140, 8);
  const auto check = [&]<class F>() {
    const auto q = quantize<F>(m.view());
    test::check_matrix<canonical, bfloat16>(test::lockstep_runner{}, q, 3);
  };
  check.template operator()<format<uniform<4>, per_group<32>, sparse<std::uint32_t>>>();
  check.template operator()<format<uniform<4>, per_group<32>, columns>>();
  check.template operator()<format<uniform<4>, per_group<32>, low_rank<5>>>();
  check.template operator()<format<uniform<4>, per_column, sparse<>>>();
}
TEST_CASE("factors of columns, levels of a matrix and sets of levels") {
  const test::random_matrix m(20, 130, 9);
  const auto check = [&]<class F>() {
    const auto q = quantize<F>(m.view());
    test::check_matrix<canonical, float16>(test::lockstep_runner{}, q, 2);
  };
  check.template operator()<format<uniform<4>, per_column>>();
  check.template operator()<format<uniform<4>, cross<15>>>();
  check.template operator()<format<learned_table<4>, per_group<32>>>();
  check.template operator()<format<learned_table<7, uniform<8>>, per_row>>();
  check.template operator()<format<table_set<normal_float<4>, iq4_nl_table>, per_group<32>>>();
  check.template operator()<format<uniform<8, asymmetric>, per_group<20>>>();
  check.template operator()<format<f16, unscaled>>();
}
