// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/activations.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/core/bfloat16.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/quantizers/minifloat.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::int8_rows;
using kernels::real_rows;

namespace {

using a8_row = format<uniform<8>, per_row::with<f16>>;
using a4 = format<uniform<4>, per_group<32>>;

static_assert(kernels::int8_activations<a8> && kernels::int8_activations<a8_row>);
static_assert(!kernels::int8_activations<a4>);
static_assert(!kernels::int8_activations<format<uniform<8>, per_group<30, f32>>>, "no whole quads");
static_assert(!kernels::int8_activations<format<uniform<8>, microscaling<32, e4m3>>>);

/// The codes and scales of quantize<A>, padded with zeros, and the sums of each four levels.
template <class A>
void check_int8(index_t tokens, index_t cols) {
  const test::random_matrix x(tokens, cols, 8);
  const auto q = quantize<A>(x.view());
  const prepared<A> p(x.view());
  const int8_rows& rows = p.rows();
  REQUIRE(rows.tokens == tokens);
  REQUIRE(rows.cols == cols);
  CHECK(rows.stride % 64 == 0);
  CHECK(rows.stride >= cols);
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t) {
    for (index_t c = 0; c < rows.stride; ++c) {
      const int level = rows.levels[t * rows.stride + c];
      const auto code = c < cols ? q.view().main.code(t, c) : uniform<8>::encode(0);
      wrong += level != int(uniform<8>::decode(code));
      if (c < cols)
        wrong +=
            rows.scales[t * rows.groups + c / rows.width] != q.view().main.params(t, c).scale[0];
    }
    for (index_t i = 0; i < rows.stride / 4; ++i) {
      int sum = 0;
      for (index_t k = 4 * i; k < 4 * i + 4; ++k) sum += rows.levels[t * rows.stride + k];
      wrong += rows.sums[t * rows.stride / 4 + i] != sum;
    }
  }
  CHECK(wrong == 0);

  std::vector<std::uint8_t> memory(std::size_t(tokens * rows.stride * 4 + 64));
  detail::carver carver(memory.data());
  const real_rows real = kernels::decode_rows(rows, carver, true);
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c < real.stride; ++c)
      wrong += real.values[t * real.stride + c] != (c < cols ? q.view().at(t, c) : 0);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("int8 activations are the codes and scales of quantize") {
  check_int8<a8>(3, 70);
  check_int8<a8>(1, 64);
  check_int8<a8_row>(5, 131);
  check_int8<a8_row>(0, 8);
}

TEST_CASE("what is left of int8 activations is quantized once more") {
  const index_t tokens = 2, cols = 75;
  const test::random_matrix x(tokens, cols, 8);
  const auto first = quantize<a8>(x.view());
  test::random_matrix rest = x;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c < cols; ++c)
      rest.values[std::size_t(t * cols + c)] =  // rounded once
          fma_rn(-first.view().main.params(t, c).scale[0],
                 uniform<8>::decode(first.view().main.code(t, c)), x(t, c));
  const auto second = quantize<a8>(rest.view());
  const prepared<a8r> p = prepare(as<a8r>(x.view()));
  const int8_rows& rows = p.rows();
  REQUIRE(rows.parts == 2);
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c < cols; ++c)
      for (index_t part = 0; part < 2; ++part) {
        const auto& q = part == 0 ? first : second;
        const index_t row = 2 * t + part;
        wrong += int(rows.levels[row * rows.stride + c]) !=
                 int(uniform<8>::decode(q.view().main.code(t, c)));
        wrong += rows.scales[row * rows.groups + c / 32] != q.view().main.params(t, c).scale[0];
      }
  CHECK(wrong == 0);
  CHECK(rows.origin.values[0] == x(0, 0));
}

TEST_CASE("real activations are copied to f32, padded with zeros, rows with a stride too") {
  std::vector<bfloat16> x(2 * 90);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = bfloat16(float(i) / 4);
  const auto p = prepare(matrix_view<const bfloat16>(x.data(), 2, 70, 90));
  const real_rows& rows = p.rows();
  CHECK(rows.stride == 128);
  for (index_t t = 0; t < 2; ++t)
    for (index_t c = 0; c < 128; ++c)
      CHECK(rows.values[t * 128 + c] == (c < 70 ? float(x[std::size_t(t * 90 + c)]) : 0));
}

TEST_CASE("complex activations are pairs of real ones") {
  const complex32 z[] = {{1, 2}, {3, -4}};
  const auto p = prepare(matrix_view<const complex32>(z, 1, 2));
  CHECK(p.rows().cols == 4);
  const float expected[] = {1, 2, 3, -4, 0};
  for (int i = 0; i < 5; ++i) CHECK(p.rows().values[i] == expected[i]);
}

TEST_CASE("activations of other formats are the values that they decode to") {
  const test::random_matrix x(2, 45, 9);
  const auto q = quantize<a4>(x.view());
  const auto p = prepare(as<a4>(x.view()));
  static_assert(!prepared<a4>::is_int8 && prepared<a8>::is_int8);
  for (index_t t = 0; t < 2; ++t)
    for (index_t c = 0; c < 45; ++c)
      CHECK(p.rows().values[t * p.rows().stride + c] == q.view().at(t, c));
}

TEST_CASE("what rows were before they were quantized is kept for transforms") {
  const test::random_matrix x(1, 40, 10);
  const prepared<a8> p(x.view());
  REQUIRE(p.rows().origin.values != nullptr);
  for (index_t c = 0; c < 40; ++c) CHECK(p.rows().origin.values[c] == x(0, c));
  CHECK(bool(p.rows().origin.quantize));
  const prepared<> real(x.view());
  CHECK(!real.rows().origin.quantize);
}

TEST_CASE("assign keeps the memory of its object") {
  const test::random_matrix large(4, 100, 1), small(2, 30, 2);
  prepared<a8> p(large.view());
  const index_t bytes = p.bytes();
  const void* const at = p.rows().origin.values;
  p.assign(small.view());
  CHECK(p.bytes() == bytes);
  CHECK(p.rows().origin.values == at);
  CHECK(p.rows().tokens == 2);
  CHECK(p.rows().origin.values[0] == small(0, 0));
}

TEST_CASE("a value that cannot be quantized is named, real activations may be anything") {
  std::vector<float> x(3 * 5, 1);
  x[2 * 5 + 4] = std::numeric_limits<float>::infinity();
  const matrix_view<const float> view(x.data(), 3, 5);
  CHECK_THROWS_WITH_AS(
      prepare(as<a8>(view)),
      "lowbit: x: the value at row 2, column 4 is not finite and cannot be quantized", error);
  CHECK(prepare(view).rows().values[2 * 64 + 4] == x[14]);
}

TEST_CASE("a span is one row; levels of zeros are zeros, of a scale of 0") {
  const std::vector<float> x(33);
  const auto p = prepare(as<a8>(x));
  CHECK(p.rows().tokens == 1);
  CHECK(p.rows().cols == 33);
  CHECK(p.rows().groups == 2);
  for (index_t i = 0; i < 64; ++i) CHECK(int(p.rows().levels[i]) == 0);
}
