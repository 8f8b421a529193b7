// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/exec/lockstep.hpp>

#include <doctest/doctest.h>

#include <cmath>

using namespace lowbit;

namespace {

constexpr lockstep_order orders[] = {lockstep_order::forward, lockstep_order::reverse,
                                     lockstep_order::strided};

/// Block b copies warps * 128 floats to shared memory by two groups per warp and writes them out,
/// each warp what the next warp has copied. `Waits` of the two waits and the barrier are there.
enum class mistake { none, no_wait, no_barrier };
template <mistake M>
struct copy_kernel {
  template <class Block>
  void operator()(Block& b, const float* in, float* out) const {
    float* const stage = b.template shared<float>();
    const int warps = b.warps();
    const float* const from = in + b.index() * warps * 128;
    float* const to = out + b.index() * warps * 128;
    const auto fetch = [&](const auto& w, int i) {
      for (int half = 0; half < 2; ++half) {
        w.lanes([&](int l) {
          if (l / 16 == half) b.copy16_async(stage + i * 128 + 4 * l, from + i * 128 + 4 * l);
        });
        b.copy_commit();
      }
      if (M != mistake::no_wait) b.template copy_wait<0>();
    };
    const auto store = [&](const auto& w, int i) {
      const int next = (i + 1) % warps;
      w.lanes([&](int l) {
        for (int k = 0; k < 4; ++k)
          to[next * 128 + 4 * l + k] = stage[next * 128 + 4 * l + k];
      });
    };
    if constexpr (M == mistake::no_barrier) {
      b.phase([&](const auto& w, int i) {
        fetch(w, i);
        store(w, i);
      });
    } else {
      b.phase(fetch);
      b.phase(store);
    }
  }
};

template <class Kernel>
std::vector<float> run(lockstep_order order) {
  constexpr int blocks = 3, warps = 4;
  std::vector<float> in(blocks * warps * 128), out(in.size(), -1);
  std::vector<words4> aligned(in.size() / 4);
  float* const data = reinterpret_cast<float*>(aligned.data());
  for (std::size_t i = 0; i < in.size(); ++i) data[i] = in[i] = float(i);
  run_lockstep(blocks, warps, warps * 128 * sizeof(float), order, Kernel{},
               static_cast<const float*>(data), out.data());
  return out == in ? std::vector<float>{} : out;
}

}  // namespace

TEST_CASE("every order visits everything once") {
  for (const lockstep_order order : orders)
    for (int n = 1; n <= 70; ++n) {
      std::vector<int> visits(std::size_t(n), 0);
      for (int i = 0; i < n; ++i) {
        const int at = in_order(order, i, n);
        REQUIRE(at >= 0);
        REQUIRE(at < n);
        ++visits[std::size_t(at)];
      }
      CHECK(visits == std::vector<int>(std::size_t(n), 1));
    }
  CHECK(in_order(lockstep_order::reverse, 0, 5) == 4);
  CHECK(in_order(lockstep_order::strided, 0, 5) != 0);
}

TEST_CASE("blocks, warps and lanes all run, and a block that arrives last knows it") {
  struct kernel {
    void operator()(lockstep_block& b, int* seen, unsigned* counter, int* last) const {
      b.phase([&](const auto& w, int i) {
        w.lanes([&](int l) { ++seen[(b.index() * b.warps() + i) * warp_size + l]; });
      });
      if (b.arrive(counter) == unsigned(b.count()) - 1) ++*last;
    }
  };
  for (const lockstep_order order : orders) {
    std::vector<int> seen(5 * 3 * warp_size);
    unsigned counter = 0;
    int last = 0;
    run_lockstep(5, 3, 0, order, kernel{}, seen.data(), &counter, &last);
    CHECK(seen == std::vector<int>(seen.size(), 1));
    CHECK(counter == 5);
    CHECK(last == 1);
  }
}

TEST_CASE("copies that are waited for arrive, in every order") {
  for (const lockstep_order order : orders)
    CHECK(run<copy_kernel<mistake::none>>(order).empty());
}

TEST_CASE("a missing wait leaves NaN") {
  for (const lockstep_order order : orders) {
    const auto out = run<copy_kernel<mistake::no_wait>>(order);
    REQUIRE(!out.empty());
    for (const float x : out) CHECK(std::isnan(x));
  }
}

