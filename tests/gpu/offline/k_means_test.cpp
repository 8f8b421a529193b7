// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/offline/k_means.hpp>

#include "k_means_cases.hpp"

using namespace lowbit;

TEST_CASE("entries and errors of k-means are the host's, bit for bit") {
  test::check_all_k_means<test::host_system>();
}
TEST_CASE("entries without vectors go where the host sends them") {
  const auto check = [](const std::vector<float>& v, std::vector<float> entries, int rounds) {
    const index_t n = index_t(v.size()) / 2;
    const std::vector<float> weights(std::size_t(n), 1.f);
    k_means how;
    how.rounds = rounds;
    const serial threads;
    lowbit::detail::k_means_run<2, serial> host(v, weights, index_t(entries.size()) / 2, how,
                                                threads);
    const clustering expected = host.run(entries);
    const auto& policy = thrust::cpp::par;
    const span<const arr<float, 2>> vectors(reinterpret_cast<const arr<float, 2>*>(v.data()), n);
    const offline::detail::k_means_run<2, std::remove_cvref_t<decltype(policy)>> run(
        policy, vectors, weights, n, entries, how);
    CHECK(run.improve_entries() == expected.errors);
    CHECK(entries == expected.entries);
  };
  // Two pairs that lose the same, and in each two vectors that lose the same: the first of them.
  check({0, 0, 2, 0, 100, 0, 102, 0}, {1, 0, 101, 0, 1e6f, 0, 1e6f, 0}, 1);
  check({0, 0, 3, 0, 6, 0, 9, 0}, {0, 0, 50, 0, 60, 0, 70, 0}, 4);
  check({0, 0, 0, 0, 1, 0}, {0, 0, 1, 0, 50, 0}, 2);  // nothing to gain
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
