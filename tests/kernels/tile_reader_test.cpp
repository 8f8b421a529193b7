// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/kernels/tile_reader.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/minifloat.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::tile_reader;

namespace {

constexpr arch targets[] = {arch::scalar, arch::avx2, arch::avx512};

/// A reader with memory of its own.
template <class View>
struct reading {
  tile_reader<View> reader;
  std::vector<std::uint8_t> block;
  typename tile_reader<View>::memory memory;

  reading(arch a, const View& w, index_t most, index_t other)
      : reader(kernels::ops_of(a), w, most, other) {
    detail::carver size;
    reader.take(size);
    block.assign(std::size_t(size.used() + 64), 0xcc);
    auto* const aligned = block.data() + (64 - reinterpret_cast<std::uintptr_t>(block.data()) % 64);
    detail::carver carver(aligned);
    memory = reader.take(carver);
  }
};

/// Codes come out as quads, [quad][row][column of the quad], and parameters as [group][row].
template <class View>
void check_tiles(const View& w) {
  using Q = typename View::plane_type::quantizer_type;
  arr<std::int8_t, 256> table{};
  for (int i = 0; i < 256; ++i) table[i] = std::int8_t(3 * i + 1);
  for (const arch a : targets) {
    reading<View> in(a, w, 128, w.cols());
    const index_t chunk = tile_reader<View>::chunk, width = in.reader.width();
    index_t wrong = 0;
    for (index_t r = 0; r < w.rows(); r += 16)
      for (index_t c = 0; c < w.cols(); c += chunk) {
        const index_t rows = min_of(16, w.rows() - r), n = min_of(chunk, w.cols() - c);
        in.reader.read_codes(r, rows, c, n, table.items, in.memory);
        for (index_t i = 0; i < rows; ++i)
          for (index_t k = 0; k < n; ++k)
            wrong += std::int8_t(in.memory.codes[k / 4 * 64 + 4 * i + k % 4]) !=
                     table[int(w.main.code(r + i, c + k))];
        const index_t groups = in.reader.read_params(r, rows, c, n, in.memory);
        wrong += groups != (c + n - 1) / width - c / width + 1;
        for (index_t g = 0; g < groups; ++g)
          for (index_t i = 0; i < rows; ++i) {
            const auto p = w.main.params(r + i, (c / width + g) * width);
            wrong += in.memory.scales[16 * g + i] != p.scale[0];
            if constexpr (zero_of<Q> == zero_kind::real)
              wrong += in.memory.zeros[16 * g + i] != -(p.scale[0] * p.zero);
            else if constexpr (has_zero<Q>)
              wrong += in.memory.zeros[16 * g + i] != p.zero;
          }
      }
    CHECK(wrong == 0);
  }
}
template <class F>
void check(index_t rows, index_t cols) {
  const test::random_matrix w(rows, cols, 4);
  const auto q = quantize<F>(w.view());
  check_tiles(q.view());
  const auto tiles = repack<host_layout>(q);
  check_tiles(tiles.view());
}

using narrow = format<uniform<3, asymmetric>, per_group<20>>;
using shifted = format<uniform<5, real_zero>, per_row>;
using vectors = format<vector_codebook<4, 9>, per_row>;

}  // namespace

TEST_CASE("tiles hold the codes through a table, and the parameters of their groups") {
  check<narrow>(37, 1111);
  check<narrow>(1, 3);
  check<shifted>(18, 77);
}

TEST_CASE("without groups there is one scale of 1") {
  const test::random_matrix w(3, 70, 4);
  const auto q = quantize<format<fp8_e4m3, unscaled>>(w.view());
  const auto view = q.view();
  reading in(arch::runtime, view, 128, 70);
  CHECK(in.reader.read_params(0, 3, 0, 70, in.memory) == 1);
  for (int i = 0; i < 16; ++i) CHECK(in.memory.scales[i] == 1);
  CHECK(in.reader.width() == 70);
}

TEST_CASE("rows that fill up a tile have parameters of 0") {
  const test::random_matrix w(2, 40, 4);
  const auto q = quantize<narrow>(w.view());
  const auto view = q.view();
  reading in(arch::runtime, view, 128, 40);
  REQUIRE(in.reader.read_params(0, 2, 0, 40, in.memory) == 2);
  for (index_t g = 0; g < 2; ++g)
    for (index_t i = 2; i < 16; ++i) {
      CHECK(in.memory.scales[16 * g + i] == 0);
      CHECK(in.memory.zeros[16 * g + i] == 0);
    }
}

