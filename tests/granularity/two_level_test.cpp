// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/two_level.hpp>

#include <doctest/doctest.h>

#include "granularity/groups_of.hpp"

using namespace lowbit;

namespace {

using q4_k = format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>;
using q6_k = format<uniform<6, full_range>, two_level<16, 16, uniform<8, full_range>>>;
using q3_k = format<uniform<3, full_range>, two_level<16, 16, uniform<6, full_range>>>;
using spqr = format<uniform<3, real_zero>, two_level_rows<16, 16, uniform<3, real_zero>>>;

}  // namespace

// Codes of scales have no sign unless they say so.
static_assert(std::string_view(two_level<32, 8, uniform<6>>::name) ==
              "per_group<32,uniform<6,nonnegative>/per_group<8,f16>,*>");
static_assert(std::string_view(two_level<16, 16, uniform<8, full_range>>::name) ==
              "per_group<16,uniform<8,full_range>/per_group<16,f16>,*>");
static_assert(std::string_view(two_level_rows<16, 16, uniform<3, real_zero>>::name) ==
              "per_group<16,uniform<3,real_zero>/per_block<16,1,f16>,*>");

TEST_CASE("bits per weight are those of ggml's super-blocks") {
  const test::random_matrix m(16, 512, 1);
  CHECK(quantize<q4_k>(m.view()).bits_per_weight() == 4.5);
  CHECK(quantize<q6_k>(m.view()).bits_per_weight() == 6.5625);
  CHECK(quantize<q3_k>(m.view()).bits_per_weight() == 3.4375);
  // SpQR: scale and zero of 16 groups of 16: 3 bits each, and two scales and two zeros of f16.
  CHECK(quantize<spqr>(m.view()).bits_per_weight() == 3 + 6.0 / 16 + 64.0 / 256);
}

TEST_CASE("Q4_K: the value is d sc q + dmin m, each product rounded once") {
  const test::random_matrix m(3, 300, 2);  // the last group and the last super-block are short
  const auto w = quantize<q4_k>(m.view());
  const auto view = w.view();
  const auto& groups = view.main.groups;
  for (index_t r = 0; r < 3; ++r)
    for (index_t c = 0; c < 300; ++c) {
      const float d = f16::decode(groups.scale[0].groups.scale[0].code(r, c / 256)),
                  sc = float(groups.scale[0].code(r, c / 32)),
                  dmin = f16::decode(groups.zero.groups.scale[0].code(r, c / 256)),
                  least = float(groups.zero.code(r, c / 32));
      CHECK(w.view().at(r, c) == fma_rn(d * sc, float(w.view().main.code(r, c)), dmin * least));
      CHECK(d * sc >= 0);
      CHECK(dmin * least <= 0);  // minima contain 0
    }
}

TEST_CASE("SpQR: one super scale for 16 rows of a column of groups") {
  const test::random_matrix m(20, 40, 3);
  const auto w = quantize<spqr>(m.view());
  const auto view = w.view();
  const auto& scales = view.main.groups.scale[0];
  for (index_t r = 0; r < 20; ++r)
    for (index_t g = 0; g < 3; ++g) {
      CHECK(scales.params(r, g).scale[0] == scales.params(r / 16 * 16, g).scale[0]);
      CHECK(w.view().main.params(r, 16 * g).scale[0] == scales.at(r, g));
    }
  CHECK(scales.params(0, 0).scale[0] != scales.params(16, 0).scale[0]);
}

TEST_CASE("a scale that quantizes to zero makes its group what the zero says, never NaN") {
  std::vector<float> values(256, 1000.f);
  for (int i = 32; i < 64; ++i) values[std::size_t(i)] = 1e-3f;
  const auto w = quantize<q4_k>(matrix_view<const float>(values.data(), 1, 256));
  for (index_t c = 0; c < 256; ++c) {
    CHECK(is_finite(w.view().at(0, c)));
    CHECK(w.view().at(0, c) == doctest::Approx(c >= 32 && c < 64 ? 0.0 : 1000.0).epsilon(0.001));
  }
}
