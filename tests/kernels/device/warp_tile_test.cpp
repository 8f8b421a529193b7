// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/warp_tile.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/formats/known.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantizers/learned_table.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// f(lane, value of the lane, row, column of the tile), in the order of the picture.
template <class F>
void each_place(F f) {
  for (int l = 0; l < 32; ++l)
    for (int i = 0; i < 8; ++i)
      f(l, i, l / 4 + i / 2 % 2 * 8, l % 4 * 4 + i / 4 * 2 + i % 2);
}
word half_of(const arr<word, 4>& a, int i) { return a[i / 2] >> (i % 2 * 16) & 0xffff; }

template <class F, class Layout = mma16>
quantized_matrix<F, Layout> matrix(extent shape) {
  return repack<Layout>(quantize<F>(test::random_matrix(shape.rows, shape.cols, 3).view()));
}

/// Every tile is what `at` says, and 0 outside.
template <class F, class Layout = mma16>
void check(extent shape = {37, 300}) {
  const auto w = matrix<F, Layout>(shape);
  const auto view = w.view();
  int wrong = 0;
  for (index_t tile = 0; tile < ceil_div(shape.rows, 16); ++tile)
    for (index_t k = 0; k < ceil_div(shape.cols, 16); ++k) {
      const auto a = warp_tile(lockstep_warp{}, view, tile, k);
      const auto v = warp_tile_f32(lockstep_warp{}, view, tile, k);
      each_place([&](int l, int i, int row, int column) {
        const index_t r = 16 * tile + row, c = 16 * k + column;
        const float expected = r < shape.rows && c < shape.cols ? view.at(r, c) : 0.f;
        wrong += v[l][i] != expected;
        wrong += half_of(a[l], i) != float16(expected).bits && expected != 0;
        wrong += expected == 0 && (half_of(a[l], i) & 0x7fff) != 0;
      });
    }
  CHECK(wrong == 0);
}
/// scale * level + offset is the value, as near as the level's rounding allows.
template <class F>
void check_raw(double rounding = 0, extent shape = {37, 300}) {
  const auto w = matrix<F>(shape);
  const auto view = w.view();
  int wrong = 0;
  for (index_t tile = 0; tile < ceil_div(shape.rows, 16); ++tile)
    for (index_t k = 0; k < ceil_div(shape.cols, 16); ++k) {
      const auto raw = warp_tile_raw(lockstep_warp{}, view, tile, k);
      each_place([&](int l, int i, int row, int column) {
        const index_t r = 16 * tile + row, c = 16 * k + column;
        if (r >= shape.rows || c >= shape.cols) return;
        const double scaled = double(raw[l].scale[row / 8]) *
                              double(half_low(half_of(raw[l].levels, i)));
        const double offset = double(raw[l].offset[row / 8]);
        wrong += !(std::fabs(scaled + offset - double(view.at(r, c))) <=
                   (rounding + 0x1p-22) * (std::fabs(scaled) + std::fabs(offset)));
      });
    }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("every number of bits and every kind of codes") {
  check<format<uniform<2>, per_group<32>>>();
  check<format<uniform<3, asymmetric>, per_group<64>>>();
  check<format<uniform<4>, per_group<32>>>();
  check<format<uniform<5, real_zero>, per_group<96>>>();
  check<format<uniform<6>, two_level<16, 16, uniform<8, full_range>>>>();
  check<format<uniform<7>, per_row>>();
  check<format<uniform<8, asymmetric>, per_group<128>>>();
  check<format<binary, per_group<32>>>();
  check<format<normal_float<4>, per_group<64>>>();
  check<format<fp8_e4m3, microscaling<32>>>();
  check<format<learned_table<4>, per_group<32>>>();
  check<format<learned_table<7, uniform<8>>, per_row>>();
}
TEST_CASE("parameters of every kind, factors of columns, and what is kept apart") {
  check<format<ternary, per_block<8, 32>>>();
  check<format<uniform<4>, per_tensor>>();
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>();
  check<format<fp4_e2m1, microscaling<16, e4m3>>>();
  check<format<uniform<4>, cross<50>>>();
  check<format<uniform<4, minimum>, cross<50>>>();
  check<format<uniform<4>, per_group<32>, sparse<>>>();
}
TEST_CASE("formats and layouts without tiles in registers are read by at") {
  check<format<uniform<4>, per_group<8>>>();
  check<format<uniform<4>, per_group<32>>, canonical>();
  check<format<vector_codebook<4, 8>, per_row>>();
}
TEST_CASE("less than a tile") {
  check<format<uniform<4>, per_group<32>>>({1, 1});
  check<format<uniform<3>, per_group<32>>>({17, 129});
}
TEST_CASE("raw levels, scales and offsets make the values") {
  check_raw<format<uniform<4>, per_group<32>>>();
  check_raw<format<uniform<3, asymmetric>, per_group<64>>>();
  check_raw<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>();
  check_raw<format<uniform<5, real_zero>, per_group<96>>>();
  check_raw<format<fp8_e4m3, microscaling<32>>>();
  check_raw<format<normal_float<4>, per_group<64>>>(0x1p-11);
  check_raw<format<learned_table<7, uniform<8>>, per_row>>(0x1p-11);
}
TEST_CASE("a tile is A of a product whose B has four neighbours in a lane") {
  const extent shape{16, 48};
  const auto w = matrix<format<uniform<4>, per_tensor>>(shape);
  const test::random_matrix x(8, shape.cols, 4);
  lockstep_warp::var<arr<float, 4>> d{};
  for (index_t k = 0; k < 3; ++k) {
    lockstep_warp::var<arr<word, 2>> b;
    for (int l = 0; l < 32; ++l)
      for (int i = 0; i < 2; ++i) {
        const index_t c = 16 * k + l % 4 * 4 + 2 * i;
        b[l][i] = halves(x(l / 4, c), x(l / 4, c + 1));
      }
    mma<mma_kind::half>(lockstep_warp{}, d, warp_tile(lockstep_warp{}, w.view(), 0, k), b);
  }
  for (int l = 0; l < 32; ++l)
    for (int i = 0; i < 4; ++i) {
      double sum = 0, size = 0;
      for (index_t c = 0; c < shape.cols; ++c) {
        const double p =
            double(w.view().at(l / 4 + i / 2 * 8, c)) * double(x(l % 4 * 2 + i % 2, c));
        sum += p;
        size += std::fabs(p);
      }
      CHECK(std::fabs(double(d[l][i]) - sum) <= 0x1p-10 * size);
    }
}
