// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <algorithm>

#include "systems.hpp"

namespace test {

/// The host's positions, and the host's compressed rows of them.
template <class System, class Criterion>
void check_outliers(lb::index_t rows, lb::index_t cols, const Criterion& how, bool steps,
                    lb::index_t weight_rows = 0) {
  CAPTURE(rows);
  CAPTURE(cols);
  CAPTURE(steps);
  CAPTURE(weight_rows);
  const lb::index_t stride = cols + 3;
  const std::vector<float> values = some_values(rows * stride, 11, steps);
  std::vector<float> weights = some_values(weight_rows * cols, 12, true);
  for (float& w : weights) w = w > 0 ? w : -0.f;  // which is 0, whatever its bits
  const lb::matrix_view<const float> m(values.data(), rows, cols, stride);
  const lb::importance importance(
      lb::matrix_view<const float>(weights.data(), weight_rows, cols));
  const auto kept =
      lb::detail::checked(how.pick(m, weight_rows > 0 ? &importance : nullptr), m.shape());
  std::vector<lb::index_t> expected;
  for (const lb::position& p : kept) expected.push_back(p.row * cols + p.col);

  typename System::template array<float> x(values.data(), values.size());
  typename System::template array<float> w(weights.data(), weights.size());
  typename System::template array<lb::index_t> at(std::size_t(rows * cols));
  const lb::matrix_view<const float> in(x.data(), rows, cols, stride);
  const auto select = [&](lb::span<lb::index_t> out) {
    if constexpr (requires { how.multiple; })
      return lb::offline::select_outliers(System::policy(), in, how, out);
    else if (weight_rows == 0)
      return lb::offline::select_outliers(System::policy(), in, how, out);
    else
      return lb::offline::select_outliers(
          System::policy(), in, how, out,
          lb::matrix_view<const float>(w.data(), weight_rows, cols));
  };
  const lb::index_t n = select({});
  REQUIRE(n == lb::index_t(expected.size()));
  CHECK(select({at.data(), n}) == n);
  CHECK(same_bytes(at.data(), expected));

  const auto stored = lb::sparse<>::store<float>(m, kept);
  typename System::template array<std::uint32_t> starts(std::size_t(rows + 1));
  typename System::template array<std::uint16_t> columns(expected.size()), halves(expected.size());
  lb::offline::compress_rows<std::uint16_t>(
      System::policy(), in, lb::span<const lb::index_t>(at.data(), n),
      {starts.data(), columns.data(), halves.data()});
  CHECK(same_bytes(starts.data(), stored.row_starts));
  CHECK(same_bytes(columns.data(), stored.columns));
  CHECK(same_bytes(halves.data(), stored.values));
}

template <class System>
void check_all_outliers() {
  using lb::outlier_scope;
  for (const bool steps : {false, true}) {
    check_outliers<System>(13, 57, lb::top_k(100), steps);
    check_outliers<System>(13, 57, lb::top_k(5, outlier_scope::row), steps);
    check_outliers<System>(9, 40, lb::top_fraction(0.1), steps, 1);
    check_outliers<System>(9, 40, lb::top_fraction(0.1, outlier_scope::row), steps, 9);
    check_outliers<System>(17, 70, lb::n_sigma(1.5f), steps);
    check_outliers<System>(17, 70, lb::n_sigma(2, outlier_scope::row), steps);
  }
  check_outliers<System>(2, 3, lb::top_k(99), false);
  check_outliers<System>(2, 3, lb::top_k(0), false);
  check_outliers<System>(0, 3, lb::top_k(1), false);
  check_outliers<System>(3, 0, lb::n_sigma(1, outlier_scope::row), false);
}

}  // namespace test
