// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/low_rank.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantize.hpp>

#include "support/compiled_kernels.hpp"

namespace {
namespace lb = lowbit;
using lb::index_t;
constexpr index_t rows = 24, cols = 40;
using plain = lb::format<lb::uniform<3>, lb::per_row>;
using F = lb::format<lb::uniform<3>, lb::per_row, lb::low_rank<4>>;

std::vector<float> noise(index_t n) {
  const lb::philox random{3};
  std::vector<float> x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.uniform(i) - 0.5f;
  return x;
}
template <class G>
std::vector<float> dequantized(const lb::quantized_view<G>& w) {
  std::vector<float> out(std::size_t(rows * cols));
  lb::dequantize(w, lb::matrix_view<float>(out.data(), rows, cols));
  return out;
}
double squared_error(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(a[i] - b[i]) * double(a[i] - b[i]);
  return sum;
}

TEST_CASE("the factors take their share of the error, and at() is what dequantize writes") {
  const std::vector<float> w = noise(rows * cols);
  const lb::matrix_view<const float> m(w.data(), rows, cols);
  const auto q = lb::quantize<F>(m);
  const std::vector<float> back = dequantized(q.view());
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) CHECK(back[std::size_t(r * cols + c)] == q.view().at(r, c));
  const auto coarse = lb::quantize<plain>(m);
  const double before = squared_error(w, dequantized(coarse.view()));
  CHECK(squared_error(w, back) < before * (1 - 4.0 / 24));  // more than an average subspace
  CHECK(lb::format_name<F> == std::string(lb::format_name<plain>) + "/low_rank<4>");
}

TEST_CASE("products have the factors' share, with real and with int8 activations") {
  const std::vector<float> w = noise(rows * cols), x(w.begin(), w.begin() + 2 * cols);
  const auto q = lb::quantize<F>(lb::matrix_view<const float>(w.data(), rows, cols));
  const std::vector<float> back = dequantized(q.view());
  const lb::matrix_view<const float> in(x.data(), 2, cols);
  std::vector<float> real(2 * rows), int8(2 * rows);
  lb::gemm(q.view(), in, lb::matrix_view<float>(real.data(), 2, rows));
  lb::gemm(q.view(), lb::as<lb::a8>(in), lb::matrix_view<float>(int8.data(), 2, rows));
  for (index_t t = 0; t < 2; ++t)
    for (index_t r = 0; r < rows; ++r) {
      double exact = 0;
      for (index_t c = 0; c < cols; ++c)
        exact += double(back[std::size_t(r * cols + c)]) * double(x[std::size_t(t * cols + c)]);
      CHECK(lb::magnitude(float(double(real[std::size_t(t * rows + r)]) - exact)) < 1e-5f);
      CHECK(lb::magnitude(float(double(int8[std::size_t(t * rows + r)]) - exact)) < 0.03f);
    }
}

TEST_CASE("sizes and values of the factors are checked") {
  auto q = lb::quantize<F>(lb::matrix_view<const float>(noise(rows * cols).data(), rows, cols));
  const lb::path at{nullptr, "outliers"};
  CHECK_NOTHROW(q.view().apart.validate(at, q.shape()));
  q.data().apart.right[5] = 0x7e00;
  CHECK_THROWS_AS(q.view().apart.validate(at, q.shape()), lb::error);
  q.data().apart.right[5] = 0;
  q.data().apart.left.pop_back();
  CHECK_THROWS_AS(q.view().apart.validate(at, q.shape()), lb::error);
}

TEST_CASE("the messages of that, more factors than rows, and empty matrices") {
  auto q = lb::quantize<F>(lb::matrix_view<const float>(noise(rows * cols).data(), rows, cols));
  const lb::path at{nullptr, "outliers"};
  q.data().apart.left[7] = 0x7c00;
  CHECK_THROWS_WITH_AS(q.view().apart.validate(at, q.shape()),
                       "lowbit: outliers.left: element 7 is not finite", lb::error);
  q.data().apart.right.pop_back();
  CHECK_THROWS_WITH_AS(q.view().apart.validate(at, q.shape()),
                       "lowbit: outliers.right: 159 elements, expected 160", lb::error);
  const std::vector<float> x = noise(6);
  const auto small = lb::quantize<F>(lb::matrix_view<const float>(x.data(), 2, 3));  // rank 2
  for (index_t r = 0; r < 2; ++r)
    for (index_t c = 0; c < 3; ++c)
      CHECK(lb::magnitude(small.view().at(r, c) - x[std::size_t(3 * r + c)]) < 1e-3f);
  CHECK(lb::quantize<F>(lb::matrix_view<const float>(nullptr, 0, 3)).bytes() == 3 * 4 * 2);
  CHECK(lb::quantize<F>(lb::matrix_view<const float>(nullptr, 3, 0)).shape().rows == 3);
}

}  // namespace
