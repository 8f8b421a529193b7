// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/repack.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>
#include <lowbit/granularity/cross.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

namespace lb = lowbit;
using lb::index_t;

namespace {

template <class F>
void check(index_t rows, index_t cols) {
  CAPTURE(lb::format_name<F>);
  CAPTURE(rows);
  CAPTURE(cols);
  using V = typename F::value_type;
  const test::random_matrix w(rows, cols, 3);
  const auto q = lb::quantize<F>(w.view());
  const auto fast = lb::repack<lb::host_layout>(q);
  CHECK(fast.shape() == q.shape());

  index_t wrong = 0;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) wrong += fast.view().at(r, c) != q.view().at(r, c);
  CHECK(wrong == 0);

  std::vector<V> a(std::size_t(rows * cols)), b(a);
  lb::dequantize(q.view(), lb::matrix_view<V>(a.data(), rows, cols));
  lb::dequantize(fast.view(), lb::matrix_view<V>(b.data(), rows, cols));
  CHECK(a == b);

  const auto back = lb::repack<lb::canonical>(fast.view(), lb::serial{});
  CHECK(back.data().main.codes == q.data().main.codes);

  const auto fragments = lb::repack<lb::mma16>(q);
  wrong = 0;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) wrong += fragments.view().at(r, c) != q.view().at(r, c);
  CHECK(wrong == 0);
  CHECK(lb::repack<lb::canonical>(fragments).data().main.codes == q.data().main.codes);
  CHECK(lb::repack<lb::host_layout>(fragments).data().main.codes == fast.data().main.codes);
  CHECK(lb::repack<lb::mma16>(fast).data().main.codes == fragments.data().main.codes);
}

}  // namespace

TEST_CASE("every width of code moves to tiles and back, value by value") {
  using namespace lowbit;
  for (const auto& [rows, cols] :
       {std::pair{16, 32}, {1, 1}, {17, 70}, {40, 1100}, {0, 5}, {5, 0}}) {
    check<format<binary, per_group<32>>>(rows, cols);
    check<format<uniform<2>, per_group<16>>>(rows, cols);
    check<format<uniform<3, asymmetric>, per_group<64>>>(rows, cols);
    check<format<normal_float<4>, per_row>>(rows, cols);
    check<format<uniform<5>, per_row>>(rows, cols);
    check<format<uniform<6, minimum>, per_group<20>>>(rows, cols);
    check<format<uniform<7>, per_group<64>>>(rows, cols);
    check<format<fp8_e4m3, per_group<32, e8m0>>>(rows, cols);
    check<format<uniform<11>, per_group<32>>>(rows, cols);
    check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>(rows, cols);
    check<format<fp4_e2m1, microscaling<16, e4m3>>>(rows, cols);
    check<format<uniform<4>, cross<50>, sparse<>>>(rows, cols);
    check<format<f16, unscaled>>(rows, cols);
  }
}
