// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/outliers/criteria/user_mask.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/solvers/coder.hpp>
#include <string>
#include <vector>

using namespace lowbit;

namespace {

/// Hands the error of every value on to its right neighbour.
struct carry_errors : rounding_solver {
  template <class Q, class G>
  void solve_row(coder<Q, G>& c, index_t r) const {
    for (index_t b = 0; b < c.blocks(); ++b) {
      const float error = sub_rn(c(r, b), c.encode(r, b, c(r, b)));
      if (b + 1 < c.blocks()) c(r, b + 1) = add_rn(c(r, b + 1), error);
    }
  }
};
/// Keeps what errs by more than a limit.
struct keep_large_errors : rounding_solver {
  float limit;
  explicit keep_large_errors(float l) : limit(l) {}
  template <class Q, class G>
  void solve_row(coder<Q, G>& c, index_t r) const {
    for (index_t b = 0; b < c.blocks(); ++b)
      if (magnitude(c(r, b) - c.encode(r, b, c(r, b))) > limit) {
        c.keep_apart(r, b);
        CHECK(c.is_apart(r, b));
        CHECK(c.encode(r, b, c(r, b)) == c(r, b));
      }
  }
};

const std::vector<float> values = {0.5f, -1.25f, 7, 100, 3, -2.75f, 0.25f, 1};
const matrix_view<const float> matrix(values.data(), 1, 8);
const std::vector<std::uint8_t> fourth = {0, 0, 0, 1, 0, 0, 0, 0};

template <class F>
std::vector<float> decoded(const quantized_matrix<F>& q) {
  std::vector<float> all;
  for (index_t c = 0; c < q.shape().cols; ++c) all.push_back(q.view().at(0, c));
  return all;
}

}  // namespace

TEST_CASE("a solver sees what is kept apart: it is exact, changed or not") {
  using w4 = format<uniform<4>, per_row, sparse<>>;
  const user_mask apart(matrix_view<const std::uint8_t>(fourth.data(), 1, 8));
  // The largest other value is 7, so that codes are the integers.
  CHECK(decoded(quantize<w4>(matrix, apart)) == std::vector<float>{0, -1, 7, 100, 3, -3, 0, 1});
  // 0.5 -> 0 leaves 0.5; -0.75 -> -1 leaves 0.25; 7.25 -> 7 leaves 0.25, which the value kept apart
  // takes and, being exact, does not hand on.
  CHECK(decoded(quantize<w4>(matrix, apart, carry_errors{})) ==
        std::vector<float>{0, -1, 7, 100.25f, 3, -3, 0, 2});
}

TEST_CASE("factors of columns are no obstacle") {
  using w4 = format<uniform<4>, cross<50>, sparse<>>;
  const user_mask apart(matrix_view<const std::uint8_t>(fourth.data(), 1, 8));
  CHECK(decoded(quantize<w4>(matrix, apart))[3] == 100);
  const float changed = decoded(quantize<w4>(matrix, apart, carry_errors{}))[3];
  CHECK(magnitude(changed - 100) < 1);
}

TEST_CASE("a solver keeps apart what it finds on its way") {
  using w4 = format<uniform<4>, per_row, sparse<>>;
  const auto q = quantize<w4>(matrix, top_k{1}, keep_large_errors{0.3f});
  CHECK(decoded(q) == std::vector<float>{0.5f, -1, 7, 100, 3, -3, 0.25f - 0.25f, 1});
  CHECK(q.data().apart.columns == std::vector<std::uint16_t>{0, 3});
}

TEST_CASE("a format without a place for single values says so") {
  const auto error_of = [](auto quantize_it) -> std::string {
    try {
      quantize_it();
    } catch (const error& e) {
      return e.what();
    }
    return "";
  };
  const std::string expected =
      "lowbit: rounding_solver: keeps a value apart, and the format has no place for it, expected "
      "sparse outliers";
  CHECK(error_of([] { quantize<format<uniform<4>, per_row>>(matrix, keep_large_errors{0.1f}); }) ==
        expected);
  CHECK(error_of([] {
          quantize<format<uniform<4>, per_row, columns>>(matrix, keep_large_errors{0.1f});
        }) == expected);
}

TEST_CASE("vectors with a value kept apart: the others are coded, that one is exact") {
  using vq = format<vector_codebook<4, 1>, per_row, sparse<>>;
  const user_mask apart(matrix_view<const std::uint8_t>(fourth.data(), 1, 8));
  // Two vectors, two entries: everything is exact up to the f16 of scale and entries.
  const std::vector<float> found = decoded(quantize<vq>(matrix, apart));
  for (std::size_t i = 0; i < 8; ++i)
    CHECK(found[i] == doctest::Approx(double(values[i])).epsilon(2e-3));
}