TEST_CASE("what a warp reads of another's copies without a barrier depends on the order") {
  const auto forward = run<copy_kernel<mistake::no_barrier>>(lockstep_order::forward);
  const auto reverse = run<copy_kernel<mistake::no_barrier>>(lockstep_order::reverse);
  CHECK(!forward.empty());
  CHECK(!reverse.empty());
  const auto missing = [](const std::vector<float>& v) {
    int n = 0;
    for (const float x : v) n += std::isnan(x);
    return n;
  };
  CHECK(missing(forward) != missing(reverse));
}

TEST_CASE("shared memory starts as NaN; a group arrives when it is among those waited for") {
  std::vector<words4> source(4);
  float* const in = reinterpret_cast<float*>(source.data());
  for (int i = 0; i < 16; ++i) in[i] = float(i);
  lockstep_block b(0, 1, 2, 64, lockstep_order::forward);
  float* const s = b.shared<float>();
  for (int i = 0; i < 16; ++i) CHECK(std::isnan(s[i]));
  for (int i = 0; i < 16; ++i) s[i] = -1;
  b.phase([&](const lockstep_warp&, int warp) {
    if (warp != 0) return b.template copy_wait<0>();  // another warp's wait brings nothing here
    for (int group = 0; group < 3; ++group) {
      b.copy16_async(s + 4 * group, in + 4 * group);
      b.copy_commit();
    }
    b.copy16_async(s + 12, in + 12);  // never committed
    CHECK(std::isnan(s[0]));
    b.copy_wait<2>();
    CHECK(s[0] == 0);
    CHECK(std::isnan(s[4]));
  });
  CHECK(std::isnan(s[4]));
  b.copy_wait<1>();  // between phases, for all warps
  CHECK(s[7] == 7);
  CHECK(std::isnan(s[8]));
  b.copy_wait<0>();
  CHECK(s[11] == 11);
  CHECK(std::isnan(s[12]));
}

TEST_CASE("a copy that a GPU would refuse is refused") {
  std::vector<words4> source(2);
  const char* const in = reinterpret_cast<const char*>(source.data());
  lockstep_block b(0, 1, 1, 32, lockstep_order::forward);
  char* const s = b.shared<char>();
  const auto copy = [&](char* to, const char* from) {
    b.phase([&](const lockstep_warp&, int) { b.copy16_async(to, from); });
  };
  CHECK_NOTHROW(copy(s + 16, in));
  CHECK_THROWS_WITH_AS(copy(s + 8, in), doctest::Contains("multiples of 16"), error);
  CHECK_THROWS_WITH_AS(copy(s, in + 4), doctest::Contains("multiples of 16"), error);
  CHECK_THROWS_WITH_AS(copy(s + 32, in), doctest::Contains("shared memory"), error);
  CHECK_THROWS_WITH_AS(copy(const_cast<char*>(in), in), doctest::Contains("shared memory"), error);
  lockstep_block outside(0, 1, 1, 32, lockstep_order::forward);
  CHECK_THROWS_WITH_AS(outside.copy16_async(outside.shared<char>(), in),
                       doctest::Contains("in a phase"), error);
}

TEST_CASE("bulk copies arrive when their barrier's phase ends, and who waits for nobody is told") {
  std::vector<words4> source(4);
  for (int i = 0; i < 16; ++i) source[std::size_t(i / 4)][i % 4] = bits_as<word>(float(i));
  lockstep_block b(0, 1, 2, 128, lockstep_order::forward);
  float* const s = b.shared<float>();
  std::uint64_t* const full = reinterpret_cast<std::uint64_t*>(s + 16);
  b.barrier_init(full, 2);
  b.copy_bulk(s, source.data(), 64, full);
  CHECK(std::isnan(s[0]));
  b.barrier_arrive(full);
  CHECK_THROWS_WITH_AS(b.barrier_wait(full, 0), doctest::Contains("would hang"), error);
  CHECK(std::isnan(s[15]));
  b.barrier_arrive(full);
  b.barrier_wait(full, 0);
  CHECK(s[0] == 0);
  CHECK(s[15] == 15);
  CHECK_THROWS_WITH_AS(b.barrier_wait(full, 1), doctest::Contains("would hang"), error);
  CHECK_THROWS_WITH_AS(b.copy_bulk(s, source.data(), 24, full),
                       doctest::Contains("multiples of 16"), error);
}
