// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/tangent.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/core/random.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/logarithmic.hpp>
#include <vector>

#include "quantizers/laws.hpp"

using namespace lowbit;

namespace {

constexpr bool close(double a, double b) { return (a > b ? a - b : b - a) <= 6e-8; }

/// Every level is the formula's, in constant expressions: tan(a (2 level - 1)) / tan a is equally
/// spaced, the set is symmetric, and every code comes back.
template <int B, int A>
constexpr bool follows_formula() {
  using Q = tangent<B, A>;
  constexpr code_t n = (1u << B) - 1;
  constexpr double a = A / 1000.0, tan_a = portable_tan(a);
  if (Q::decode(0) != 0 || Q::decode(n) != 1) return false;
  for (code_t q = 0; q <= n; ++q) {
    const double t = 2.0 * q / n - 1;
    const double half = 0.5 * portable_atan((t < 0 ? -t : t) * tan_a) / a;
    if (!close(double(Q::decode(q)), t < 0 ? 0.5 - half : 0.5 + half)) return false;
    if (!close(double(Q::decode(q)) + double(Q::decode(n - q)), 1)) return false;
  }
  return laws::levels<Q>() == 1 << B && laws::codes_round_trip<Q>();
}
static_assert(follows_formula<2, 1>() && follows_formula<2, 1000>() && follows_formula<2, 1570>());
static_assert(follows_formula<3, 890>() && follows_formula<4, 1000>() &&
              follows_formula<4, 1510>());
static_assert(follows_formula<5, 300>() && follows_formula<6, 1250>());
static_assert(follows_formula<7, 1500>() && follows_formula<8, 1000>());
static_assert(peak_of<tangent<4>> == 1 && number<tangent<4>> && is_tabulated<tangent<4>>);
static_assert(tangent<4, 1250>::name == std::string_view("tangent<4,1250>"));
static_assert(tangent<4>::encode(0.5f) == 8 && tangent<3>::encode(0.5f) == 4 &&
              tangent<2>::encode(0.5f) == 2);  // 7.5, 3.5, 1.5 round to even
static_assert(tangent<4>::encode(0x1.fffffep-2f) == 7);
static_assert(tangent<4>::encode(-3) == 0 && tangent<4>::encode(9) == 15);
static_assert(selectors_of<tangent_set<4>> == 8 && tangent_set<4>::decode(15, 7) == 1);

/// The libm formula of the code.
template <int B, int A>
code_t by_tangent(double x) {
  const double n = (1 << B) - 1, a = A / 1000.0;
  return code_t(std::nearbyint(n / 2 * (1 + std::tan(a * (2 * x - 1)) / std::tan(a))));
}
template <int B, int A>
void check_rounding() {
  float before = 0;
  for (int i = 0; i <= 100000; ++i) {
    const float x = float(i) / 100000;
    const code_t c = tangent<B, A>::encode(x);
    REQUIRE(c == by_tangent<B, A>(double(x)));
    REQUIRE(tangent<B, A>::decode(c) >= before);
    before = tangent<B, A>::decode(c);
  }
}

/// Error of attention times values, relative, for logits of the given spread.
struct attention {
  static constexpr int size = 197, width = 16;
  std::vector<float> a, v;
  explicit attention(float spread) {
    const philox draw{11};
    for (int r = 0; r < size; ++r) {
      double sum = 0;
      for (int c = 0; c < size; ++c) {
        a.push_back(std::exp(spread * draw.normal(std::uint64_t(r * size + c))));
        sum += double(a.back());
      }
      for (int c = 0; c < size; ++c) a[std::size_t(r * size + c)] /= float(sum);
    }
    for (int i = 0; i < size * width; ++i) v.push_back(philox{12}.normal(std::uint64_t(i)));
  }
  template <class F>
  double error() const {
    const auto q = quantize<F>(matrix_view<const float>(a.data(), size, size));
    double lost = 0, all = 0;
    for (int r = 0; r < size; ++r)
      for (int j = 0; j < width; ++j) {
        double exact = 0, rounded = 0;
        for (int c = 0; c < size; ++c) {
          const double x = double(v[std::size_t(c * width + j)]);
          exact += double(a[std::size_t(r * size + c)]) * x;
          rounded += double(q.view().at(r, c)) * x;
        }
        lost += (exact - rounded) * (exact - rounded);
        all += exact * exact;
      }
    return lost / all;
  }
};

}  // namespace

TEST_CASE("tangent: the code is the rounded tangent") {
  check_rounding<4, 1000>();
  check_rounding<4, 1510>();
  check_rounding<3, 890>();
  check_rounding<8, 1250>();
  check_rounding<5, 10>();
}

TEST_CASE("tangent: a small a is uniform") {
  for (code_t q = 0; q < 16; ++q)
    CHECK(double(tangent<4, 1>::decode(q)) == doctest::Approx(q / 15.0).epsilon(1e-6));
}

TEST_CASE("tangent: infinities clamp, NaN is 0") {
  CHECK(tangent<4>::encode(std::numeric_limits<float>::infinity()) == 15);
  CHECK(tangent<4>::encode(-std::numeric_limits<float>::infinity()) == 0);
  CHECK(tangent<4>::encode(std::nanf("")) == 0);
}

TEST_CASE("tangent: better than log sqrt 2 where attention is sharp, worse where it is flat") {
  using log_4 = format<logarithmic<4, base_sqrt2>, per_tensor>;
  using tan_4 = format<tangent_set<4>::per_matrix, per_tensor>;
  const attention sharp(5), flat(1);
  CHECK(sharp.error<tan_4>() == doctest::Approx(0.0038).epsilon(0.1));
  CHECK(sharp.error<log_4>() == doctest::Approx(0.0081).epsilon(0.1));
  CHECK(flat.error<tan_4>() > flat.error<log_4>());
}

TEST_CASE("tangent_set: the matrix says which") {
  std::vector<float> x;
  for (int i = 0; i < 64; ++i) x.push_back(tangent<4, 1250>::decode(code_t(i * 5 % 16)));
  const auto q = quantize<format<tangent_set<4>::per_matrix, per_tensor>>(
      matrix_view<const float>(x.data(), 8, 8));
  for (index_t i = 0; i < 64; ++i) CHECK(q.view().at(i / 8, i % 8) == x[std::size_t(i)]);
  CHECK(q.view().main.params(0, 0).selector == 5);
  CHECK(q.bytes() == 32 + 2 + 1);
}
