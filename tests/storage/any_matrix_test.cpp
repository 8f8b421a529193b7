// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/any_matrix.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/thread_pool.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/metrics/compare.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/quantize_linear.hpp>
#include <lowbit/transforms/hadamard.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using w8 = format<uniform<8>, per_row>;

struct nameless : uniform<4> {
  static constexpr int name = 0;
};
using w4_nameless = format<nameless, per_row>;

template <class... Args>
std::vector<float> multiplied(const any_matrix& m, const Args&... args) {
  std::vector<float> y(std::size_t(3 * m.shape().rows));
  gemm(m, args..., matrix_view<float>(y.data(), 3, m.shape().rows));
  return y;
}
template <class M>
void check_same(const M& m, const test::random_matrix& w, const test::random_matrix& x) {
  const any_matrix any = m;
  CHECK(any.format() == std::string_view(matrix_traits<M>::name));
  CHECK(any.shape() == m.shape());
  CHECK(any.bytes() == m.bytes());
  CHECK(any.bits_per_weight() == m.bits_per_weight());
  std::vector<float> y(std::size_t(3 * w.rows)), a(w.values.size()), b(w.values.size());
  const matrix_view<float> to(y.data(), 3, w.rows);
  gemm(m, x.view(), to);
  CHECK(multiplied(any, x.view()) == y);
  gemm(m, as<a8>(x.view()), to);
  CHECK(multiplied(any, as<a8>(x.view())) == y);
  CHECK(multiplied(any, prepare(as<a8>(x.view()))) == y);
  dequantize(m, matrix_view<float>(a.data(), w.rows, w.cols));
  dequantize(any, matrix_view<float>(b.data(), w.rows, w.cols));
  CHECK(a == b);
  CHECK(compare(w.view(), any).sqnr_db == compare(w.view(), m).sqnr_db);
  CHECK(any.template get<M>() != nullptr);
  CHECK(any.template get<quantized_matrix<w8>>() == nullptr);
}

}  // namespace

static_assert(!matrix_like<std::vector<float>> && matrix_like<any_matrix>);
static_assert(!std::is_constructible_v<any_matrix, std::vector<float>>);

TEST_CASE("any_matrix does what the matrix in it does: quantized_matrix, linear") {
  const test::random_matrix w(10, 50, 1), x(3, 50, 2);
  check_same(quantize<w4>(w.view()), w, x);
  check_same(quantize_linear<w4, w8>(w.view(), hadamard{.seed = 1}), w, x);
  check_same(quantize_widely_linear<format<complex_unit, per_group<16>>>(w.view()), w, x);
}

TEST_CASE("it holds a view as well, whose memory must stay") {
  const test::random_matrix w(10, 50, 1), x(3, 50, 2);
  const auto q = quantize<w4>(w.view());
  const any_matrix view = q.view(), owner = q;
  CHECK(multiplied(view, x.view()) == multiplied(owner, x.view()));
  CHECK(view.arrays()[0].bytes.data() == q.data().main.codes.data());
}

TEST_CASE("arrays: what is stored, with names, dtypes and shapes") {
  const test::random_matrix w(6, 70, 3);
  const any_matrix m = quantize_linear<w4>(w.view(), hadamard{.seed = 1});
  const auto arrays = m.arrays();
  const auto expect = [&](std::size_t i, const char* name, element type,
                          const std::vector<index_t>& shape) {
    CHECK(arrays[i].name == name);
    CHECK(arrays[i].type == type);
    CHECK(arrays[i].shape == shape);
  };
  REQUIRE(arrays.size() == 4);
  expect(0, "in.0.block", element::u32, {1});
  expect(1, "in.0.seed", element::u64, {1});
  expect(2, "terms.0.codes", element::u8, {6, 64});
  expect(3, "terms.0.scales", element::f16, {6, 4});
  index_t bytes = 0;
  for (const stored_array& a : arrays) bytes += a.bytes.size();
  CHECK(bytes == m.bytes());
}

TEST_CASE("copies share the arrays") {
  const test::random_matrix w(4, 32, 4);
  const any_matrix a = quantize<w4>(w.view()), b = a;
  CHECK(a.get<quantized_matrix<w4>>() == b.get<quantized_matrix<w4>>());
}

TEST_CASE("a format without a name is held, under an empty name") {
  const test::random_matrix w(4, 32, 5), x(3, 32, 6);
  const any_matrix m = quantize<w4_nameless>(w.view());
  CHECK(m.format().empty());
  CHECK(multiplied(m, x.view()).size() == 12);
}

TEST_CASE("an empty one says so") {
  const any_matrix none;
  CHECK(!none);
  CHECK(none.get<quantized_matrix<w4>>() == nullptr);
  const char* expected = "lowbit: any_matrix: is empty, expected a matrix";
  CHECK_THROWS_WITH_AS(none.shape(), expected, error);
  CHECK_THROWS_WITH_AS(none.arrays(), expected, error);
  std::vector<float> x(4), y(4);
  CHECK_THROWS_WITH_AS(gemv(none, x, y), expected, error);
}

TEST_CASE("alpha, beta, an executor and a workspace in any order") {
  const test::random_matrix w(8, 40, 7);
  const any_matrix m = quantize<w4>(w.view());
  std::vector<float> x(40, 1.f), plain(8), y(8, 2.f);
  gemv(m, x, plain);
  workspace memory;
  gemv(m, x, y, thread_pool{2}, update{.alpha = 2, .beta = -1}, memory);
  for (std::size_t i = 0; i < 8; ++i) CHECK(y[i] == 2 * plain[i] - 2);
  CHECK(memory.size() > 0);
}

TEST_CASE("wrong operands are named before anything is written") {
  const test::random_matrix w(8, 40, 8);
  const any_matrix m = quantize<w4>(w.view());
  std::vector<float> x(39), y(8, 9.f), out(320);
  CHECK_THROWS_WITH_AS(gemv(m, x, y), "lowbit: x: 39 columns, expected the 40 of the matrix",
                       error);
  CHECK_THROWS_WITH_AS(dequantize(m, matrix_view<float>(out.data(), 40, 8)),
                       "lowbit: out: 40 x 8, expected 8 x 40", error);
  CHECK(y == std::vector<float>(8, 9.f));
}
