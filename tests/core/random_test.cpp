// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/random.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace lowbit;

namespace {
struct known_answer {
  std::uint64_t counter, stream, seed;
  std::uint32_t words[4];
};
/// philox4x32 10 of Random123's kat_vectors.
constexpr known_answer known_answers[] = {
    {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {~0ull, ~0ull, ~0ull, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {0x85a308d3243f6a88,
     0x0370734413198a2e,
     0x299f31d0a4093822,
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

constexpr bool all_known() {
  for (const known_answer& k : known_answers)
    for (int i = 0; i < 4; ++i)
      if (philox{k.seed, k.stream}(k.counter)[i] != k.words[i]) return false;
  return true;
}
static_assert(all_known());
}  // namespace

TEST_CASE("known answers of Random123") {
  for (const known_answer& k : known_answers) {
    const auto words = philox{k.seed, k.stream}(k.counter);
    for (int i = 0; i < 4; ++i) CHECK(words[i] == k.words[i]);
  }
}

TEST_CASE("word i is word i % 4 of block i / 4") {
  const philox g{11, 3};
  for (std::uint64_t i = 0; i < 40; ++i) CHECK(g.word(i) == g(i / 4)[int(i % 4)]);
  CHECK(g.word(~0ull) == g(~0ull / 4)[3]);
}

TEST_CASE("seeds and streams give other numbers") {
  CHECK(philox{1}.word(0) != philox{2}.word(0));
  CHECK(philox{1, 0}.word(0) != philox{1, 1}.word(0));
  CHECK(philox{1, 1ull << 32}.word(0) != philox{1, 1}.word(0));
}

TEST_CASE("uniform numbers fill [0, 1) in steps of 2^-24") {
  const philox g{5};
  const int n = 200000;
  std::vector<int> bins(16);
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const float u = g.uniform(std::uint64_t(i));
    REQUIRE((u >= 0 && u < 1));
    REQUIRE(u * 0x1p24f == std::floor(u * 0x1p24f));
    ++bins[std::size_t(u * 16)];
    sum += u;
    squares += double(u) * u;
  }
  CHECK(std::fabs(sum / n - 0.5) < 0.003);  // 4.6 standard errors
  CHECK(std::fabs(squares / n - 1.0 / 3) < 0.003);
  for (const int count : bins) CHECK(std::abs(count - n / 16) < 500);  // 4.6 sigma
}

TEST_CASE("integers below n are all reached and nothing else") {
  const philox g{6};
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 70000; ++i) {
    const std::uint32_t k = g.below(i, 7);
    REQUIRE(k < 7);
    ++counts[k];
  }
  for (const int count : counts) CHECK(std::abs(count - 10000) < 450);
  CHECK(g.below(0, 1) == 0);
}

TEST_CASE("normal numbers have the moments of N(0, 1)") {
  const philox g{8};
  const int n = 400000;
  double s1 = 0, s2 = 0, s3 = 0, s4 = 0;
  for (int i = 0; i < n; ++i) {
    const double z = g.normal(std::uint64_t(i));
    s1 += z, s2 += z * z, s3 += z * z * z, s4 += z * z * z * z;
  }
  CHECK(std::fabs(s1 / n) < 0.008);  // 5 standard errors each
  CHECK(std::fabs(s2 / n - 1) < 0.012);
  CHECK(std::fabs(s3 / n) < 0.031);
  CHECK(std::fabs(s4 / n - 3) < 0.078);
}

TEST_CASE("golden values: a seed means the same numbers for ever") {
  std::uint32_t sum = 0;
  for (std::uint64_t i = 0; i < 100000; ++i)
    sum = sum * 31 + std::bit_cast<std::uint32_t>(philox{2026}.normal(i));
  CHECK(sum == 2796783287u);
  CHECK(philox{2026}.uniform(0) == 0x1.b96cap-2f);
}
