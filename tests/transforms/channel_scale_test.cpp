// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/channel_scale.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

static_assert(!orthogonal_transform<channel_scale> && row_transform_of<channel_scale, complex32>);

TEST_CASE("activations are divided, weights multiplied") {
  const channel_scale t({2, 0.5f, 4});
  CHECK(apply(t, std::vector<float>{2, 2, 2}) == std::vector<float>{1, 4, 0.5f});
  CHECK(row(t, std::vector<float>{2, 2, 2}) == std::vector<float>{4, 1, 8});
  CHECK(inverse<float>(t, std::vector<float>{1, 4, 0.5f}, 3) == std::vector<float>{2, 2, 2});
  CHECK(apply(t, std::vector<complex32>{{2, 4}, {1, 0}, {0, 1}}) ==
        std::vector<complex32>{{1, 2}, {2, 0}, {0, 0.25f}});
}

TEST_CASE("powers of two are exact, other scales round twice") {
  std::vector<float> powers, any;
  for (int i = 0; i < 50; ++i) {
    powers.push_back(exp2_int(i % 9 - 4));
    any.push_back(0.3f + float(i) * 0.1f);
  }
  check_laws(channel_scale(powers), 50, 1e-14);
  check_laws(channel_scale(any), 50, 3e-7);
}

TEST_CASE("behind a matrix its columns are divided, results multiplied") {
  const std::vector<float> w = {2, 4, 6, 8};
  const channel_scale t({2, 0.5f});
  CHECK(transform_columns(t, matrix_view<const float>(w.data(), 2, 2)).values ==
        std::vector<float>{1, 2, 12, 16});
}

TEST_CASE("scales that are not positive and finite are errors") {
  CHECK_THROWS_WITH(
      channel_scale({1, 0}),
      "lowbit: scales: the scale of channel 1 is 0.000000, expected a positive finite "
      "number");
  CHECK_THROWS(channel_scale({-1}));
  CHECK_THROWS(channel_scale({__builtin_inff()}));
  CHECK_THROWS(channel_scale({__builtin_nanf("")}));
  CHECK_THROWS_WITH(channel_scale({1, 2}).transformed_size(3),
                    "lowbit: channel_scale: 2 scales for 3 values");
}
