// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/granularity/double_quantized.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/kernels/tile_params.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/table.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// Parameters of tiles, from any group on, against those of the elements in the canonical matrix.
template <class F>
void check(index_t rows, index_t cols) {
  CAPTURE(format_name<F>);
  using Q = typename F::quantizer_type;
  const test::random_matrix w(rows, cols, 4);
  const auto canonical_matrix = quantize<F>(w.view());
  const auto tiles = repack<host_layout>(canonical_matrix);
  const auto expected = canonical_matrix.view();
  const auto view = tiles.view();
  using G = typename decltype(view.main)::plane_type::granularity_type;
  static_assert(kernels::has_tile_params<G>);
  const index_t width = G::block_cols == whole ? cols : G::block_cols;
  const index_t groups = ceil_div(cols, width);
  std::vector<float> scales(std::size_t((groups + 64) * 16)), zeros(scales.size());
  for (const arch a : {arch::scalar, arch::avx2, arch::runtime})
    for (const index_t first : {index_t(0), groups / 3}) {
      index_t wrong = 0;
      for (index_t r = 0; r < rows; r += 16) {
        kernels::read_tile_params<Q, G>(kernels::ops_of(a), view.main.groups, r, first,
                                        groups - first, scales.data(), zeros.data());
        for (index_t g = first; g < groups; ++g)
          for (index_t i = 0; i < min_of(16, rows - r); ++i) {
            const group_params<Q> p = expected.main.params(r + i, g * width);
            const std::size_t at = std::size_t((g - first) * 16 + i);
            wrong += bits_as<std::uint32_t>(scales[at]) != bits_as<std::uint32_t>(p.scale[0]);
            if constexpr (zero_of<Q> == zero_kind::real)
              wrong += zeros[at] != -(p.scale[0] * p.zero);
            else if constexpr (has_zero<Q>)
              wrong += zeros[at] != p.zero;
          }
      }
      CHECK(wrong == 0);
    }
}

struct odd_scales {
  static constexpr float levels[] = {0, 1, 5, 100};
};

}  // namespace

TEST_CASE("parameters of tiles are those of their elements: numbers of all sizes") {
  check<format<uniform<2, asymmetric>, per_group<4>>>(37, 1111);
  check<format<uniform<3>, per_group<16, f32>>>(16, 100);
  check<format<uniform<4, minimum>, per_row>>(33, 70);
  check<format<fp4_e2m1, per_group<32, e8m0>>>(5, 65);
}
TEST_CASE("parameters of tiles are those of their elements: codes in their turn") {
  check<format<uniform<2, minimum>, two_level<16, 16, uniform<4>>>>(18, 2500);
  check<format<uniform<3>, two_level<4, 5, uniform<6, full_range>>>>(17, 700);
  check<format<uniform<4, real_zero>, two_level<16, 16, uniform<3, real_zero>>>>(16, 530);
  check<format<uniform<4>, two_level<8, 3, uniform<4, asymmetric>>>>(20, 300);
  check<format<fp4_e2m1, microscaling<16, e4m3>>>(19, 1040);
  check<format<uniform<4>, double_quantized<8, uniform<8, full_range>, 16>>>(17, 330);
}
TEST_CASE("parameters of tiles are those of their elements: blocks of rows") {
  check<format<uniform<4, asymmetric>, per_block<5, 8>>>(49, 600);
  check<format<uniform<3, real_zero>, two_level_rows<16, 16, uniform<3, real_zero>>>>(50, 300);
  check<format<uniform<4>, per_tensor>>(35, 40);
}
TEST_CASE("nested parameters are levels times outer ones, read apart, integers as bytes too") {
  const auto check = []<class F>(F, bool integers) {
    CAPTURE(format_name<F>);
    const test::random_matrix w(21, 700, 4);
    const auto tiles = repack<host_layout>(quantize<F>(w.view()));
    const auto view = tiles.view();
    using scales = typename decltype(view.main)::plane_type::granularity_type::scale_plane;
    static_assert(kernels::has_outer_scales<scales>);
    using Q = typename scales::quantizer_type;
    CHECK((kernels::largest_integer<Q> > 0) == integers);
    const auto& data = view.main.groups.scale[0];
    const index_t groups = ceil_div(700, F::granularity_type::block_cols);
    const index_t width = kernels::outer_cols<scales>(data);
    const index_t from = groups / 3, n = groups - from, outers = ceil_div(groups, width);
    std::vector<float> full(std::size_t((groups + 64) * 16)), inner(full), outer(full);
    std::vector<std::int8_t> bytes(full.size());
    for (const arch a : {arch::scalar, arch::avx2, arch::runtime})
      for (index_t r = 0; r < 21; r += 16) {
        const kernels::row_ops& ops = kernels::ops_of(a);
        kernels::read_tile_param<scales>(ops, data, 1, r, from, min_of(n, 64), full.data());
        kernels::read_inner_params<scales>(ops, data, r, from, n, inner.data());
        kernels::read_outer_params<scales>(ops, data, r, 0, outers, outer.data());
        if constexpr (kernels::largest_integer < Q >> 0)
          kernels::read_integer_params<scales>(ops, data, r, from, n, bytes.data());
        int wrong = 0;
        for (index_t g = 0; g < min_of(n, 64); ++g)
          for (index_t i = 0; i < min_of(16, 21 - r); ++i) {
            const std::size_t at = std::size_t(16 * g + i);
            wrong += full[at] != inner[at] * outer[std::size_t((from + g) / width * 16 + i)];
            wrong += integers && float(bytes[at]) != inner[at];
          }
        CHECK(wrong == 0);
      }
  };
  check(format<uniform<3>, two_level<16, 5, uniform<6, full_range>>>(), true);
  check(format<uniform<3>, two_level<8, 16, uniform<4>>>(), true);
  check(format<uniform<4>, two_level<32, 3, table<odd_scales>>>(), true);
  check(format<fp4_e2m1, microscaling<16, e4m3>>(), false);
}
TEST_CASE("factors of columns are no parameters of tiles") {
  static_assert(!kernels::has_tile_params<column_scales<f16>>);
}
