// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/table_sets.hpp>

#include "kernels/products.hpp"

using test::check;
using namespace lowbit;
using kernels::row_ops;

namespace {

using two = table_set<normal_float<4>, iq4_nl_table>;
using three = table_set<uniform<2>, uniform<2, full_range>, uniform<2, centred>>;

std::vector<const row_ops*> targets() {
  std::vector<const row_ops*> all = {&kernels::ops_of(arch::scalar)};
  for (const arch a : {arch::avx2, arch::avx512, arch::neon})
    if (kernels::has_arch(a)) all.push_back(&kernels::ops_of(a));
  return all;
}

}  // namespace

// Sets of less than 16 levels are repeated.
static_assert(kernels::small_table_sets<two> && kernels::small_table_sets<learned_table_set<4, 8>>);
static_assert(!kernels::small_table_sets<learned_table_set<17, 8>>);
static_assert(kernels::set_stride<three> == 16 &&
              kernels::set_stride<learned_table_set<4, 6>> == 64);
static_assert(kernels::levels_of_sets<two>[16 + 3] == iq4_nl_table::decode(3));
static_assert(kernels::levels_of_sets<three>[16 + 7] == uniform<2, full_range>::decode(3));
static_assert(kernels::levels_of_sets<three>[32] == uniform<2, centred>::decode(0));

TEST_CASE("table_sets: every instruction set looks each group up in the set of its own") {
  for (const int bits : {1, 2, 3, 4, 5, 8}) {
    const int stride = bits <= 4 ? 16 : 1 << bits;
    std::vector<float> sets;
    for (int s = 0; s < 5; ++s)
      for (int c = 0; c < stride; ++c) sets.push_back(float(1000 * s + c % (1 << bits)));
    for (const index_t n : {1, 7, 16, 31, 64, 200, 1024})
      for (const index_t width : {1, 5, 8, 16, 32, 100, 4096})
        for (const index_t used : {index_t(0), width / 2}) {
          std::vector<std::uint8_t> codes(std::size_t(n + 128));
          std::vector<float> selector(std::size_t((used + n) / width + 1));
          for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = std::uint8_t(philox{1}.below(i, 1u << bits));
          for (std::size_t i = 0; i < selector.size(); ++i)
            selector[i] = float(philox{2}.below(i, 5));
          for (const row_ops* t : targets()) {
            std::vector<float> out(std::size_t(n + 64));
            t->levels_sets(codes.data(), n, width, used, selector.data(), sets.data(), bits,
                           out.data());
            int wrong = 0;
            for (index_t i = 0; i < n; ++i)
              wrong += out[std::size_t(i)] != 1000 * selector[std::size_t((used + i) / width)] +
                                                  float(codes[std::size_t(i)]);
            REQUIRE(wrong == 0);
          }
        }
  }
}

TEST_CASE("table_sets: products stay within the bound") {
  check<format<two, per_group<32>>>();
  check<format<two::per_row, per_group<12>>>();
  check<format<three, per_group<16>>>();
  check<format<learned_table_set<4, 4>::per_matrix, per_block<2, 8>>>();
  check<format<learned_table_set<3, 5>, per_row>>();
}
