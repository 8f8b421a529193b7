// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/entry_tables.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::entry_tables;
using kernels::small_codebook;

namespace {
using six = vector_codebook<4, 6>;
using three = vector_codebook<4, 3>;
using sum = residual<residual<six, three>, vector_codebook<4, 4>>;
using right = residual<six, residual<three, three>>;
}  // namespace

TEST_CASE("entry tables: one of a codebook, one for each part of a sum nested on the left") {
  CHECK(entry_tables<six>::count == 1);
  CHECK(entry_tables<six>::size == 64);
  using of = entry_tables<sum>;
  CHECK(of::count == 3);
  CHECK(of::size == 64 + 8 + 16);
  const int bits[] = {6, 3, 4}, first[] = {0, 6, 9}, offset[] = {0, 64, 72};
  for (int t = 0; t < 3; ++t) {
    CHECK(of::bits(t) == bits[t]);
    CHECK(of::first_bit(t) == first[t]);
    CHECK(of::offset(t) == offset[t]);
  }
  CHECK(entry_tables<right>::count == 2);  // its order of additions is another one
  CHECK(entry_tables<right>::bits(1) == 6);
}

TEST_CASE("entry tables: what a code decodes to is the sum of its entries, in their order") {
  const test::random_matrix w(16, 128, 3);
  const auto q = quantize<format<sum, per_row>>(w.view());
  const auto view = q.view();
  const auto& state = view.main.stored_levels();
  std::vector<arr<float, 4>> all;
  entry_tables<sum>::each(state, [&](index_t i, const arr<float, 4>& entry) {
    CHECK(i == index_t(all.size()));
    all.push_back(entry);
  });
  REQUIRE(index_t(all.size()) == entry_tables<sum>::size);
  int wrong = 0;
  for (code_t c = 0; c < 1u << 13; ++c) {
    const arr<float, 4> exact = state.decode(c);
    for (int i = 0; i < 4; ++i)
      wrong += exact[i] != (all[c & 63][i] + all[64 + (c >> 6 & 7)][i]) + all[72 + (c >> 9)][i];
  }
  CHECK(wrong == 0);
}

TEST_CASE("entry tables: which codebooks are small") {
  CHECK(small_codebook<six>);
  CHECK(small_codebook<vector_codebook<8, 12>>);
  CHECK(!small_codebook<vector_codebook<8, 13>>);
  CHECK(small_codebook<residual<vector_codebook<8, 8>, vector_codebook<8, 8>>>);
  CHECK(!small_codebook<vector_codebook<4, 6, f16, complex32>>);
  CHECK(!small_codebook<uniform<4>>);
  CHECK(!small_codebook<complex_unit>);
}
