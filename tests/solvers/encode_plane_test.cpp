// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The order of encoding: ranges, parameters stored, levels learned, codes under what was stored.
#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/outliers/criteria/user_mask.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/ranges/fixed_scale.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// Levels that come from the test, and what they would have been learned from.
template <class Q>
struct watches : level_source {
  std::vector<block_of<Q>>* blocks;
  std::vector<float>* weights;
  watches(std::vector<block_of<Q>>& b, std::vector<float>& w) : blocks(&b), weights(&w) {}
  template <class P, class Executor>
  state_of<P, owned> state(span<const block_of<P>> b, span<const float> w,
                           const Executor& threads) const {
    blocks->assign(b.begin(), b.end());
    weights->assign(w.begin(), w.end());
    return P::learn(b, w, threads);
  }
};

using pairs = vector_codebook<2, 2, f32>;

}  // namespace

TEST_CASE("codes are found under the scale as it is stored") {
  // 2^-1 and below: an e8m0 scale cannot be 1/3, and codes make up for it.
  const std::vector<float> x{1, 0.9f, -0.4f, 0.2f};
  const auto w = quantize<format<uniform<4>, per_row::with<e8m0>>>(
      matrix_view<const float>(x.data(), 1, 4), fixed_scale(0.15f));
  const float scale = w.view().main.params(0, 0).scale[0];
  CHECK(scale == 0.125f);
  CHECK(w.view().at(0, 0) == 7 * scale);  // clipped
  CHECK(w.view().at(0, 1) == 7 * scale);
  CHECK(w.view().at(0, 2) == -3 * scale);
  CHECK(w.view().at(0, 3) == 2 * scale);
}

TEST_CASE("levels are learned from the normalised blocks, with the squared scale as weight") {
  const test::random_matrix m(4, 9, 1);  // the ninth column is no whole block
  std::vector<arr<float, 2>> blocks;
  std::vector<float> weights;
  const auto w =
      quantize<format<pairs, per_row::with<f32>>>(m.view(), watches<pairs>(blocks, weights));
  REQUIRE(blocks.size() == 16);
  float top = 0;
  for (index_t r = 0; r < 4; ++r) top = std::max(top, w.view().main.params(r, 0).scale[0]);
  const float unit = exp2_int(-ilog2(top));  // weights are relative
  for (index_t r = 0; r < 4; ++r)
    for (index_t b = 0; b < 4; ++b) {
      const float s = w.view().main.params(r, 2 * b).scale[0];
      const std::size_t i = std::size_t(4 * r + b);
      CHECK(blocks[i][0] == div_rn(m(r, 2 * b), s));
      CHECK(blocks[i][1] == div_rn(m(r, 2 * b + 1), s));
      CHECK(weights[i] == (s * unit) * (s * unit));
    }
}

TEST_CASE("importance and what is kept apart change the weights") {
  const test::random_matrix m(2, 8, 2);
  std::vector<float> importances(16, 1.f);
  importances[2] = 5, importances[3] = 7;
  std::uint8_t mask[16] = {};
  mask[6] = 1, mask[8] = mask[9] = 1;
  std::vector<arr<float, 2>> blocks;
  std::vector<float> weights;
  (void)quantize<format<pairs, unscaled, sparse<>>>(
      m.view(), watches<pairs>(blocks, weights), user_mask({mask, 2, 8}),
      importance(matrix_view<const float>(importances.data(), 2, 8)));
  CHECK(weights == std::vector<float>{1, 6, 1, 0.5f, 0, 1, 1, 1});
  CHECK(blocks[3][0] == 0);  // kept apart
  CHECK(blocks[3][1] == m(0, 7));
}

TEST_CASE("a matrix narrower than a block learns from rows filled up with zeros") {
  const test::random_matrix m(6, 1, 3);
  std::vector<arr<float, 2>> blocks;
  std::vector<float> weights;
  (void)quantize<format<pairs, unscaled>>(m.view(), watches<pairs>(blocks, weights));
  REQUIRE(blocks.size() == 6);
  for (std::size_t r = 0; r < 6; ++r) {
    CHECK(blocks[r][0] == m(index_t(r), 0));
    CHECK(blocks[r][1] == 0);
  }
}

TEST_CASE("groups of zeros are zeros, whatever their neighbours are") {
  std::vector<float> x(48, 0.f);
  for (std::size_t i = 16; i < 32; ++i) x[i] = float(i);
  for (const auto& w :
       {quantize<format<uniform<4>, per_group<16>>>(matrix_view<const float>(x.data(), 1, 48))}) {
    for (index_t c = 0; c < 16; ++c) CHECK(w.view().at(0, c) == 0);
    for (index_t c = 32; c < 48; ++c) CHECK(w.view().at(0, c) == 0);
  }
}
