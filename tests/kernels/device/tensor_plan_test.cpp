// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products on tensor cores, in lockstep: one format of each kind of codes, parameters and outliers,
// with few columns and with many, beside sums in binary64 and beside the host's.
#include <lowbit/granularity/cross.hpp>
#include <lowbit/kernels/device/tensor_plan.hpp>
#include <lowbit/outliers/low_rank.hpp>

#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

/// A user's own set: a table of eight levels, none of which the library knows.
struct fibonacci {
  static constexpr int bits = 3;
  static constexpr float levels[8] = {-8, -3, -1, 0, 1, 2, 5, 13};
  static constexpr float decode(unsigned code) { return levels[code]; }
  static constexpr unsigned encode(float x) {
    unsigned best = 0;
    for (unsigned c = 1; c < 8; ++c)
      if ((x - levels[c]) * (x - levels[c]) < (x - levels[best]) * (x - levels[best])) best = c;
    return best;
  }
};

/// As many multiprocessors as make small matrices share tiles or not.
template <class F, class T = float16>
void check(std::initializer_list<index_t> counts = {1, 34}) {
  CAPTURE(sizeof(T));
  const auto q = quantize<F>(test::random_matrix(150, 300, 3).view());
  static_assert(kernels::has_tensor_path<F>);
  for (const index_t tokens : counts) {
    CAPTURE(tokens);
    test::check_matrix<mma16, T>(test::lockstep_runner{}, q, tokens);
    if (tokens * index_t(sizeof(T)) > 64)
      test::check_matrix<mma16, T>(test::lockstep_runner{lockstep_order::forward, true}, q, tokens);
  }
}

}  // namespace

// Each kind of codes, of parameters and of outliers once: a composition takes half a second to
// compile for each kernel.
TEST_CASE("activations of every type") {
  check<format<uniform<4>, per_group<32>>>({1, 7, 13, 20, 70});
  check<format<uniform<4>, per_group<32>>, float>({1, 7, 20, 70});
  check<format<uniform<3, asymmetric>, per_group<64>, sparse<>>, bfloat16>({1, 13, 70});
}
TEST_CASE("codes of every kind") {
  check<format<fp8_e4m3, microscaling<32>>>();
  check<format<fibonacci, per_block<8, 32>>>();
  check<format<normal_float<4>, cross<50>>>();
  check<format<uniform<8>, per_row>>();
}
TEST_CASE("parameters of every kind") {
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>, low_rank<3>>>();
  check<format<fp4_e2m1, microscaling<16, e4m3>>>();
  check<format<uniform<5, real_zero>, per_group<96>>>();
  check<format<uniform<2, asymmetric>, two_level_rows<16, 16, uniform<3>>>>();
}
TEST_CASE("shapes with one row, one column, or less than a block") {
  for (const extent shape : {extent{1, 1}, {1, 4097}, {33, 1}, {16, 128}, {5000, 17}})
    test::check_matrix<mma16, float16>(test::lockstep_runner{},
                                       quantize<format<uniform<4>, per_group<32>>>(
                                           test::random_matrix(shape.rows, shape.cols, 3).view()),
                                       2);
}
TEST_CASE("rows enough for blocks of 256") {
  const auto q = quantize<format<uniform<4, asymmetric>, per_group<64>>>(
      test::random_matrix(1000, 300, 3).view());
  test::check_matrix<mma16, float16>(test::lockstep_runner{lockstep_order::reverse, true}, q, 70);
}
TEST_CASE("results do not depend on the order of blocks and warps") {
  const auto q = quantize<format<uniform<4, asymmetric>, per_group<64>>>(
      test::random_matrix(40, 1100, 3).view());
  const test::lockstep_runner::matrix w(repack<mma16>(q));
  for (const index_t tokens : {1, 16, 40}) {
    const auto x = test::activations<float16>(tokens, 1100);
    const auto real = test::device_product<test::real_input>(test::lockstep_runner{}, w, x, tokens);
    for (const auto order : {lockstep_order::reverse, lockstep_order::strided}) {
      const bool hopper = order == lockstep_order::reverse;  // there many int8 ones are values
      const test::lockstep_runner other{order, hopper}, first{lockstep_order::forward, hopper};
      CHECK(test::same_bits(real, test::device_product<test::real_input>(other, w, x, tokens)));
      CHECK(test::same_bits(test::device_product<test::a8_input>(first, w, x, tokens),
                            test::device_product<test::a8_input>(other, w, x, tokens)));
    }
  }
}
TEST_CASE("small integers give exact sums, whoever adds them") {
  constexpr index_t rows = 70, cols = 1300, tokens = 35;
  std::vector<float> values(rows * cols);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = float(int(i * 7 % 15) - 7);
  const auto q = quantize<format<uniform<4>, per_group<32>>>(
      matrix_view<const float>(values.data(), rows, cols), fixed_scale{1.f});
  const test::lockstep_runner::matrix w(repack<mma16>(q));
  std::vector<float16> x(tokens * cols);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float16(float(int(i * 5 % 9) - 4));
  const auto y = test::device_product<test::real_input>(test::lockstep_runner{}, w, x, tokens);
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < rows; ++r) {
      float sum = 0;
      for (index_t c = 0; c < cols; ++c)
        sum += values[std::size_t(r * cols + c)] * float(x[std::size_t(t * cols + c)]);
      wrong += y[std::size_t(t * rows + r)] != sum;
    }
  CHECK(wrong == 0);
}
TEST_CASE("infinities and NaN of activations reach their token and no other") {
  const auto q =
      quantize<format<uniform<4>, per_group<32>>>(test::random_matrix(20, 300, 3).view());
  const test::lockstep_runner::matrix w(repack<mma16>(q));
  auto x = test::activations<float>(3, 300);
  const auto right = test::device_product<test::real_input>(test::lockstep_runner{}, w, x, 3);
  x[300 + 17] = std::numeric_limits<float>::infinity();
  const auto y = test::device_product<test::real_input>(test::lockstep_runner{}, w, x, 3);
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(y[i] == right[i]);
    CHECK(!std::isfinite(y[20 + i]));
    CHECK(y[40 + i] == right[40 + i]);
  }
}
