// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantizers/binary.hpp>
#include <lowbit/quantizers/normal_float.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::int8_table_for;

namespace {

/// The value that integer products give to an element: its level as int8, in its group.
template <class View>
double int8_value(const View& w, const auto& table, index_t r, index_t c) {
  using Q = typename View::plane_type::quantizer_type;
  const int steps = table.level(w.main.code(r, c / dim_of<Q>), int(c % dim_of<Q>));
  const double level = double(steps) * double(table.unit) + double(table.zero_shift);
  const group_params<Q> p = w.main.params(r, c);
  if constexpr (zero_of<Q> == zero_kind::integer)
    return double(p.scale[0]) * (level - double(p.zero));
  else if constexpr (has_zero<Q>)
    return double(p.scale[0]) * level + double(p.zero);
  else
    return double(p.scale[0]) * level;
}

/// Rows of a8 activations times a matrix.
template <class View>
std::vector<float> multiply(arch a, const View& w, matrix_view<const float> x) {
  std::vector<float> y(std::size_t(x.rows() * w.rows()), std::numeric_limits<float>::quiet_NaN());
  const kernels::int8_source<a8, float> source{x};
  kernels::multiply_as<kernels::int8_product<View>>(
      kernels::ops_of(a), w, source, matrix_view<float>(y.data(), x.rows(), w.rows()));
  return y;
}

/// Products in both layouts and on every instruction set, of one token and of many, against sums
/// over the int8 levels that the kernel uses.
template <class F>
void check(index_t rows, index_t cols) {
  CAPTURE(format_name<F>);
  const test::random_matrix weights(rows, cols, 5), x(3, cols, 6);
  const auto q = quantize<F>(weights.view());
  const auto tiles = repack<host_layout>(q);
  const auto view = q.view();
  const auto a = quantize<a8>(x.view());
  int8_table_for<typename F::quantizer_type> table{};
  kernels::make_int8_levels<typename F::quantizer_type>(view.main.stored_levels(), 0, table);

  const auto is_sum = [&](const std::vector<float>& y) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      const index_t t = index_t(i) / rows, r = index_t(i) % rows;
      double exact = 0, size = 0;
      for (index_t c = 0; c < cols; ++c) {
        const double p = int8_value(view, table, r, c) * double(a.view().at(t, c));
        exact += p;
        size += std::fabs(p);
      }
      if (!(std::fabs(double(y[i]) - exact) <= 4e-6 * size)) return false;
    }
    return true;
  };
  for (const arch target : {arch::scalar, arch::avx2, arch::runtime}) {
    CAPTURE(int(target));
    const auto many = multiply(target, view, x.view());
    CHECK(is_sum(many));
    const matrix_view<const float> second(x.view().row(1), 1, cols);
    const auto one = multiply(target, view, second);
    CHECK(std::vector<float>(many.begin() + rows, many.begin() + 2 * rows) == one);
    CHECK(multiply(target, tiles.view(), x.view()) == many);
    CHECK(multiply(target, tiles.view(), second) == one);
  }
}

}  // namespace

TEST_CASE("int8 products: levels that are rounded, the same ones as in the sum") {
  check<format<normal_float<4>, per_group<32>>>(18, 1100);
}
TEST_CASE("int8 products: an unsigned byte with integer zeros is moved by 128") {
  check<format<uniform<8, asymmetric>, per_group<20>>>(5, 130);
}
TEST_CASE("int8 products: minima") { check<format<uniform<5, minimum>, per_row>>(17, 96); }
TEST_CASE("int8 products: codes that are levels but for a power of two and half a step") {
  check<format<binary, per_group<64>>>(17, 200);
  check<format<uniform<3, centred>, per_group<16>>>(16, 132);
}
TEST_CASE("int8 products: runs of four and eight columns") {
  check<format<uniform<4, asymmetric>, per_group<8>>>(18, 1100);
  check<format<uniform<2>, per_group<20>>>(3, 70);
}
TEST_CASE("int8 products: entries of a codebook") {
  check<format<vector_codebook<4, 6>, per_row>>(16, 68);
  check<format<vector_codebook<8, 9>, per_group<40>>>(18, 1330);  // runs of 8 columns
  check<format<vector_codebook<32, 4>, per_group<32>>>(16, 1100);
}
TEST_CASE("int8 products: entries of sums of codebooks") {
  check<format<residual<vector_codebook<4, 8>, vector_codebook<4, 4>>, per_row>>(17, 1100);
  check<format<residual<residual<vector_codebook<8, 3>, vector_codebook<8, 3>>,  //
                        vector_codebook<8, 6>>,
               per_group<64>>>(16, 600);
}

TEST_CASE("int8 products: rows of extreme levels do not overflow, whatever their length") {
  const std::vector<float> ones(2 * 70001, 1), x(70001, -1);
  const auto q =
      quantize<format<uniform<8>, per_row>>(matrix_view<const float>(ones.data(), 2, 70001));
  std::vector<float> y(2);
  gemv(q.view(), as<a8>(x), y);
  for (const float v : y) CHECK(std::fabs(v + 70001) < 70001 * 4e-4f);
}
