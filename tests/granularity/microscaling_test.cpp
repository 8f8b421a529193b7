// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/microscaling.hpp>

#include <doctest/doctest.h>

#include "granularity/groups_of.hpp"

using namespace lowbit;

namespace {
using mxfp4 = format<fp4_e2m1, microscaling<32>>;
using nvfp4 = format<fp4_e2m1, microscaling<16, e4m3>>;
}  // namespace

static_assert(std::same_as<microscaling<32>, per_group<32, e8m0>>);
static_assert(std::string_view(microscaling<32>::name) == "per_group<32,e8m0>");
static_assert(std::string_view(microscaling<16, e4m3>::name) ==
              "per_group<16,e4m3fn/per_tensor<f32>>");

TEST_CASE("MX: a power of two for 32 values, a quarter bit per weight") {
  const test::random_matrix m(4, 128, 1);
  const auto w = quantize<mxfp4>(m.view());
  CHECK(w.bits_per_weight() == 4.25);
  for (index_t r = 0; r < 4; ++r)
    for (index_t g = 0; g < 4; ++g) {
      // OCP: 2^(floor(log2 max) - 2), 2 being the exponent of E2M1's largest level.
      const float top = test::largest_in(m, r, 1, 32 * g, 32);
      CHECK(w.view().main.params(r, 32 * g).scale[0] == exp2_int(ilog2(top) - 2));
    }
}

TEST_CASE("NVFP4: an e4m3 for 16 values times one f32, half a bit per weight and 32 bits") {
  const test::random_matrix m(4, 128, 2);
  const auto w = quantize<nvfp4>(m.view());
  CHECK(w.bytes() == 4 * 128 / 2 + 4 * 128 / 16 + 4);
  const float tensor = w.view().main.groups.scale[0].params(0, 0).scale[0];
  CHECK(tensor == test::largest_in(m, 0, 4, 0, 128) / (448 * 6));
  for (index_t r = 0; r < 4; ++r)
    for (index_t g = 0; g < 8; ++g) {
      const float s = w.view().main.params(r, 16 * g).scale[0] / tensor;
      CHECK(e4m3::decode(e4m3::encode(s)) == doctest::Approx(s).epsilon(1e-6));
      CHECK(s * tensor == doctest::Approx(test::largest_in(m, r, 1, 16 * g, 16) / 6).epsilon(0.07));
    }
}
