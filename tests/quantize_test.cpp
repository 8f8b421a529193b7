// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// quantize and its arguments; what cannot compile: compile_fail/.
#include <lowbit/quantize.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <string>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using int4 = format<uniform<4>, per_group<16>>;
using apart = format<uniform<3>, per_group<16>, sparse<>>;

struct byte_lister {
  std::string& bytes;
  template <class T>
  void operator()(const path& at, element, const std::vector<T>& array) {
    bytes += at.str() + ":";
    bytes.append(reinterpret_cast<const char*>(array.data()), array.size() * sizeof(T));
  }
  template <class T>
  void operator()(const path&, element, const T& value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void derived(const auto&) {}
};
/// Everything that a matrix stores.
template <class F>
std::string bytes_of(const quantized_matrix<F>& w) {
  std::string bytes;
  matrix_data<F, owned>::each(byte_lister{bytes}, w.data());
  return bytes;
}

template <class F>
std::string failure(errc code, F f) {
  try {
    f();
  } catch (const error& e) {
    CHECK(e.code() == code);
    return e.what();
  }
  return "no error";
}

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN(),
                infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("NaN and infinity at any position are named by row and column") {
  const index_t rows = 5, cols = 19, stride = 21;
  std::vector<float> x(std::size_t(rows * stride), nan_value);  // between the rows: never read
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) x[std::size_t(r * stride + c)] = float(r - c);
  const matrix_view<const float> m(x.data(), rows, cols, stride);
  CHECK_NOTHROW(quantize<int4>(m));
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c)
      for (const float bad : {nan_value, infinity, -infinity}) {
        float& place = x[std::size_t(r * stride + c)];
        const float before = place;
        place = bad;
        const std::string expected =
            message("lowbit: weights: the value at row ", r, ", column ", c, " is not finite");
        CHECK(failure(errc::not_finite, [&] { quantize<int4>(m); }) == expected);
        CHECK(failure(errc::not_finite, [&] { quantize<apart>(m, top_k{95}); }) == expected);
        place = before;
      }
}

TEST_CASE("either part of a complex value may be the one that is not finite") {
  std::vector<complex32> z(6, complex32{1, 0});
  const matrix_view<const complex32> m(z.data(), 2, 3);
  for (const complex32 bad : {complex32{nan_value, 0}, complex32{0, infinity}}) {
    z[4] = bad;
    CHECK(failure(errc::not_finite, [&] { quantize<format<complex_unit>>(m); }) ==
          "lowbit: weights: the value at row 1, column 1 is not finite");
  }
}

TEST_CASE("importance: one weight per column or element, finite and not negative") {
  const test::random_matrix m(3, 4, 1);
  std::vector<float> w(12, 1.f);
  const auto with = [&](index_t rows, index_t cols) {
    return [&w, &m, rows, cols] {
      quantize<int4>(m.view(), importance(matrix_view<const float>(w.data(), rows, cols)));
    };
  };
  CHECK(failure(errc::shape_mismatch, with(1, 4)) == "no error");
  CHECK(failure(errc::shape_mismatch, with(3, 4)) == "no error");
  for (const extent e : {extent{1, 3}, extent{2, 4}, extent{4, 3}, extent{0, 0}})
    CHECK(failure(errc::shape_mismatch, with(e.rows, e.cols)) ==
          message("lowbit: importance: ", e.rows, " x ", e.cols,
                  " weights for a matrix of 3 x 4, expected one per column or one per element"));
  for (std::size_t i = 0; i < 12; ++i)
    for (const float bad : {nan_value, infinity, -1.f}) {
      w[i] = bad;
      CHECK(failure(errc::bad_argument, with(3, 4)) ==
            message("lowbit: importance: the weight at row ", i / 4, ", column ", i % 4,
                    " is negative or not finite, expected a finite weight of at least 0"));
      w[i] = 1;
    }
}

TEST_CASE("null data, and a group of weights that are all 0") {
  CHECK(failure(errc::bad_argument, [] {
          quantize<int4>(matrix_view<const float>(nullptr, 2, 3));
        }) == "lowbit: matrix_view: null data for 2 x 3");
  const test::random_matrix m(2, 16, 1);
  const std::vector<float> zeros(16, 0.f);
  const auto w = quantize<int4>(m.view(), mse_grid{}, importance(span<const float>(zeros)));
  for (index_t c = 0; c < 16; ++c) CHECK(is_finite(w.view().at(1, c)));
}

