// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/per.hpp>

#include <doctest/doctest.h>

#include "granularity/groups_of.hpp"

using namespace lowbit;

namespace {

constexpr index_t rows = 7, cols = 50;

/// The scale of every value is that of its group: largest magnitude / 7, rounded to f16.
template <class G>
void check_scales(index_t height, index_t width) {
  CAPTURE(std::string_view(G::name));
  const test::random_matrix m(rows, cols, 1);
  const auto w = quantize<format<uniform<4>, G>>(m.view());
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) {
      const float top = test::largest_in(m, r / height * height, height, c / width * width, width);
      CHECK(w.view().main.params(r, c).scale[0] == f16::decode(f16::encode(top / 7)));
    }
  const index_t groups = ceil_div(rows, height) * ceil_div(cols, width);
  CHECK(w.bytes() == rows * cols / 2 + 2 * groups);
}

}  // namespace

static_assert(std::string_view(per_tensor::name) == "per_tensor<f16>");
static_assert(std::string_view(per_row::name) == "per_row<f16>");
static_assert(std::string_view(per_row::with<f32>::name) == "per_row<f32>");
static_assert(std::string_view(per_group<64>::name) == "per_group<64,f16>");
static_assert(std::string_view(per_group<64, bf16>::name) == "per_group<64,bf16>");
static_assert(std::string_view(per_block<8, 32>::name) == "per_block<8,32,f16>");
static_assert(std::same_as<per_block<1, 32>, per_group<32>>);

TEST_CASE("every value has the scale of its group; groups at the edges may be short") {
  check_scales<per_tensor>(rows, cols);
  check_scales<per_row>(1, cols);
  check_scales<per_group<16>>(1, 16);
  check_scales<per_group<1>>(1, 1);
  check_scales<per_group<64>>(1, 64);  // one short group
  check_scales<per_block<3, 20>>(3, 20);
}

TEST_CASE("the number of groups, of empty matrices too") {
  CHECK(per_tensor::params_shape({5, 9}) == extent{1, 1});
  CHECK(per_row::params_shape({5, 9}) == extent{5, 1});
  CHECK(per_group<4>::params_shape({5, 9}) == extent{5, 3});
  CHECK(per_block<2, 4>::params_shape({5, 9}) == extent{3, 3});
  CHECK(per_tensor::params_shape({0, 9}) == extent{0, 1});
  CHECK(per_row::params_shape({5, 0}) == extent{5, 0});
  CHECK(per_block<2, 4>::params_shape({0, 0}) == extent{0, 0});
}
