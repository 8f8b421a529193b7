// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantizers/complex_unit.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::real_row_product;

namespace {

/// The product by rows of a format that may have a faster one, for all tokens.
template <class V, class View>
std::vector<V> multiply(const View& w, matrix_view<const V> x) {
  std::vector<V> y(std::size_t(x.rows() * w.rows()));
  if (!y.empty()) std::memset(y.data(), 0xff, y.size() * sizeof(V));  // NaN
  const kernels::real_source<V> source{x};
  kernels::multiply_as<real_row_product<View>>(kernels::ops_of(arch::runtime), w, source,
                                               matrix_view<V>(y.data(), x.rows(), w.rows()));
  return y;
}

double size_of(float p) { return std::fabs(double(p)); }

template <class F>
void check(index_t rows, index_t cols, index_t tokens) {
  CAPTURE(format_name<F>);
  CAPTURE(rows);
  CAPTURE(tokens);
  const test::random_matrix weights(rows, cols, 5), x(tokens, cols, 6);
  const auto q = quantize<F>(weights.view());
  const auto y = multiply<float>(q.view(), x.view());
  const double bound = double((cols + 15) / 16 + 16) * 0x1p-23;
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < rows; ++r) {
      double exact = 0, size = 0;
      for (index_t c = 0; c < cols; ++c) {
        const double p = double(q.view().at(r, c)) * double(x(t, c));
        exact += p;
        size += std::fabs(p);
      }
      wrong += !(std::fabs(double(y[std::size_t(t * rows + r)]) - exact) <= bound * size);
    }
  CHECK(wrong == 0);
}

using rows6 = format<uniform<6>, per_group<24>>;
using vectors = format<vector_codebook<3, 5>, per_row>;

}  // namespace

TEST_CASE("products by rows: blocks of 8 and of 32 rows, their edges, chunks of columns") {
  CHECK(real_row_product<quantized_view<rows6>>::block_rows(7) == 8);
  CHECK(real_row_product<quantized_view<rows6>>::block_rows(8) == 32);
  check<rows6>(9, 1030, 1);
  check<rows6>(8, 33, 7);
  check<rows6>(33, 2049, 8);
  check<rows6>(1, 1, 1);
}
TEST_CASE("products by rows: the entries of a codebook are tabulated once") {
  check<vectors>(12, 1000, 3);
}
TEST_CASE("products by rows: of no columns are 0, of no rows nothing") {
  const test::random_matrix nothing(3, 0, 1);
  const auto q = quantize<rows6>(nothing.view());
  const auto y = multiply<float>(q.view(), matrix_view<const float>(nullptr, 2, 0));
  CHECK(y == std::vector<float>(6));
  const test::random_matrix none(0, 5, 1), x(2, 5, 1);
  const auto empty = quantize<rows6>(none.view());
  CHECK(multiply<float>(empty.view(), x.view()).empty());
}

TEST_CASE("products by rows: complex numbers, as four real products") {
  constexpr index_t rows = 10, cols = 70, tokens = 2;
  const test::random_matrix parts(rows, 2 * cols, 5), other(tokens, 2 * cols, 6);
  const auto as_complex = [](const test::random_matrix& m) {
    return matrix_view<const complex32>(reinterpret_cast<const complex32*>(m.values.data()), m.rows,
                                        m.cols / 2);
  };
  const auto q = quantize<format<complex_unit, per_group<16>>>(as_complex(parts));
  const auto view = q.view();
  const auto x = as_complex(other);
  const auto y = multiply<complex32>(view, x);
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < rows; ++r) {
      double re = 0, im = 0, size = 0;
      for (index_t c = 0; c < cols; ++c) {
        const complex32 w = view.at(r, c), v = x(t, c);
        re += double(w.re) * double(v.re) - double(w.im) * double(v.im);
        im += double(w.re) * double(v.im) + double(w.im) * double(v.re);
        size += (size_of(w.re) + size_of(w.im)) * (size_of(v.re) + size_of(v.im));
      }
      const complex32 got = y[std::size_t(t * rows + r)];
      CHECK(std::fabs(double(got.re) - re) <= 2e-6 * size);
      CHECK(std::fabs(double(got.im) - im) <= 2e-6 * size);
    }
}