TEST_CASE("arguments in any order, and any number of threads, give the same bytes") {
  const test::random_matrix m(37, 50, 2);
  std::vector<float> weights;
  for (int c = 0; c < 50; ++c) weights.push_back(float(1 + c % 5));
  const importance w{span<const float>(weights)};
  const std::string expected = bytes_of(quantize<apart>(m.view(), mse_grid{}, w, top_k{9}));
  CHECK(bytes_of(quantize<apart>(m.view(), top_k{9}, serial{}, w, mse_grid{}, nearest{})) ==
        expected);
  for (const int threads : {1, 2, 3}) {
    const thread_pool pool(threads);
    CHECK(bytes_of(quantize<apart>(m.view(), pool, w, top_k{9}, mse_grid{})) == expected);
  }
  CHECK(bytes_of(quantize<apart>(m.view(), w, top_k{9})) != expected);
}

TEST_CASE("rows with a stride, mutable and foreign matrices are quantized alike") {
  const test::random_matrix m(4, 33, 3);
  const std::string expected = bytes_of(quantize<int4>(m.view()));
  std::vector<float> wide(4 * 40, 1e30f);
  for (index_t r = 0; r < 4; ++r)
    for (index_t c = 0; c < 33; ++c) wide[std::size_t(r * 40 + c)] = m(r, c);
  CHECK(bytes_of(quantize<int4>(matrix_view<const float>(wide.data(), 4, 33, 40))) == expected);
  CHECK(bytes_of(quantize<int4>(matrix_view<float>(wide.data(), 4, 33, 40))) == expected);

  struct mdspan_like {
    const float* data;
    const float* data_handle() const { return data; }
    index_t extent(int d) const { return d == 0 ? 4 : 33; }
    index_t stride(int d) const { return d == 0 ? 40 : 1; }
  };
  CHECK(bytes_of(quantize<int4>(mdspan_like{wide.data()})) == expected);
}

TEST_CASE("the matrix stays as it was") {
  test::random_matrix m(6, 20, 4);
  const std::vector<float> before = m.values;
  (void)quantize<apart>(m.view(), top_k{3});
  CHECK(m.values == before);
}

TEST_CASE("matrices of any shape") {
  for (const extent e : {extent{0, 0}, extent{0, 7}, extent{7, 0}, extent{1, 1}, extent{1, 16},
                         extent{3, 17}, extent{40, 1}}) {
    const test::random_matrix m(e.rows, e.cols, 5);
    const auto w = quantize<int4>(m.view());
    CHECK(w.shape() == e);
    CHECK(w.bytes() == e.rows * (ceil_div(e.cols, 2) + 2 * ceil_div(e.cols, 16)));
    CHECK(quantize<apart>(m.view()).shape() == e);
  }
}

TEST_CASE("given levels are taken as they are") {
  const test::random_matrix m(8, 32, 6);
  using learned = format<learned_table<2>, per_row>;
  const auto first = quantize<learned>(m.view());
  const test::random_matrix other(8, 32, 7);
  const auto second = quantize<learned>(other.view(), given_levels(first.data().main.levels));
  for (code_t c = 0; c < 4; ++c)
    CHECK(second.view().main.levels.decode(c) == first.view().main.levels.decode(c));
  const auto learned_anew = quantize<learned>(other.view());
  CHECK(learned_anew.view().main.levels.decode(0) != first.view().main.levels.decode(0));
}

namespace {
/// Rounds up, row by row.
struct always_up : rounding_solver {
  template <class Q, class G>
  void solve_row(coder<Q, G>& c, index_t r) const {
    for (index_t b = 0; b < c.blocks(); ++b) {
      const float step = c.params(r, b).scale[0];
      c.encode(r, b, c.get(r, b) + 0.4999f * step);
    }
  }
};
struct gives_up : rounding_solver {
  template <class Q, class G>
  void solve(coder<Q, G>&) const {
    fail(errc::unsupported, "solver", "gives up");
  }
};
}  // namespace

TEST_CASE("a user's solver finds the codes, and what it throws arrives") {
  const test::random_matrix m(5, 16, 8);
  const auto w = quantize<int4>(m.view(), always_up{});
  const auto nearest_codes = quantize<int4>(m.view());
  int larger = 0;
  for (index_t r = 0; r < 5; ++r)
    for (index_t c = 0; c < 16; ++c) {
      CHECK(w.view().at(r, c) >= nearest_codes.view().at(r, c));
      larger += w.view().at(r, c) > nearest_codes.view().at(r, c);
    }
  CHECK(larger > 20);
  CHECK(failure(errc::unsupported, [&] { quantize<int4>(m.view(), gives_up{}); }) ==
        "lowbit: solver: gives up");
}
