// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/entry_levels.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantize.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::entry_levels;
using kernels::tile_reader;

namespace {

/// Two tokens of int8 activations, one scale for `width` columns.
struct inputs {
  std::vector<std::int8_t> levels;
  kernels::int8_rows rows;

  inputs(index_t cols, index_t width) {
    const philox random{11};
    rows.tokens = 2;
    rows.cols = cols;
    rows.stride = kernels::padded(cols);
    rows.width = width;
    levels.assign(std::size_t(2 * rows.stride), 0);
    for (index_t t = 0; t < 2; ++t)
      for (index_t c = 0; c < cols; ++c) {
        const std::size_t at = std::size_t(t * rows.stride + c);
        levels[at] = std::int8_t(int(random.below(at, 255)) - 127);
      }
    rows.levels = levels.data();
  }
};

/// The sums of all runs of a matrix, taken as tiled products take them from what is read, are those
/// of the levels of the codes.
template <class View>
void check_sums(const View& w, index_t width) {
  using Q = typename View::plane_type::quantizer_type;
  using L = entry_levels<View>;
  const inputs x(w.cols(), width);
  for (const arch a : {arch::scalar, arch::avx2, arch::runtime}) {
    CAPTURE(int(a));
    const kernels::row_ops& ops = kernels::ops_of(a);
    const tile_reader<View> tiles(ops, w, L::most_run, width);
    L entries(ops, tiles.run());
    kernels::int8_table_for<Q> exact{}, table{};
    kernels::make_int8_levels<Q>(w.main.stored_levels(), 0, exact);
    kernels::make_int8_levels<Q>(w.main.stored_levels(), ops.level_bias, table);

    workspace memory;
    std::uint8_t* out = nullptr;
    typename tile_reader<View>::memory scratch{};
    const auto carve = [&](detail::carver from) {
      entries.take(from, x.rows);
      scratch = tiles.take(from);
      out = from.take<std::uint8_t>(L::tile_bytes);
      return from.used();
    };
    carve(detail::carver(memory.reserve(carve(detail::carver()))));
    entries.fill(table, x.rows);

    const index_t run = tiles.run();
    index_t wrong = 0;
    for (index_t r = 0; r < w.rows(); r += 16)
      for (index_t c = 0; c < w.cols(); c += L::piece) {
        const index_t rows = min_of(16, w.rows() - r), n = min_of(L::piece, w.cols() - c);
        entries.read(tiles, r, rows, c, n, scratch, out);
        const index_t step = run / 4 * L::count;
        for (index_t q = 0, first = c; q < entries.quads(n); q += step, first += run)
          for (index_t t = 0; t < 2; ++t)
            for (index_t i = 0; i < rows; ++i) {
              const std::int8_t* const given =
                  entries.levels() + t * entries.stride() + c * L::count;
              int got = 0, sum = 0;
              for (index_t at = 4 * q; at < 4 * min_of(entries.quads(n), q + step); ++at) {
                const std::uint8_t byte = out[at / 4 * 64 + 4 * i + at % 4];
                got += given[at] *
                       (ops.level_bias > 0 ? byte - ops.level_bias : int(std::int8_t(byte)));
              }
              for (index_t k = first; k < min_of(w.cols(), first + run); ++k)
                sum += exact.level(w.main.code(r + i, k / L::dim), int(k % L::dim)) *
                       x.levels[std::size_t(t * x.rows.stride + k)];
              wrong += got != sum;
            }
      }
    CHECK(wrong == 0);
  }
}

/// Runs of 128 and of 4 columns: in planes and entry by entry, where there is a choice.
template <class Q>
void check(index_t rows, index_t cols) {
  CAPTURE(Q::bits);
  CAPTURE(Q::dim);
  const test::random_matrix w(rows, cols, 6);
  const auto q = quantize<format<Q, per_row>>(w.view());
  const auto tiles = repack<host_layout>(q);
  for (const index_t width : {128, 4}) {
    CAPTURE(width);
    check_sums(q.view(), width);
    check_sums(tiles.view(), width);
  }
}

/// A user's own vectors, which no matrix stores: the corners of a cube, and half of each.
struct corners {
  static constexpr int bits = 5, dim = 4;
  static constexpr float peak = 1;
  static constexpr arr<float, 4> decode(code_t c) {
    arr<float, 4> v{};
    for (int i = 0; i < 4; ++i) v[i] = ((c >> i & 1) != 0 ? -1.f : 1.f) / float(1 + (c >> 4));
    return v;
  }
  static constexpr code_t encode(const arr<float, 4>& x) {
    code_t c = magnitude(x[0]) + magnitude(x[1]) < 1.5f ? 16 : 0;
    for (int i = 0; i < 4; ++i) c |= code_t(x[i] < 0) << i;
    return c;
  }
};

}  // namespace

TEST_CASE("levels of entries: a user's codebook") { check<corners>(18, 333); }
TEST_CASE("levels of entries: codes of a byte, of less, of more") {
  check<vector_codebook<4, 8>>(21, 1100);
  check<vector_codebook<4, 3>>(5, 77);
  check<vector_codebook<8, 9>>(17, 1330);
  check<vector_codebook<16, 5>>(35, 530);
  check<vector_codebook<32, 2>>(3, 1300);
}
TEST_CASE("levels of entries: sums, whose indices share bytes and cross them") {
  check<residual<vector_codebook<4, 8>, vector_codebook<4, 4>>>(18, 700);
  check<residual<vector_codebook<4, 3>, vector_codebook<4, 5>>>(16, 300);
  check<residual<vector_codebook<4, 6>, vector_codebook<4, 5>>>(7, 530);
  check<residual<vector_codebook<8, 5>, vector_codebook<8, 9>>>(20, 1100);
  check<residual<residual<vector_codebook<4, 2>, vector_codebook<4, 3>>,  //
                 vector_codebook<4, 6>>>(9, 400);
}
