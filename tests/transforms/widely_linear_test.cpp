// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/widely_linear.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

static_assert(transform_of<widely_linear, float> && !transform_of<widely_linear, complex32>);
static_assert(std::same_as<transformed<widely_linear, float>, complex32>);
static_assert(!row_transform_of<widely_linear, float>, "rows become pairs: see split");

namespace {
matrix_view<const float> view(const std::vector<float>& a, index_t rows, index_t cols) {
  return {a.data(), rows, cols};
}
/// Weights as files have them: multiples of 2^-12 below 1.
std::vector<float> short_values(index_t n) {
  std::vector<float> a = normal_values(n);
  for (float& x : a) x = float(round_int(mul_rn(x, 1000))) * exp2_int(-12);
  return a;
}
}  // namespace

TEST_CASE("halves of the values are real and imaginary parts, an odd one is filled up with 0") {
  const widely_linear t;
  CHECK(apply(t, std::vector<float>{1, 2, 3, 4}) == std::vector<complex32>{{1, 3}, {2, 4}});
  CHECK(apply(t, std::vector<float>{1, 2, 3}) == std::vector<complex32>{{1, 3}, {2, 0}});
  for (index_t n = 0; n < 6; ++n) {
    const auto x = normal_values(n);
    CHECK(inverse<float>(t, apply(t, x), n) == x);
  }
}

TEST_CASE("a real 2 x 2 matrix is a pair of complex numbers") {
  const std::vector<float> rotation = {0, -1, 1, 0}, mirror = {1, 0, 0, -1};
  const auto r = widely_linear::split(view(rotation, 2, 2));
  CHECK(r.u.values[0] == complex32{0, 1});  // multiplication with i
  CHECK(r.w.values[0] == complex32{0, 0});
  const auto m = widely_linear::split(view(mirror, 2, 2));
  CHECK(m.u.values[0] == complex32{0, 0});
  CHECK(m.w.values[0] == complex32{1, 0});  // conjugation
}

TEST_CASE("splitting loses nothing: join gives every bit back, odd sizes too") {
  for (index_t rows : {1, 2, 5, 8})
    for (index_t cols : {1, 3, 4, 10}) {
      const auto a = short_values(rows * cols);
      const auto pair = widely_linear::split(view(a, rows, cols));
      CHECK(pair.u.shape == extent{(rows + 1) / 2, (cols + 1) / 2});
      CHECK(widely_linear::join(pair, {rows, cols}).values == a);
    }
  const auto any = normal_values(64);
  CHECK(distance(widely_linear::join(widely_linear::split(view(any, 8, 8)), {8, 8}).values, any) <
        3e-7);
}

TEST_CASE("y' = U x' + W conj(x') is the product of the real matrix") {
  for (index_t rows : {4, 5})
    for (index_t cols : {6, 7}) {
      const auto a = normal_values(rows * cols), x = normal_values(cols, 8);
      const auto p = widely_linear::split(view(a, rows, cols));
      const auto z = apply(widely_linear{}, x);
      std::vector<complex32> y(std::size_t(p.u.shape.rows), complex32{0, 0});
      for (index_t r = 0; r < p.u.shape.rows; ++r)
        for (index_t c = 0; c < p.u.shape.cols; ++c) {
          const complex32 v = z[std::size_t(c)];
          complex32& sum = y[std::size_t(r)];
          sum = sum + p.u.view()(r, c) * v + p.w.view()(r, c) * conjugate_of(v);
        }
      const auto result = inverse<float>(widely_linear{}, y, rows);
      for (index_t r = 0; r < rows; ++r) {
        double exact = 0;
        for (index_t c = 0; c < cols; ++c)
          exact += double(a[std::size_t(r * cols + c)]) * double(x[std::size_t(c)]);
        CHECK(double(result[std::size_t(r)]) == doctest::Approx(exact).epsilon(1e-5));
      }
    }
}

TEST_CASE("pairs of other sizes are an error") {
  const std::vector<float> a(4, 1.f);
  const auto p = widely_linear::split(view(a, 2, 2));
  CHECK_THROWS_WITH(widely_linear::join(p, {4, 2}),
                    "lowbit: widely_linear: 1 x 1 and 1 x 1 complex values for 4 x 2 real ones");
}