TEST_CASE("codes of a codebook as packed tiles, stored or unpacked, in one piece or two") {
  const auto check_codes = [](const auto& view) {
    using View = std::remove_cvref_t<decltype(view)>;
    using codes_type = typename tile_reader<View>::code_tiles;
    constexpr int dim = View::plane_type::dim;
    for (const arch a : targets) {
      reading<View> in(a, view, 512, 32);
      index_t wrong = 0;
      for (index_t r = 0; r < view.rows(); r += 16)
        for (const index_t c : {0, 1024}) {
          const index_t rows = min_of(16, view.rows() - r), n = min_of(1024, view.cols() - c);
          const codes_type codes = in.reader.read_code_tiles(r, rows, c, n, in.memory);
          for (index_t i = 0; i < rows; ++i)
            for (index_t b = 0; b < ceil_div(n, dim); ++b) {
              code_t code = host_layout::code_in_tile(codes.low, codes_type::low_bits, int(i), b);
              if constexpr (codes_type::high_bits > 0)
                code |= host_layout::code_in_tile(codes.high, codes_type::high_bits, int(i), b)
                        << 8;
              wrong += code != view.main.code(r + i, c / dim + b);
            }
        }
      CHECK(wrong == 0);
    }
  };
  const test::random_matrix w(21, 1100, 6);
  const auto both = [&]<class F>(F) {
    const auto q = quantize<F>(w.view());
    const auto tiles = repack<host_layout>(q);
    check_codes(q.view());
    check_codes(tiles.view());
  };
  both(vectors{});
  both(format<vector_codebook<4, 5>, per_row>{});
}

TEST_CASE("runs are powers of two that divide both operands' groups") {
  const test::random_matrix w(1, 2100, 4);
  const auto q = quantize<narrow>(w.view());  // groups of 20
  const auto view = q.view();
  const kernels::row_ops& ops = kernels::ops_of(arch::runtime);
  using reader = tile_reader<quantized_view<narrow>>;
  CHECK(reader(ops, view, 512, 32).run() == 4);
  const reader runs(ops, view, 512, 8);
  CHECK(runs.runs() == 525);
  CHECK(runs.span() == 2048);  // whole chunks, at most 128 groups
  std::vector<std::int32_t> group(525);
  runs.list_groups(group.data());
  for (index_t i = 0; i < 525; ++i)  // counted from the first group that the span touches
    CHECK(group[std::size_t(i)] == 4 * i / 20 - 4 * i / 2048 * 2048 / 20);

  const auto rows = quantize<shifted>(w.view());
  const auto row_view = rows.view();
  using whole_rows = tile_reader<quantized_view<shifted>>;
  CHECK(whole_rows(ops, row_view, 512, 96).run() == 32);     // one scale for the row
  CHECK(whole_rows(ops, row_view, 512, 2100).run() == 512);  // and one for the activations
  CHECK(whole_rows(ops, row_view, 512, 2100).runs() == 5);
}

TEST_CASE("runs know their groups, those of groups, and where sums end") {
  using nested = format<uniform<3>, two_level<16, 5, uniform<4>>>;
  const test::random_matrix w(1, 2100, 4);
  const auto q = repack<host_layout>(quantize<nested>(w.view()));
  const auto view = q.view();
  using reader = tile_reader<quantized_view<nested, host_layout>>;
  static_assert(reader::nested && reader::largest_scale == 15);
  const reader runs(kernels::ops_of(arch::runtime), view, 512, 32);
  REQUIRE(runs.run() == 16);
  REQUIRE(runs.span() == 1024);
  std::vector<kernels::row_ops::run_place> places(132);
  REQUIRE(runs.runs() == 132);
  runs.list_places(places.data(), 32, 64);
  for (index_t i = 0; i < 132; ++i) {
    const auto place = places[std::size_t(i)];
    const index_t start = i / 64 * 64;  // of its span
    CHECK(place.group == i - start);
    CHECK(place.outer == i / 5 - start / 5);
    const bool ends_outer = i % 5 == 4 || i % 32 == 31 || i == 131;
    CHECK(place.ends_outer == ends_outer);
    CHECK(place.ends_sum == (ends_outer || i % 2 == 1));
  }
}
