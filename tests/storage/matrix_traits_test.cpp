// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/matrix_traits.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/per.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/any_matrix.hpp>
#include <lowbit/storage/linear.hpp>
#include <lowbit/transforms/hadamard.hpp>

#include "storage/laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using cu = format<complex_unit, per_row>;

/// A user's own: a diagonal matrix.
struct diagonal {
  std::vector<float> values;
};

}  // namespace

template <>
struct lowbit::matrix_traits<diagonal> {
  using value_type = float;
  static constexpr bool exact_int8 = false;
  static constexpr auto name = text("diagonal");
  static extent shape(const diagonal& m) {
    return {index_t(m.values.size()), index_t(m.values.size())};
  }
  static index_t bytes(const diagonal& m) { return index_t(m.values.size() * sizeof(float)); }
  static void multiply(const diagonal& m, const kernels::real_rows& x, matrix_view<float> y,
                       executor_ref, workspace&, update factors) {
    for (index_t t = 0; t < x.tokens; ++t)
      for (index_t i = 0; i < x.cols; ++i) {
        const float v = factors.alpha * m.values[std::size_t(i)] * x.values[t * x.stride + i];
        y(t, i) = factors.beta == 0 ? v : v + factors.beta * y(t, i);
      }
  }
  static void multiply(const diagonal& m, const kernels::int8_rows& x, matrix_view<float> y,
                       executor_ref threads, workspace& memory, update factors) {
    detail::carver size;
    kernels::decode_rows(x, size, false);
    detail::carver block(memory.reserve(size.used()));
    multiply(m, kernels::decode_rows(x, block, true), y, threads, memory, factors);
  }
  static void dequantize(const diagonal& m, matrix_view<float> out) {
    for (index_t r = 0; r < out.rows(); ++r)
      for (index_t c = 0; c < out.cols(); ++c) out(r, c) = r == c ? m.values[std::size_t(r)] : 0;
  }
  static void list(const diagonal& m, const path& root, std::vector<stored_array>& out) {
    detail::array_lister{out}(root / "values", element::f32, m.values);
  }
  static diagonal from_parts(extent, span<const part> parts, const path& root = {}) {
    diagonal m;
    detail::part_binder{parts}(root / "values", element::f32, m.values);
    return m;
  }
};

static_assert(matrix_like<quantized_matrix<w4>> && matrix_like<quantized_view<w4>>);
static_assert(matrix_like<quantized_matrix<cu>> && matrix_like<diagonal> && !matrix_like<float>);
static_assert(matrix_traits<quantized_matrix<w4>>::exact_int8 &&
              !matrix_traits<diagonal>::exact_int8);
static_assert(!matrix_traits<quantized_matrix<cu>>::exact_int8);
static_assert(!matrix_traits<quantized_view<format<normal_float<4>, per_row>>>::exact_int8);
static_assert(std::string_view(matrix_traits<quantized_view<w4>>::name) == format_name<w4>);

TEST_CASE("products, values and comparisons take the matrix itself, without view()") {
  const test::random_matrix w(9, 40, 1), x(3, 40, 2);
  const auto q = quantize<w4>(w.view());
  std::vector<float> y(27), a(360), b(360);
  gemm(q.view(), x.view(), matrix_view<float>(y.data(), 3, 9));
  CHECK(product(q, x.view(), 3) == y);
  dequantize(q.view(), matrix_view<float>(a.data(), 9, 40));
  dequantize(q, matrix_view<float>(b.data(), 9, 40));
  CHECK(a == b);
  std::vector<float> one(9);
  gemv(q, span<const float>(x.values.data(), 40), one);
  CHECK(std::equal(one.begin(), one.end(), y.begin()));
}

TEST_CASE("complex matrices take complex activations") {
  std::vector<complex32> w, x(10, complex32{1, 2}), y(4), z(4);
  for (int i = 0; i < 40; ++i) w.push_back({float(i % 7) - 3, float(i % 5) - 2});
  const auto q = quantize<cu>(matrix_view<const complex32>(w.data(), 4, 10));
  gemv(q, x, y);
  gemv(q.view(), x, z);
  CHECK(y == z);
}

TEST_CASE("a matrix of one's own works wherever a quantized one does") {
  const diagonal d{{1, 2, 3, 4, 5, 6, 7, 8}};
  check_products(d);
  const any_matrix any = d;
  CHECK(any.format() == "diagonal");
  CHECK(any.bits_per_weight() == 32.0 / 8);
  CHECK(any.arrays()[0].name == "values");

  const test::random_matrix w(8, 8, 3), x(2, 8, 4);
  const auto q = quantize<w4>(w.view());
  const linear sum{q, d};  // a quantized matrix and a diagonal
  check_products(sum);
  CHECK(sum.bytes() == q.bytes() + 32);
  CHECK(product(sum, as<a8>(x.view()), 2) == product(any_matrix(sum), as<a8>(x.view()), 2));
}

TEST_CASE("lists and parts are each other's inverse, below any root") {
  const test::random_matrix w(8, 8, 5);
  const linear sum{quantize<w4>(w.view()), diagonal{{1, 2, 3, 4, 5, 6, 7, 8}}};
  using M = std::remove_cvref_t<decltype(sum)>;
  for (const path root : {path{}, path{nullptr, "layer"}}) {
    std::vector<stored_array> arrays;
    matrix_traits<M>::list(sum, root, arrays);
    REQUIRE(arrays.size() == 3);
    CHECK(arrays[2].name == (root / "terms").str() + ".1.values");
    std::vector<part> parts;
    for (const stored_array& a : arrays) parts.push_back({a.name, a.bytes, a.type});
    const M again = matrix_traits<M>::from_parts({8, 8}, parts, root);
    CHECK(values_of(again).values == values_of(sum).values);
  }
}
