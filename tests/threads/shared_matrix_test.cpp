// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several threads of the library's, and several of the user's. The results are compared here; that
// no two threads touch the same memory is ThreadSanitizer's to find (see CMakeLists.txt).
#include <doctest/doctest.h>

#include <lowbit/core/thread_pool.hpp>
#include <lowbit/formats/integer.hpp>
#include <lowbit/formats/tables.hpp>
#include <lowbit/formats/vectors.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/ranges/least_squares.hpp>
#include <thread>

#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

constexpr index_t rows = 150, cols = 96, tokens = 3;

const test::random_matrix& weights() {
  static const test::random_matrix m(rows, cols, 1);
  return m;
}
template <class F>
std::vector<float> values_of(const quantized_matrix<F>& w, const thread_pool& threads) {
  std::vector<float> out(rows * cols);
  dequantize(w.view(), matrix_view<float>(out.data(), rows, cols), threads);
  return out;
}

/// Quantized and decoded on one thread and on two.
template <class F, class... How>
void check_quantize(const How&... how) {
  CAPTURE(format_name<F>);
  const thread_pool one(1), two(2);
  const auto a = quantize<F>(weights().view(), one, how...);
  const auto b = quantize<F>(weights().view(), two, how...);
  CHECK(a.data().main.codes == b.data().main.codes);
  CHECK(values_of(a, one) == values_of(b, two));
}

/// The products of one matrix, real and integer.
template <class F>
std::vector<float> products(const quantized_view<F>& w, const thread_pool& threads,
                            workspace& memory) {
  const test::random_matrix x(tokens, cols, 2);
  std::vector<float> y(2 * tokens * rows);
  gemm(w, x.view(), matrix_view<float>(y.data(), tokens, rows), threads, memory);
  gemm(w, as<a8>(x.view()), matrix_view<float>(y.data() + tokens * rows, tokens, rows), threads,
       memory);
  return y;
}

}  // namespace

TEST_CASE("two threads quantize and dequantize") {
  check_quantize<format<uniform<4>, per_group<32>>>();
  check_quantize<format<uniform<3, asymmetric>, per_group<32>>>(least_squares{});
  check_quantize<format<ternary, per_group<48>>>();
  check_quantize<format<learned_table<3>, per_row>>();
  check_quantize<format<vector_codebook<4, 5>, per_row>>();
  check_quantize<format<residual<vector_codebook<4, 4>, vector_codebook<4, 3>>, per_row>>();
  check_quantize<format<uniform<3>, per_group<32>, sparse<>>>();
}

TEST_CASE("two threads multiply, on one workspace") {
  const thread_pool one(1), two(2);
  const auto w = quantize<format<uniform<4>, per_group<32>>>(weights().view());
  workspace memory;
  CHECK(products(w.view(), one, memory) == products(w.view(), two, memory));
}

TEST_CASE("users' threads share a matrix and a pool") {
  const thread_pool pool(2);
  const auto w = quantize<format<uniform<4>, per_group<32>, sparse<>>>(weights().view());
  workspace memory;
  const std::vector<float> expected = products(w.view(), pool, memory);
  std::vector<std::vector<float>> found(3);
  std::vector<std::thread> users;
  for (std::vector<float>& y : found)
    users.emplace_back([&] {
      workspace own;
      for (int i = 0; i < 20; ++i) y = products(w.view(), pool, own);
    });
  for (std::thread& user : users) user.join();
  for (const std::vector<float>& y : found) CHECK(y == expected);
}

TEST_CASE("users' threads quantize at a time, each with a pool of its own") {
  using F = format<vector_codebook<4, 5>, per_row>;
  const auto expected = quantize<F>(weights().view());
  std::vector<std::vector<std::uint8_t>> found(2);
  std::vector<std::thread> users;
  for (std::vector<std::uint8_t>& codes : found)
    users.emplace_back(
        [&] { codes = quantize<F>(weights().view(), thread_pool(2)).data().main.codes; });
  for (std::thread& user : users) user.join();
  for (const std::vector<std::uint8_t>& codes : found) CHECK(codes == expected.data().main.codes);
}
