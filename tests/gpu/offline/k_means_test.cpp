// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/offline/k_means.hpp>

#include "k_means_cases.hpp"

using namespace lowbit;

TEST_CASE("entries and errors of k-means are the host's, bit for bit") {
  test::check_all_k_means<test::host_system>();
}
TEST_CASE("an entry that got no vector goes where the host sends it") {
  // Vectors far apart with weights that seeds hardly find: entries run empty on the way.
  std::vector<arr<float, 2>> v;
  std::vector<float> w;
  for (int i = 0; i < 64; ++i) {
    v.push_back({{float(i % 8), float(i / 8 == 7 ? 1000 : i / 8)}});
    w.push_back(i % 9 == 0 ? 0x1p-40f : float(i % 3));
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    k_means how;
    how.seed = seed;
    const auto expected = cluster<2>(span<const arr<float, 2>>(v), span<const float>(w), 24, how);
    std::vector<float> out(48);
    CHECK(offline::cluster<2>(thrust::cpp::par, span<const arr<float, 2>>(v),
                              span<const float>(w), 24, how, out) == expected.errors);
    CHECK(test::same_bytes(out.data(), expected.entries));
  }
}
TEST_CASE("nonsense is refused") {
  const std::vector<arr<float, 2>> v(3);
  std::vector<float> out(8);
  const auto learn = [&](index_t entries, const k_means& how) {
    offline::cluster<2>(thrust::cpp::par, span<const arr<float, 2>>(v), {}, entries, how, out);
  };
  CHECK_THROWS_AS(learn(4, {}), error);
  CHECK_THROWS_AS(learn(3, {}), error);  // and room for 4
  k_means none;
  none.vectors_per_entry = 0;
  CHECK_THROWS_AS(learn(2, none), error);
}
