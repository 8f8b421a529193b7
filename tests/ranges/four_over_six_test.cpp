// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/four_over_six.hpp>

#include <doctest/doctest.h>

#include "ranges/normal_mse.hpp"

using namespace lowbit;

namespace {
using nvfp4_format = format<fp4_e2m1, microscaling<16, e4m3>>;

double error_of(const quantized_matrix<nvfp4_format>& q, matrix_view<const float> m,
                index_t first = 0, index_t count = 1 << 30, const float* weights = nullptr) {
  double sum = 0;
  for (index_t r = 0; r < m.rows(); ++r)
    for (index_t c = first; c < min_of(m.cols(), first + count); ++c) {
      const double d = double(q.view().at(r, c)) - double(m(r, c));
      sum += d * d * (weights == nullptr ? 1.0 : double(weights[c]));
    }
  return sum;
}
float tensor_scale(const quantized_matrix<nvfp4_format>& q) {
  float g = 0;
  std::memcpy(&g, q.data().main.groups.scale[0].groups.scale[0].codes.data(), 4);
  return g;
}
}  // namespace

TEST_CASE("a hand-made block: 2, 3 and 4 are levels when 4 is the top, not when 6 is") {
  std::vector<float> x(16, 0.f);
  x[0] = 4, x[1] = 3, x[2] = 2, x[3] = 1;
  const matrix_view<const float> m(x.data(), 1, 16);
  const auto q = quantize<nvfp4_format>(m, four_over_six{});
  CHECK(tensor_scale(q) == 4.f / 1536);
  CHECK(int(q.data().main.groups.scale[0].codes[0]) == int(e4m3::encode(384)));
  for (index_t c = 0; c < 16; ++c) CHECK(q.view().at(0, c) == doctest::Approx(x[std::size_t(c)]));
  CHECK(error_of(quantize<nvfp4_format>(m), m) > 0.01);
}

TEST_CASE("a block of 6, 3 and 1.5 keeps 6") {
  std::vector<float> x(16, 0.f);
  x[0] = 6, x[1] = -3, x[2] = 1.5f;
  const auto q = quantize<nvfp4_format>(matrix_view<const float>(x.data(), 1, 16), four_over_six{});
  CHECK(int(q.data().main.groups.scale[0].codes[0]) == int(e4m3::encode(256)));
  CHECK(q.view().at(0, 1) == doctest::Approx(-3));
}

TEST_CASE("no block is worse than with either choice alone") {
  const philox random{5};
  std::vector<float> x(64 * 16);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.normal(i) * float(1 + i / 16 % 7);
  const matrix_view<const float> m(x.data(), 1, index_t(x.size()));
  const auto plan = four_over_six{}.for_matrix<fp4_e2m1>(m);
  for (index_t b = 0; b < 64; ++b) {
    group_values<fp4_e2m1> block;
    block.values = span<const float>(x.data() + 16 * b, 16);
    const float top = detail::largest_magnitude(block);
    group_params<fp4_e2m1> six, four;
    six.scale[0] = plan.scales.on_level(top, 6);
    four.scale[0] = plan.scales.on_level(top, 4);
    const double chosen = group_error(block, plan.fit<fp4_e2m1>(block));
    CHECK(chosen <= group_error(block, six));
    CHECK(chosen <= group_error(block, four));
    CHECK(chosen == std::min(group_error(block, six), group_error(block, four)));
  }
}

TEST_CASE("never worse than plain NVFP4 on matrices of normal values, of any size and spread") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const philox random{seed};
    const index_t rows = 4 + index_t(seed % 5), cols = 100 + 37 * index_t(seed);
    std::vector<float> x(std::size_t(rows * cols));
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = random.normal(i) * (seed % 3 == 0 && i % 50 == 0 ? 8.f : 1.f) * 0.01f;
    const matrix_view<const float> m(x.data(), rows, cols);
    CHECK(error_of(quantize<nvfp4_format>(m, four_over_six{}), m) <
          error_of(quantize<nvfp4_format>(m), m));
  }
  CHECK(test::normal_mse<nvfp4_format>(four_over_six{}) < .0078);  // plain: .00906
}

TEST_CASE("importance decides which values the choice serves") {
  std::vector<float> x(16, 0.f);
  x[0] = 6, x[1] = 4, x[2] = 4.5f;  // 4 is a level with 6 on top, 4.5 (3 of 4) with 4
  const matrix_view<const float> m(x.data(), 1, 16);
  std::vector<float> w(16, 1.f);
  w[2] = 100;
  const auto serves_last = quantize<nvfp4_format>(m, four_over_six{}, importance(w));
  CHECK(serves_last.view().at(0, 2) == doctest::Approx(4.5));
  w[2] = 0.001f;
  w[1] = 100;
  const auto serves_second = quantize<nvfp4_format>(m, four_over_six{}, importance(w));
  CHECK(serves_second.view().at(0, 1) == doctest::Approx(4));
}
