// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/tile_product.hpp>

#include <doctest/doctest.h>

#include <cmath>

#include "kernels/device/tensor_runs.hpp"
#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// The parts of the inner loop, one block of codes after another: a warp adds up `Tiles` tiles and
/// 8 * Parts columns, and writes sums[column][row].
template <class Arithmetic, int Tiles, int Parts>
struct one_warp {
  static constexpr int max_warps = 1, min_blocks = 1;
  using View = typename Arithmetic::view_type;
  using ring_type = kernels::weight_ring<View, Tiles, 2>;
  static constexpr int table_words = Arithmetic::codec_type::table_words;
  static constexpr index_t shared_bytes = table_words * 4 + ring_type::bytes;

  template <class Block>
  void operator()(Block& block, const View& weights, const typename Arithmetic::columns_type& x,
                  float* out) const {
    using W = typename Block::warp;
    word* const table = block.template shared<word>();
    const ring_type ring{reinterpret_cast<std::uint8_t*>(table + table_words)};
    kernels::fill_table<Arithmetic>(block, weights, x, table);
    block.phase([&](W w, int) {
      const auto codec = kernels::codecs_of<Arithmetic>(w, weights, x, table);
      const int blocks = int(mma16::blocks(weights.cols()));
      arr<int, Tiles> tile;
      for (int m = 0; m < Tiles; ++m) tile[m] = m;
      kernels::sums_of_tiles<W, Tiles, Parts> sums;
      w.lanes([&](int l) {
        for (int m = 0; m < Tiles; ++m)
          for (int n = 0; n < Parts; ++n) sums[m][n][l] = {};
        ring.fetch(block, weights, blocks, tile, 0, 0, l);
      });
      block.copy_commit();
      for (int b = 0; b < blocks; ++b) {
        w.lanes([&](int l) {
          if (b + 1 < blocks) ring.fetch(block, weights, blocks, tile, b + 1, (b + 1) % 2, l);
        });
        block.copy_commit();
        block.template copy_wait<1>();
        typename W::template var<arr<typename ring_type::reader::words, Tiles>> words;
        typename W::template var<kernels::tile_parameters<View, Tiles>> stored;
        w.lanes([&](int l) {
          words[l] = ring.read(b % 2, l);
          kernels::fetch_parameters<View, Tiles>(weights, tile, b, l, stored[l]);
        });
        constexpr int pieces = Arithmetic::columns_type::pieces_of_block;
        kernels::multiply_block<Arithmetic, Tiles, Parts>(
            w, x, codec, b, words, stored, 0,
            [&](int l, int n, int piece) {
              const int column = 8 * n + l / 4;
              return column < x.columns ? load_cached4(x.at(pieces * b + piece, column, l % 4))
                                        : words4{};
            },
            sums);
      }
      w.lanes([&](int l) {
        for (int m = 0; m < Tiles; ++m)
          for (int n = 0; n < Parts; ++n)
            for (int i = 0; i < 4; ++i)
              out[(8 * n + l % 4 * 2 + i % 2) * 16 * Tiles + 16 * m + l / 4 + i / 2 * 8] =
                  sums[m][n][l][i];
      });
    });
  }
};

constexpr int tiles = 2, parts = 2, rows = 16 * tiles, columns = 8 * parts;

/// Sums of at least the rows and tokens that there are, against sums in binary64, within `bound`
/// times the sum of magnitudes.
template <class Value>
int far_off(const std::vector<float>& sums, extent shape, index_t tokens,
            const std::vector<float>& weights, double bound, Value value) {
  int wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < shape.rows; ++r) {
      double sum = 0, size = 0;
      for (index_t c = 0; c < shape.cols; ++c) {
        const double p = double(weights[std::size_t(r * shape.cols + c)]) * value(t, c);
        sum += p;
        size += std::fabs(p);
      }
      wrong += !(std::fabs(double(sums[std::size_t(t * rows + r)]) - sum) <= bound * size);
    }
  return wrong;
}

/// `Int8` is the width of groups of the activations, if levels are multiplied as integers too.
template <class F, int... Int8>
void check(double rounding = 0, extent shape = {27, 300}) {
  const index_t tokens = 13;
  const auto q = quantize<F>(test::random_matrix(shape.rows, shape.cols, 3).view());
  std::vector<float> weights(std::size_t(shape.rows * shape.cols));
  dequantize(q.view(), matrix_view<float>(weights.data(), shape.rows, shape.cols));
  const auto laid = repack<mma16>(q);
  const auto view = test::as_device(laid);
  using View = std::remove_const_t<decltype(view)>;
  std::vector<float16> x;
  for (const float v : test::random_matrix(tokens, shape.cols, 4).values) x.push_back(float16(v));
  const double bound = rounding + double(shape.cols / 16 + 16) * 0x1p-23;

  const auto sums_of = [&]<class Arithmetic>(std::type_identity<Arithmetic>, const auto& prepared) {
    using kernel = one_warp<Arithmetic, tiles, parts>;
    std::vector<float> sums(std::size_t(rows * columns), -77.f);
    test::lockstep_run{}(1, 1, kernel::shared_bytes, kernel{}, view, prepared, sums.data());
    return sums;
  };
  using real = kernels::half_arithmetic<View>;
  const test::prepared_halves<float16> halves(
      test::lockstep_run{}, x, tokens, shape.cols, real::traits::minima ? real::run : 0, columns);
  CHECK(far_off(sums_of(std::type_identity<real>{}, halves.x), shape, tokens, weights, bound,
                [&](index_t t, index_t c) {
                  return double(float(x[std::size_t(t * shape.cols + c)]));
                }) == 0);

  [[maybe_unused]] const auto integers = [&]<int Width>(std::integral_constant<int, Width>) {
    CAPTURE(Width);
    using integer = kernels::byte_arithmetic<View, Width>;
    using A = format<uniform<8>, per_group<Width, f32>>;
    std::vector<float> values;
    for (const float16 v : x) values.push_back(float(v));
    const auto a = quantize<A>(matrix_view<const float>(values.data(), tokens, shape.cols));
    const test::prepared_bytes<float16> bytes(test::lockstep_run{}, x, tokens, shape.cols,
                                              Width == whole ? int(shape.cols) : Width,
                                              integer::run, columns);
    CHECK(far_off(sums_of(std::type_identity<integer>{}, bytes.x), shape, tokens, weights, bound,
                  [&](index_t t, index_t c) { return double(a.view().at(t, c)); }) == 0);
  };
  (integers(std::integral_constant<int, Int8>{}), ...);
}

}  // namespace

TEST_CASE("symmetric codes") {
  check<format<uniform<4>, per_group<32>>, 32, 16, 96, whole>();
  check<format<uniform<7>, per_row>, 128>();  // an odd number of 8 bytes for each lane
  check<format<ternary, per_block<8, 32>>, 32>();
}
TEST_CASE("integer zeros are subtracted exactly, others meet sums") {
  check<format<uniform<3, asymmetric>, per_group<64>>, 64, 32>();
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>, 32>();
  check<format<uniform<5, real_zero>, per_group<96>>, 32>();
}
TEST_CASE("levels of tables and fields") {
  check<format<fp4_e2m1, microscaling<16, e4m3>>, 32>();
  check<format<fp8_e5m2, per_group<64>>>();
  check<format<normal_float<4>, per_group<64>>>(0x1p-11);
}
TEST_CASE("less than a block, less than a tile") {
  check<format<uniform<2>, per_group<32>>, 32>(0, {17, 5});
}
