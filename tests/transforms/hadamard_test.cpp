// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/hadamard.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

static_assert(orthogonal_transform<hadamard> && row_transform_of<hadamard, complex32>);

namespace {
double entry(index_t i, index_t j, index_t n) {
  return (__builtin_popcountll(std::uint64_t(i & j)) % 2 == 0 ? 1 : -1) / std::sqrt(double(n));
}
}  // namespace

TEST_CASE("the matrix is Sylvester's, normalised") {
  for (index_t n : {1, 2, 4, 8, 32})
    for (index_t j = 0; j < n; ++j) {
      std::vector<float> unit(std::size_t(n), 0.f);
      unit[std::size_t(j)] = 1;
      const auto column = apply(hadamard{}, unit);
      for (index_t i = 0; i < n; ++i)
        CHECK(double(column[std::size_t(i)]) == doctest::Approx(entry(i, j, n)).epsilon(1e-7));
    }
}

TEST_CASE("worked by hand: sums and differences of 4, halved") {
  CHECK(apply(hadamard{}, std::vector<float>{1, 2, 3, 4}) == std::vector<float>{5, -1, -2, 0});
  CHECK(apply(hadamard{}, std::vector<float>{1, 2, 3}) == std::vector<float>{3, 1, 0, -2});
  CHECK(apply(hadamard{.block = 2}, std::vector<float>{2, 2, 0}).size() == 4);
}

TEST_CASE("any size: products are preserved, the inverse is one") {
  for (index_t n : {0, 1, 2, 3, 7, 12, 64, 100, 128, 300, 1000})
    for (std::uint32_t block : {0u, 1u, 4u, 128u})
      for (std::uint64_t seed : {0u, 9u}) {
        CAPTURE(n);
        CAPTURE(block);
        check_laws(hadamard{block, seed}, n, 2e-6);
      }
}

TEST_CASE("sizes: the next power of two, or whole blocks; additional columns are really there") {
  CHECK(hadamard{}.transformed_size(300) == 512);
  CHECK(hadamard{}.transformed_size(256) == 256);
  CHECK(hadamard{.block = 128}.transformed_size(300) == 384);
  CHECK(hadamard{.block = 4}.transformed_size(300) == 300);
  CHECK(hadamard{}.transformed_size(0) == 0);
}

TEST_CASE("the norm stays, and one outlier is spread evenly") {
  const auto x = normal_values(300);
  const auto y = apply(hadamard{.seed = 3}, x);
  CHECK(product(y, y) == doctest::Approx(product(x, x)).epsilon(1e-6));
  std::vector<float> outlier(256, 0.f);
  outlier[77] = 16;
  for (const float v : apply(hadamard{.seed = 3}, outlier)) CHECK(magnitude(v) == 1);
}

TEST_CASE("signs are bits of Philox") {
  const std::vector<float> ones(100, 1.f);
  const auto signs = apply(hadamard{.block = 1, .seed = 42}, ones);
  int negative = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const bool bit = (philox{42}.word(i / 32) >> (i % 32)) & 1;
    CHECK(signs[std::size_t(i)] == (bit ? -1.f : 1.f));
    negative += bit;
  }
  CHECK(negative > 30);
  CHECK(negative < 70);
  CHECK(apply(hadamard{.block = 1}, ones) == ones);
}

TEST_CASE("complex values are transformed in both parts") {
  const auto z = normal_complex(12);
  std::vector<float> re, im;
  for (const complex32 v : z) {
    re.push_back(v.re);
    im.push_back(v.im);
  }
  const hadamard t{.seed = 7};
  const auto out = apply(t, z);
  const auto out_re = apply(t, re), out_im = apply(t, im);
  for (std::size_t i = 0; i < 16; ++i) CHECK(out[i] == complex32{out_re[i], out_im[i]});
  CHECK(distance(inverse<complex32>(t, out, 12), z) < 1e-6);
}

TEST_CASE("the same bits everywhere") {
  std::uint64_t h = 0xcbf29ce484222325u;  // FNV-1a
  for (const float x : row(hadamard{.block = 128, .seed = 1}, normal_values(300)))
    h = (h ^ bits_as<std::uint32_t>(x)) * 0x100000001b3u;
  CHECK(h == 1385158414277597934u);  // as g++ and clang++ made it, with and without -march
}

TEST_CASE("a block may be 12, 20, 28 or 36 times a power of two") {
  for (const std::uint32_t block : {12u, 20u, 28u, 36u, 40u, 96u, 288u})
    for (const index_t n : {index_t(block), index_t(3 * block - 5)}) {
      CAPTURE(block);
      const hadamard t{block, 9};
      CHECK(t.transformed_size(n) == ceil_div(n, block) * block);
      check_laws(t, n, 4e-6);
    }
  // Worked by hand: the first column of H_12 is 1, -1, -1 ...; behind it is that of H_2.
  std::vector<float> unit(24);
  unit[0] = 1;
  const auto y = apply(hadamard{.block = 24}, unit);
  for (std::size_t i = 0; i < 24; ++i)
    CHECK(double(y[i]) == doctest::Approx((i < 2 ? 1 : -1) / std::sqrt(24.0)).epsilon(1e-6));
  // The second column is 1 and then one plus the residues of 11, shifted: column 1 of Q.
  std::fill(unit.begin(), unit.end(), 0.f);
  unit[2] = 1;
  const auto z = apply(hadamard{.block = 24}, unit);
  const int residues[] = {1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1};  // 1, 3, 4, 5, 9 are squares
  for (std::size_t i = 1; i < 12; ++i)
    CHECK((z[2 * i] > 0) == (residues[i - 1] > 0));
}

TEST_CASE("a block that no Hadamard matrix is known for here is an error") {
  CHECK_THROWS_WITH((hadamard{.block = 44}.transformed_size(44)),
                    "lowbit: block: 44, expected a power of two, 12, 20, 28 or 36 times one, or 0 "
                    "for all");
}
