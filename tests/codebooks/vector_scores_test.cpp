// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/codebooks/vector_scores.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/random.hpp>
#include <vector>

using namespace lowbit;

TEST_CASE("a score is half the squared length minus the product") {
  const std::vector<float> vectors = {1, 0, 0, 2, 3, 4};
  const vector_scores<2> s{span<const float>(vectors)};
  CHECK(s.size() == 3);
  CHECK(s.tiles() == 1);
  const float x[2] = {1, 1};
  double score[8];
  s.score(0, x, score);
  CHECK(score[0] == 0.5 - 1);
  CHECK(score[1] == 2.0 - 2);
  CHECK(score[2] == 12.5 - 7);
  CHECK(score[3] == __builtin_inf());  // fills up the tile
}

TEST_CASE("of equally near vectors the first is found") {
  const std::vector<float> vectors = {1, 0, -1, 0, 1, 0, 0, 5, 0, -5, 3, 3, 3, -3, 2, 2, 1, 0};
  const vector_scores<2> s{span<const float>(vectors)};
  const float twin[2] = {1, 0.25f}, middle[2] = {0, 0.5f};
  CHECK(s.nearest(twin).index == 0);    // vectors 0, 2 and 8 (of the next tile) are the same
  CHECK(s.nearest(middle).index == 0);  // as far from vector 0 as from vector 1
  const float below[2] = {-0x1p-20f, 0.5f};
  CHECK(s.nearest(below).index == 1);
}

TEST_CASE("the nearest of many is the one that a plain search finds") {
  const philox random{11};
  constexpr int width = 5, count = 77;
  std::vector<float> vectors(count * width);
  for (std::size_t i = 0; i < vectors.size(); ++i) vectors[i] = random.normal(i);
  const vector_scores<width> s{span<const float>(vectors)};
  for (std::uint64_t trial = 0; trial < 500; ++trial) {
    float x[width];
    for (std::uint64_t i = 0; i < width; ++i) x[i] = random.normal(10000 + trial * width + i);
    int best = 0;
    double least = 1e300;
    for (int k = 0; k < count; ++k) {
      double d = 0;
      for (int i = 0; i < width; ++i) {
        const double e = double(x[i]) - double(vectors[std::size_t(k * width + i)]);
        d += e * e;
      }
      if (d < least) {
        least = d;
        best = k;
      }
    }
    const auto found = s.nearest(x);
    CHECK(found.index == best);
    double square = 0;
    for (const float v : x) square += double(v) * double(v);
    CHECK(2 * found.score + square == doctest::Approx(least));
  }
}

TEST_CASE("without vectors there is nothing near") {
  const vector_scores<3> none;
  const float x[3] = {};
  CHECK(none.size() == 0);
  CHECK(none.nearest(x).index == 0);
  CHECK(none.nearest(x).score == __builtin_inf());
}
