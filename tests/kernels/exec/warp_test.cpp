// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/exec/lockstep.hpp>
#include <string>

using namespace lowbit;

static_assert(warp<lockstep_warp> && block<lockstep_block>);

namespace {

struct no_shuffle {
  template <class T>
  using var = lockstep_warp::var<T>;
  void lanes(void (*)(int)) const {}
  void sync() const {}
};
static_assert(!warp<no_shuffle>);
struct no_wait : lockstep_block {
  template <int>
  void copy_wait() = delete;
};
static_assert(!block<no_wait>);

template <class T, class F>
lockstep_warp::var<T> each_lane(F f) {
  lockstep_warp::var<T> v;
  for (int l = 0; l < warp_size; ++l) v[l] = f(l);
  return v;
}

}  // namespace

TEST_CASE("a reduction takes the lanes in their order, and every lane gets it") {
  const lockstep_warp w;
  const auto names = each_lane<std::string>([](int l) { return std::to_string(l) + " "; });
  const auto all = reduce(w, names, [](const auto& a, const auto& b) { return a + b; });
  std::string expected;
  for (int l = 0; l < warp_size; ++l) expected += std::to_string(l) + " ";
  for (int l = 0; l < warp_size; ++l) CHECK(all[l] == expected);
}

TEST_CASE("sums and maxima of all lanes") {
  const lockstep_warp w;
  for (int peak = 0; peak < warp_size; ++peak) {
    const auto v = each_lane<int>([&](int l) { return l == peak ? -1 : -100 - l * l; });
    const auto sum = reduce_add(w, v), most = reduce_max(w, v);
    int expected = 0;
    for (int l = 0; l < warp_size; ++l) expected += v[l];
    for (int l = 0; l < warp_size; ++l) {
      CHECK(sum[l] == expected);
      CHECK(most[l] == -1);
    }
  }
}

TEST_CASE("a scan gives each lane the sum of those up to it") {
  const auto v = each_lane<int>([](int l) { return 1 << (l % 30) | 3 * l; });
  const auto sums = scan_add(lockstep_warp{}, v);
  int expected = 0;
  for (int l = 0; l < warp_size; ++l) CHECK(sums[l] == (expected += v[l]));
}

TEST_CASE("a shuffle by xor exchanges lanes") {
  const auto v = each_lane<float>([](int l) { return 0.5f + float(l); });
  for (int mask = 0; mask < warp_size; ++mask) {
    const auto other = shuffle_xor(lockstep_warp{}, v, mask);
    for (int l = 0; l < warp_size; ++l) CHECK(other[l] == 0.5f + float(l ^ mask));
  }
}
