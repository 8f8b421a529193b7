// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/solvers/coder.hpp>

#include <doctest/doctest.h>

#include <lowbit/codebooks/trits5.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/outliers/criteria/user_mask.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <string>
#include <vector>

#include "support/random_matrix.hpp"

using namespace lowbit;

static_assert(solver_for<nearest, uniform<4>, per_row> && solver_for<nearest, trits5, per_row>);
static_assert(!solver_for<absmax, uniform<4>, per_row>);

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

/// Shows the coder to a function, then rounds to nearest.
template <class F>
struct looks : rounding_solver {
  F f;
  explicit looks(F look) : f(look) {}
  template <class Q, class G>
  void solve(coder<Q, G>& c) const {
    f(c);
    for (index_t r = 0; r < c.rows(); ++r) nearest{}.solve_row(c, r);
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

TEST_CASE("shape, groups and parameters, as they are stored") {
  const test::random_matrix m(7, 50, 1);
  using F = format<uniform<4, asymmetric>, per_block<2, 16, bf16>>;
  int seen = 0;
  const auto w = quantize<F>(
      m.view(), looks([&](auto& c) {
        ++seen;
        CHECK(c.rows() == 7);
        CHECK(c.cols() == 50);
        CHECK(c.blocks() == 50);
        CHECK(c.group_rows() == 2);
        CHECK(c.group_cols() == 16);
        CHECK(c.group(0, 0) == 0);
        CHECK(c.group(1, 49) == 3);
        CHECK(c.group(6, 17) == 13);
        for (index_t r = 0; r < 7; ++r)
          for (index_t k = 0; k < 50; ++k) {
            CHECK(c(r, k) == m(r, k));
            CHECK(bf16::decode(bf16::encode(c.params(r, k).scale[0])) == c.params(r, k).scale[0]);
          }
      }));
  CHECK(seen == 1);
}

TEST_CASE("nearest: no other code of the group is nearer") {
  const test::random_matrix m(4, 70, 2);
  const auto check = [&](const auto& w, int codes) {
    using Q = typename std::remove_cvref_t<decltype(w)>::plane_type::quantizer_type;
    for (index_t r = 0; r < 4; ++r)
      for (index_t c = 0; c < 70; ++c) {
        const float error = magnitude(w.at(r, c) - m(r, c));
        for (int k = 0; k < codes; ++k) {
          const float other = reconstruct<Q>(Q::decode(code_t(k)), w.main.params(r, c));
          CHECK(error <= magnitude(other - m(r, c)) * (1 + 1e-6f));
        }
      }
  };
  const auto nf4 = quantize<format<normal_float<4>, per_group<32>>>(m.view());
  check(nf4.view(), 16);
  const auto asym = quantize<format<uniform<3, asymmetric>, per_group<32>>>(m.view());
  check(asym.view(), 8);
  const auto tensor = quantize<format<uniform<4>, per_tensor>>(m.view(), nearest{});
  check(tensor.view(), 16);
}

TEST_CASE("encode says what the code decodes to, and the last code wins") {
  const test::random_matrix m(3, 20, 3);
  using F = format<uniform<4>, per_group<8>>;
  std::vector<float> said;
  const auto again = [&](auto& c) {
    for (index_t r = 0; r < c.rows(); ++r)
      for (index_t b = 0; b < c.blocks(); ++b) {
        c.encode(r, b, 1e6f);
        said.push_back(c.encode(r, b, -c.get(r, b)));
      }
  };
  (void)quantize<F>(m.view(), looks(again));
  const auto plain = quantize<F>(m.view());
  for (index_t r = 0; r < 3; ++r)
    for (index_t b = 0; b < 20; ++b)
      CHECK(said[std::size_t(20 * r + b)] == -plain.view().at(r, b));  // symmetric levels
}

TEST_CASE("a codebook's last block of a row is filled up with zeros") {
  const test::random_matrix m(2, 13, 4);
  const auto w = quantize<format<trits5, per_row>>(m.view(), looks([&](auto& c) {
                                                     CHECK(c.blocks() == 3);
                                                     const arr<float, 5> last = c.get(1, 2);
                                                     for (int i = 0; i < 5; ++i)
                                                       CHECK(last[i] == (i < 3 ? m(1, 10 + i) : 0));
                                                   }));
  CHECK(w.shape() == extent{2, 13});
}

TEST_CASE("factors of columns are divided out, so that errors and values live in one space") {
  const test::random_matrix m(6, 10, 5);
  using F = format<uniform<4>, cross<15, f32>>;
  std::vector<float> seen;
  const auto w = quantize<F>(m.view(), looks([&](auto& c) {
                               for (index_t r = 0; r < 6; ++r)
                                 for (index_t k = 0; k < 10; ++k) seen.push_back(c(r, k));
                             }));
  for (index_t r = 0; r < 6; ++r)
    for (index_t k = 0; k < 10; ++k)
      CHECK(seen[std::size_t(10 * r + k)] == div_rn(m(r, k), w.view().main.groups.column(k)));
}
