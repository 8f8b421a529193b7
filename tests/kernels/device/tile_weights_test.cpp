// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/tile_weights.hpp>

#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/quantize.hpp>

#include "kernels/device/tensor_runs.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// Writes every code that a warp finds in its ring: of all tiles and blocks, one after another.
template <class View>
struct read_codes {
  static constexpr int max_warps = 1, min_blocks = 1;
  using ring_type = kernels::weight_ring<View, 1, 2>;
  using reader = typename ring_type::reader;

  template <class Block>
  void operator()(Block& block, const View& w, code_t* out, index_t row_codes) const {
    const ring_type ring{block.template shared<std::uint8_t>()};
    const int blocks = reader::blocks(w), tiles = int(ceil_div(w.rows(), 16));
    for (int tile = 0; tile < tiles; ++tile)
      for (int b = 0; b < blocks; ++b) {
        block.phase([&](typename Block::warp warp, int) {
          warp.lanes([&](int l) { ring.fetch(block, w, blocks, {{tile}}, b, b % 2, l); });
          block.copy_commit();
          block.template copy_wait<0>();
          warp.lanes([&](int l) {
            const auto words = ring.read_tile(b % 2, 0, l);
            for (int unit = 0; unit < 8; ++unit)
              for (int k = 0; k < 8; ++k) {
                const index_t r = 16 * tile + l / 4 + k / 4 * 8;
                const index_t c = 128 * b + 16 * unit + l % 4 * 4 + k % 4;
                if (r >= w.rows() || c >= row_codes) continue;
                if constexpr (reader::dim > 1) {
                  out[r * row_codes + c] = find_code<reader::bits>(words, unit, k / 4, k % 4);
                } else {
                  const int byte = k % 4 == 1 ? 2 : k % 4 == 2 ? 1 : k % 4;
                  out[r * row_codes + c] =
                      quad_bytes<reader::bits>(words, unit, k / 4) >> (8 * byte) & 255;
                }
              }
          });
        });
      }
  }
};

template <class F>
void check() {
  const auto q = repack<mma16>(quantize<F>(test::random_matrix(37, 1300, 3).view()));
  const auto view = test::as_device(q);
  using View = std::remove_const_t<decltype(view)>;
  const index_t row_codes = View::plane_type::blocks(view.cols());
  std::vector<code_t> found(std::size_t(view.rows() * row_codes), ~code_t(0));
  test::lockstep_run{}(1, 1, read_codes<View>::ring_type::bytes, read_codes<View>{}, view,
                       found.data(), row_codes);
  index_t wrong = 0;
  for (index_t r = 0; r < view.rows(); ++r)
    for (index_t c = 0; c < row_codes; ++c)
      wrong += found[std::size_t(r * row_codes + c)] != q.view().main.code(r, c);
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("a ring brings every code to the lane that multiplies it") {
  check<format<uniform<4>, per_group<32>>>();
  check<format<uniform<7>, per_row>>();
  check<format<vector_codebook<4, 6>, per_row>>();
  check<format<vector_codebook<4, 11>, per_row>>();  // two planes of tiles
}
TEST_CASE("the last tile stands for those past it, and shares are as even as can be") {
  const arr<int, 3> tiles = kernels::tiles_from<3>(4, 6);
  CHECK((tiles[0] == 4 && tiles[1] == 5 && tiles[2] == 5));
  CHECK(kernels::share_begin(10, 0, 4) == 0);
  CHECK(kernels::share_begin(10, 1, 4) == 2);
  CHECK(kernels::share_begin(10, 4, 4) == 10);
}
