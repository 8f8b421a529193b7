// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/criteria/user_score.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>

using namespace lowbit;
using positions = std::vector<position>;

namespace {
const std::vector<float> values{1, 1, 1, 90, 1, 1, 1, 1};
const matrix_view<const float> m(values.data(), 2, 4);
const float gradient[8] = {0.5f, 0, 3, 0, 0, 0.25f, 0, -7};
const matrix_view<const float> scores(gradient, 2, 4);
}  // namespace

TEST_CASE("the largest scores, whatever the values are; a score is no magnitude") {
  CHECK(user_score(scores, 0.125).pick(m, nullptr) == positions{{0, 2}});
  CHECK(detail::checked(user_score(scores, 0.25).pick(m, nullptr), m.shape()) ==
        positions{{0, 0}, {0, 2}});
  CHECK(user_score(scores).pick(m, nullptr) == positions{});
}

TEST_CASE("SpQR's score err^2 / U^2 keeps apart what errs most for its curvature") {
  // Errors of rounding to integers, and the inverse Hessian's diagonal U: the caller's business.
  const std::vector<float> w{0.25f, 0.5f, 0.4f, 1.1f}, u{1, 10, 1, 0.1f};
  std::vector<float> score;
  for (std::size_t i = 0; i < 4; ++i) {
    const float e = w[i] - float(int(w[i]));
    score.push_back(e * e / (u[i] * u[i]));
  }
  const user_score criterion(matrix_view<const float>(score.data(), 1, 4), 0.5);
  const auto q = quantize<format<uniform<2>, per_row, sparse<>>>(
      matrix_view<const float>(w.data(), 1, 4), criterion);
  CHECK(q.data().apart.columns == std::vector<std::uint16_t>{2, 3});
}

TEST_CASE("of each row") {
  CHECK(user_score(scores, 0.25, outlier_scope::row).pick(m, nullptr) == positions{{0, 2}, {1, 1}});
}

TEST_CASE("scores of another shape, NaN at any place and wrong fractions are errors") {
  CHECK_THROWS_WITH_AS(user_score({gradient, 4, 2}).pick(m, nullptr),
                       "lowbit: user_score: 4 x 2, expected the 2 x 4 of the matrix", error);
  for (index_t i = 0; i < 8; ++i)
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      std::vector<float> with_bad(gradient, gradient + 8);
      with_bad[std::size_t(i)] = bad;
      CHECK_THROWS_WITH_AS(user_score({with_bad.data(), 2, 4}),
                           message("lowbit: user_score: the score at row ", i / 4, ", column ",
                                   i % 4, " is not finite")
                               .c_str(),
                           error);
    }
  CHECK_THROWS_WITH_AS(user_score(scores, 1.25),
                       "lowbit: user_score: fraction 1.250000, expected 0 to 1", error);
}
