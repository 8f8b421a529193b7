// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/group_parameters.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>
#include <lowbit/packing/repack.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// What lanes fetch for each run of `Run` codes is what the matrix says of them.
template <class F, int Run>
void check(extent shape = {75, 400}) {
  using G = typename F::granularity_type;
  using Q = typename F::quantizer_type;
  const auto w =
      repack<mma16>(quantize<F>(test::random_matrix(shape.rows, shape.cols, 5).view()));
  const auto view = w.view();
  using data = std::remove_cvref_t<decltype(view.main)>;
  constexpr int rows = G::block_rows == whole ? 0 : int(G::block_rows);
  constexpr int width = G::block_cols == whole ? 0 : int(G::block_cols);
  int wrong = 0, seen = 0;
  for (int tile = 0; tile < ceil_div(shape.rows, 16); ++tile)
    for (int block = 0; block < mma16::blocks(shape.cols); ++block)
      for (int g = 0; g < 8; ++g) {
        kernels::group_codes<rows, width, 128 / Run, data, true, has_zero<Q>> p;
        p.fetch(view.main, tile, g, 128 * block);
        for (int run = 0; run < 128 / Run; ++run)
          for (int i = 0; i < 2; ++i) {
            const index_t r = 16 * tile + g + 8 * i, first = 128 * block + Run * run;
            for (index_t c = first; r < shape.rows && c < min_of(shape.cols, first + Run); ++c) {
              const group_params<Q> expected = view.main.params(r, c);
              wrong += p.scale.value(run)[i] != expected.scale[0];
              if constexpr (has_zero<Q>) wrong += p.zero.value(run)[i] != expected.zero;
              ++seen;
            }
          }
      }
  CHECK(wrong == 0);
  CHECK(seen == shape.rows * shape.cols);
}

}  // namespace

TEST_CASE("groups along a row, in containers of each size") {
  check<format<uniform<4>, per_group<32>>, 32>();
  check<format<uniform<4>, per_group<32>>, 16>();  // of byte products: more runs than groups
  check<format<uniform<4>, per_group<64, f32>>, 64>();
  check<format<fp8_e4m3, microscaling<32>>, 32>();
  check<format<uniform<5, real_zero>, per_group<96>>, 32>();
  check<format<uniform<4, asymmetric>, per_group<128>>, 128>();
}
TEST_CASE("whole rows, blocks of rows, and one scale for all") {
  check<format<uniform<8>, per_row>, 128>();
  check<format<uniform<4, minimum>, per_row::with<f32>>, 128>();
  check<format<ternary, per_block<8, 32>>, 32>();
  check<format<uniform<4>, per_block<3, 64, f32>>, 64>();
  check<format<uniform<4>, per_tensor>, 128>();
}
TEST_CASE("parameters with groups of their own") {
  check<format<fp4_e2m1, microscaling<16, e4m3>>, 16>();
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>, 32>({75, 900});
  check<format<uniform<6>, two_level<16, 16, uniform<8, full_range>>>, 16>({75, 900});
  check<format<uniform<2, asymmetric>, two_level_rows<16, 16, uniform<3>>>, 16>();
  check<format<uniform<3, real_zero>, two_level<16, 16, uniform<3, real_zero>>>, 16>({20, 700});
}
TEST_CASE("the value of every code of the numbers that parameters have") {
  const auto wrong = []<class N>(std::type_identity<N>) {
    int n = 0;
    for (code_t c = 0; c >> N::bits == 0; ++c) {
      const float v = N::decode(c);
      if (is_finite(v)) n += kernels::stored_number<N>(c) != v;
    }
    return n;
  };
  CHECK(wrong(std::type_identity<f16>{}) == 0);
  CHECK(wrong(std::type_identity<bf16>{}) == 0);
  CHECK(wrong(std::type_identity<e4m3>{}) == 0);
  CHECK(wrong(std::type_identity<e8m0>{}) == 0);
}
TEST_CASE("rows and columns that no group has") {
  check<format<uniform<4>, per_group<32>>, 32>({1, 1});
  check<format<uniform<4>, per_group<512>>, 128>({17, 130});
  check<format<uniform<4>, per_block<24, 32>>, 32>({17, 33});
}
