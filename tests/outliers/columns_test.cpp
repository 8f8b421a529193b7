// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/columns.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/gemm.hpp>
#include <lowbit/outliers/criteria/n_sigma.hpp>
#include <lowbit/outliers/criteria/user_mask.hpp>
#include <lowbit/outliers/criteria/user_score.hpp>
#include <lowbit/quantize.hpp>
#include <string>

#include "support/compiled_kernels.hpp"

namespace {
namespace lb = lowbit;
using F = lb::format<lb::uniform<4>, lb::per_row, lb::columns>;
const std::vector<float> values = {1, 2, 90, 3, -1, 2, -70, 1};
const lb::matrix_view<const float> w(values.data(), 2, 4);

TEST_CASE("the column of largest energy is kept and multiplied") {
  const auto q = lb::quantize<F>(w);
  CHECK(q.data().apart.indices == std::vector<std::uint32_t>{2});
  CHECK(q.view().at(0, 2) == 90);
  CHECK(q.view().at(1, 2) == -70);
  const float x[4] = {0, 0, 2, 0};
  float y[2];
  lb::gemm(q.view(), lb::matrix_view<const float>(x, 1, 4), lb::matrix_view<float>(y, 1, 2));
  CHECK(y[0] == 180);
  CHECK(y[1] == -140);
  auto broken = lb::quantize<F>(w, lb::user_columns({3, 1}));
  CHECK(broken.data().apart.indices == std::vector<std::uint32_t>{1, 3});
  broken.data().apart.indices[1] = 4;
  const lb::path at{nullptr, "outliers"};
  CHECK_THROWS_AS(broken.view().apart.validate(at, broken.shape()), lb::error);
}

TEST_CASE("criteria choose what they say") {
  using positions = std::vector<lb::position>;
  CHECK(lb::n_sigma(1.5f).pick(w, nullptr) == positions{{0, 2}, {1, 2}});
  const std::uint8_t mask[8] = {0, 1, 0, 0, 0, 0, 0, 1};
  CHECK(lb::user_mask({mask, 2, 4}).pick(w, nullptr) == positions{{0, 1}, {1, 3}});
  const float scores[8] = {0, 1, 2, 9, 0, 0, 0, 0};
  CHECK(lb::user_score({scores, 2, 4}, 0.125).pick(w, nullptr) == positions{{0, 3}});
  CHECK_THROWS_AS(lb::user_score({scores, 2, 4}, 2), lb::error);
}

/// What the check of the outliers says after a change of their arrays.
template <class Change>
std::string failure(Change change) {
  auto q = lb::quantize<F>(w, lb::user_columns({1, 3}));
  change(q.data().apart);
  try {
    q.view().apart.validate({nullptr, "outliers"}, q.shape());
  } catch (const lb::error& e) {
    CHECK(e.code() == lb::errc::corrupted);
    return e.what();
  }
  return "";
}

TEST_CASE("what an array promises is checked") {
  CHECK(failure([](auto&) {}) == "");
  CHECK(failure([](auto& d) { d.indices[1] = 4; }) ==
        "lowbit: outliers.columns: column 4, expected less than 4");
  CHECK(failure([](auto& d) { d.indices[1] = 1; }) ==
        "lowbit: outliers.columns: column 1 follows 1, expected a rising order");
  CHECK(failure([](auto& d) { d.values.pop_back(); }) ==
        "lowbit: outliers.values: 3 elements, expected 4");
  CHECK(failure([](auto& d) { d.values[2] = 0x7e00; }) ==
        "lowbit: outliers.values: element 2 is not finite");
}

TEST_CASE("a value beyond f16 is named, and matrices without rows or columns work") {
  std::vector<float> large = values;
  large[6] = 7e4f;
  CHECK_THROWS_WITH_AS(lb::quantize<F>(lb::matrix_view<const float>(large.data(), 2, 4)),
                       "lowbit: weights: the value to be kept apart at row 1, column 2 is "
                       "70000.000000, and f16 ends at 65504",
                       lb::error);
  CHECK(lb::quantize<F>(lb::matrix_view<const float>(nullptr, 0, 4)).shape().cols == 4);
  CHECK(lb::quantize<F>(lb::matrix_view<const float>(nullptr, 4, 0)).shape().rows == 4);
}

}  // namespace
