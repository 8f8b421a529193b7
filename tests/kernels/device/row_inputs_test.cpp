// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/row_inputs.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/device/lockstep_launcher.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/low_rank.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// quantize_levels against quantize<A>, for rows of x that are 3 numbers apart from each other.
template <class A, class T>
void check_levels(index_t tokens, index_t cols) {
  const test::random_matrix m(tokens, cols, 11);
  const index_t x_stride = cols + 3;
  std::vector<T> x(std::size_t(tokens * x_stride));
  std::vector<float> rounded(m.values.size());
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c < cols; ++c) {
      // A group of zeros has the scale 0.
      const T v = scalar_traits<T>::from_float(t == 1 && c < 64 ? 0.f : m(t, c));
      x[std::size_t(t * x_stride + c)] = v;
      rounded[std::size_t(t * cols + c)] = scalar_traits<T>::to_float(v);
    }
  const auto q = quantize<A>(matrix_view<const float>(rounded.data(), tokens, cols));
  constexpr int width = A::granularity_type::block_cols;
  kernels::level_rows rows;
  rows.tokens = tokens;
  rows.cols = cols;
  rows.stride = (cols + 3) / 4 * 4;
  rows.width = width == whole ? cols : index_t(width);
  rows.groups = ceil_div(cols, rows.width);
  std::vector<std::int8_t> levels(std::size_t(tokens * rows.stride), std::int8_t(99));
  std::vector<float> scales(std::size_t(tokens * rows.groups)), values(rounded.size());
  lockstep_launcher().launch(kernels::quantize_levels<A>{}, 2, 3, 0,
                             static_cast<const T*>(x.data()), x_stride, rows, levels.data(),
                             scales.data(), values.data(), cols);
  index_t wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c < rows.stride; ++c) {
      const int level = levels[std::size_t(t * rows.stride + c)];
      if (c >= cols) {
        wrong += level != 0;
        continue;
      }
      wrong += values[std::size_t(t * cols + c)] != q.view().at(t, c);
      wrong += scales[std::size_t(t * rows.groups + c / rows.width)] !=
               q.view().main.params(t, c).scale[0];
    }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("levels and scales are those of quantize") {
  check_levels<a8, float>(3, 130);
  check_levels<a8, float16>(2, 64);
  check_levels<format<uniform<8>, per_row::with<f32>>, bfloat16>(2, 77);
  check_levels<format<uniform<8>, per_group<4, f16>>, float>(2, 21);
}
TEST_CASE("values are copied, whatever their type and distance") {
  const std::vector<float16> x = {float16(1.f), float16(2.f), float16(9.f), float16(3.f),
                                  float16(-4.f), float16(9.f)};
  std::vector<float> out(8, 7.f);
  const kernels::value_rows<float> rows{2, 2, 4, 0, nullptr, nullptr};
  lockstep_launcher().launch(kernels::copy_values{}, 1, 1, 0, x.data(), index_t(3), rows,
                             out.data());
  CHECK(out == std::vector<float>{1, 2, 7, 7, 3, -4, 7, 7});
}
TEST_CASE("outliers prepare the same numbers as on the host") {
  const test::random_matrix w(12, 90, 2), x(3, 90, 4);
  const auto check = [&]<class O>(double tolerance) {
    const auto q = quantize<format<uniform<4>, per_row, O>>(w.view());
    const auto view = q.view();
    const index_t each = view.apart.scratch_size();
    std::vector<float> kept(std::size_t(3 * each), -1.f), expected = kept;
    const kernels::value_rows<float> rows{3, 90, 90, each, x.values.data(), nullptr};
    lockstep_launcher().launch(kernels::prepare_outliers{}, 2, 2, 0, view.apart, rows, kept.data());
    for (index_t t = 0; t < 3; ++t)
      view.apart.prepare(x.values.data() + t * 90, expected.data() + t * each);
    CHECK(each > 0);
    for (std::size_t i = 0; i < kept.size(); ++i)
      CHECK(kept[i] == doctest::Approx(double(expected[i])).epsilon(tolerance));
  };
  check.template operator()<columns>(1e-7);
  check.template operator()<low_rank<4>>(1e-6);
}
