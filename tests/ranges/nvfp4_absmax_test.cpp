// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/nvfp4_absmax.hpp>

#include <doctest/doctest.h>

#include "ranges/golden_input.hpp"
#include "ranges/normal_mse.hpp"

using namespace lowbit;

namespace {
using nvfp4_format = format<fp4_e2m1, microscaling<16, e4m3>>;
using matrix = quantized_matrix<nvfp4_format>;

matrix coded(const std::vector<float>& x, index_t rows = 1) {
  return quantize<nvfp4_format>(
      matrix_view<const float>(x.data(), rows, index_t(x.size()) / rows));
}
float tensor_scale(const matrix& q) {
  float g = 0;
  std::memcpy(&g, q.data().main.groups.scale[0].groups.scale[0].codes.data(), 4);
  return g;
}
int block_scale(const matrix& q, std::size_t block) {
  return q.data().main.groups.scale[0].codes[block];
}
}  // namespace

TEST_CASE("golden: NVFP4") {
  const std::vector<float> x = test::golden_input(64);
  const matrix q = coded(x);
  CHECK(tensor_scale(q) == 7.44047619e-4f);
  CHECK(block_scale(q, 0) == 0x7e);
  CHECK(block_scale(q, 1) == 0x7e);
  CHECK(block_scale(q, 2) == 0x7d);
  CHECK(block_scale(q, 3) == 0x7e);
  CHECK(test::digits(q) == "fb5e96e27c4fa5e06d27c4fa6e16d37b5f96e27d4fb5e86e27c4fa5e06d37c5f");
  double sum = 0;
  for (index_t c = 0; c < 64; ++c) {
    const double d = double(q.view().at(0, c)) - double(x[std::size_t(c)]);
    sum += d * d;
  }
  CHECK(sum / 64 == doctest::Approx(.0151438565).epsilon(1e-6));
}

TEST_CASE("the squared error on normal data, below that of any MX scale") {
  CHECK(test::normal_mse<nvfp4_format>() == doctest::Approx(.009063).epsilon(.01));
}

TEST_CASE("the largest block has the top scale, a tiny one the clamped scale 2^-6") {
  std::vector<float> x(48, 0.f);
  x[0] = 600;    // block scale 448
  x[16] = 1e-4f;  // far below
  const matrix q = coded(x);
  CHECK(tensor_scale(q) == 600.f / 2688);
  CHECK(block_scale(q, 0) == 0x7e);
  CHECK(e4m3::decode(code_t(block_scale(q, 1))) == exp2_int(-6));
  CHECK(e4m3::decode(code_t(block_scale(q, 2))) == exp2_int(-6));  // all zero
  CHECK(q.view().at(0, 0) == doctest::Approx(600));
  CHECK(q.view().at(0, 16) == 0);
  CHECK(q.view().at(0, 32) == 0);
}

TEST_CASE("zeros and no values at all") {
  const matrix zeros = coded(std::vector<float>(40, 0.f), 2);
  CHECK(tensor_scale(zeros) == 1);
  CHECK(zeros.view().at(1, 19) == 0);
  CHECK(coded({}, 1).shape().cols == 0);
  const matrix one = coded({-2.5f});
  CHECK(one.view().at(0, 0) == doctest::Approx(-2.5));
}

TEST_CASE("values at the ends of binary32 stay finite") {
  for (const float v : {3.4e38f, 1e-38f, 1e-44f}) {
    const matrix q = coded({v, -v, v / 2, 0});
    for (index_t c = 0; c < 4; ++c) CHECK(is_finite(q.view().at(0, c)));
  }
}
