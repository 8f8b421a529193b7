// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of complex matrices, in lockstep: on tensor cores, beside sums in binary64.
#include <lowbit/kernels/device/axis_plan.hpp>
#include <lowbit/quantizers/complex_unit.hpp>

#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

/// Eight directions, and one scale.
struct compass {
  static constexpr int bits = 3;
  static constexpr float peak = 1;
  static constexpr complex32 decode(code_t code) {
    const float a[8] = {1, 0.75f, 0, -0.75f, -1, -0.75f, 0, 0.75f};
    return {a[code], a[(code + 6) % 8]};
  }
  static constexpr code_t encode(complex32 x) {
    code_t best = 0;
    for (code_t c = 1; c < 8; ++c) {
      const complex32 a = decode(best), b = decode(c);
      if (b.re * x.re + b.im * x.im > a.re * x.re + a.im * x.im) best = c;
    }
    return best;
  }
};

template <class F>
void check(std::initializer_list<index_t> counts) {
  static_assert(kernels::has_tensor_axes<F> && std::same_as<device_layout<F>, mma16>);
  constexpr index_t rows = 70, cols = 300;
  std::vector<complex32> values(rows * cols);
  const test::random_matrix re(rows, cols, 3), im(rows, cols, 4);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = {re.values[i], im.values[i]};
  const auto q = quantize<F>(matrix_view<const complex32>(values.data(), rows, cols));
  for (const index_t tokens : counts) {
    CAPTURE(tokens);
    test::check_matrix<mma16, complex32>(test::lockstep_runner{}, q, tokens);
    test::check_matrix<mma16, complex32>(test::lockstep_runner{lockstep_order::reverse, true}, q,
                                         tokens);
  }
}

}  // namespace

TEST_CASE("the fourth roots of unity, a scale for each axis") {
  check<format<complex_unit, per_group<64>>>({1, 3, 20});
}
TEST_CASE("a user's own complex levels") { check<format<compass, per_row>>({2}); }
TEST_CASE("alpha and beta meet complex results once") {
  using F = format<complex_unit, per_group<64>>;
  std::vector<complex32> values(16 * 64, complex32{0, 1});
  const auto q = quantize<F>(matrix_view<const complex32>(values.data(), 16, 64));
  const test::lockstep_runner::matrix w(repack<mma16>(q));
  const std::vector<complex32> x(64, complex32{1, 0.5f});
  const auto y = test::device_product<test::real_input>(test::lockstep_runner{}, w, x, 1);
  const auto z = test::device_product<test::real_input>(test::lockstep_runner{}, w, x, 1,
                                                        update{.alpha = 2, .beta = 3});
  CHECK(y[5] == complex32{-32, 64});
  CHECK(z[5] == complex32{-64 + 3 * 2, 128 + 3 * 0});
}
