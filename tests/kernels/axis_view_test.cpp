// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/kernels/axis_view.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/dense_matrix.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::axis_view;

namespace {

/// Eight phases with one scale, a user's own.
struct eight_phases {
  static constexpr int bits = 3;
  static constexpr float peak = 1;
  static constexpr complex32 decode(code_t c) {
    constexpr float parts[] = {1, 0.75f, 0, -0.75f, -1, -0.75f, 0, 0.75f};
    return {parts[c], parts[(c + 6) % 8]};
  }
  static constexpr code_t encode(complex32 x) {
    code_t best = 0;
    for (code_t c = 1; c < 8; ++c) {
      const auto along = [&](code_t k) { return decode(k).re * x.re + decode(k).im * x.im; };
      if (along(c) > along(best)) best = c;
    }
    return best;
  }
};

template <class View>
void check_parts(const View& w) {
  const axis_view<View, 0> re(w);
  const axis_view<View, 1> im(w);
  CHECK(re.shape() == w.shape());
  index_t wrong = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c)
      wrong += !(complex32{re.main.at(r, c), im.main.at(r, c)} == w.at(r, c));
  CHECK(wrong == 0);
}
template <class F>
void check(index_t rows, index_t cols) {
  const test::random_matrix parts(rows, 2 * cols, 8);
  dense_matrix<complex32> w(extent{rows, cols});
  for (index_t i = 0; i < rows * cols; ++i)
    w.values[std::size_t(i)] = {parts.values[std::size_t(2 * i)],
                                parts.values[std::size_t(2 * i + 1)]};
  const auto q = quantize<F>(std::as_const(w).view());
  check_parts(q.view());
  const auto tiles = repack<host_layout>(q);
  check_parts(tiles.view());
}

template <class F>
constexpr bool values = kernels::has_axis_values<F, quantized_view<F>>;
template <class F>
constexpr bool int8 = kernels::has_axis_int8<F, quantized_view<F>>;

}  // namespace

TEST_CASE("the axes of a complex matrix have the parts of its values") {
  check<format<complex_unit, per_group<16>>>(19, 77);
  check<format<complex_unit, per_tensor::with<f32>>>(5, 40);
  check<format<eight_phases, per_row>>(18, 50);
}

TEST_CASE("which complex formats are taken apart") {
  CHECK(values<format<complex_unit, per_row>>);
  CHECK(int8<format<complex_unit, per_group<64>>>);
  CHECK(values<format<eight_phases, per_group<32>>>);
  CHECK(int8<format<eight_phases, per_group<32>>>);
  CHECK(!values<format<uniform<4>, per_row>>);                                   // real
  CHECK(!values<format<complex_unit, per_block<1, 6>>>);                         // no whole quads
  CHECK(!int8<format<complex_unit, per_block<1, 6>>>);                           // nor here
  CHECK(!values<format<eight_phases, per_column>>);                              // column factors
  CHECK(!values<format<vector_codebook<4, 6, f16, complex32>, per_group<32>>>);  // vectors
}
