// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/exec/spmd.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>

using namespace lowbit;

static_assert(warp<spmd_warp> && block<spmd_block>);

namespace {

/// All collectives, shared memory and the last block, with results in `out`: 4 numbers a thread.
struct everything {
  template <class Block>
  void operator()(Block& b, const int* in, int* out, unsigned* counter) const {
    using W = typename Block::warp;
    int* const shared = b.template shared<int>();
    const int threads = b.warps() * warp_size;
    int* const mine = out + b.index() * threads * 4;
    const auto place = [&](int i, int l) { return i * warp_size + l; };
    b.phase([&](const W& w, int i) {
      typename W::template var<int> v;
      w.lanes([&](int l) { v[l] = in[b.index() * threads + place(i, l)]; });
      const auto sum = reduce_add(w, v), most = reduce_max(w, v), scan = scan_add(w, v),
                 turned = w.shuffle(v, [](int lane) { return (lane + 5) % warp_size; });
      w.lanes([&](int l) {
        int* const o = mine + place(i, l) * 4;
        o[0] = sum[l] + most[l], o[1] = scan[l], o[2] = turned[l];
        shared[place(i, l)] = scan[l];
      });
    });
    b.phase([&](const W& w, int i) {
      typename W::template var<arr<word, 4>> x;
      typename W::template var<arr<word, 2>> y;
      typename W::template var<arr<std::int32_t, 4>> d;
      w.lanes([&](int l) {
        const word other = word(shared[(place(i, l) + 77) % threads]);
        x[l] = {other, other * 3, other * 5, other * 7};
        y[l] = {other * 11, other * 13};
        d[l] = {1, 2, 3, 4};
      });
      mma<mma_kind::u8s8>(w, d, x, y);
      w.lanes([&](int l) { mine[place(i, l) * 4 + 3] = d[l][0] ^ d[l][1] ^ d[l][2] ^ d[l][3]; });
    });
    b.phase([&](const W& w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) shared[0] = b.arrive(counter) == unsigned(b.count()) - 1;
      });
    });
    b.phase([&](const W& w, int i) {
      w.lanes([&](int l) {
        if (shared[0] == 0 || i != 0) return;
        int sum = 0;
        for (int k = l; k < b.count() * threads * 4; k += warp_size) sum += out[k];
        out[b.count() * threads * 4 + l] = sum;
      });
    });
  }
};

/// Two groups of copies; what each wait brings.
struct copies {
  template <class Block>
  void operator()(Block& b, const float* in, float* out) const {
    using W = typename Block::warp;
    float* const shared = b.template shared<float>();
    b.phase([&](const W& w, int) {
      w.lanes([&](int l) { out[l] = shared[8 * l]; });
      for (int group = 0; group < 2; ++group) {
        w.lanes([&](int l) {
          for (int k = 0; k < 4; ++k) shared[8 * l + 4 * group + k] = -1;
          b.copy16_async(shared + 8 * l + 4 * group, in + 8 * l + 4 * group);
        });
        b.copy_commit();
      }
      w.lanes([&](int l) { out[32 + l] = shared[8 * l]; });
      b.template copy_wait<1>();
      w.lanes([&](int l) {
        out[64 + l] = shared[8 * l];
        out[96 + l] = shared[8 * l + 4];
      });
      b.template copy_wait<0>();
      w.lanes([&](int l) { out[128 + l] = shared[8 * l + 7]; });
    });
  }
};

}  // namespace

TEST_CASE("a thread for each lane computes what lockstep does") {
  constexpr int blocks = 2, warps = 3, threads = warps * warp_size;
  std::vector<int> in(blocks * threads);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = int(philox{1}.word(i) % 2000) - 1000;
  std::vector<int> expected(blocks * threads * 4 + warp_size, -1), out = expected;
  unsigned counter = 0;
  run_lockstep(blocks, warps, threads * sizeof(int), lockstep_order::forward, everything{},
               static_cast<const int*>(in.data()), expected.data(), &counter);
  counter = 0;
  run_spmd(blocks, warps, threads * sizeof(int), everything{}, static_cast<const int*>(in.data()),
           out.data(), &counter);
  CHECK(out == expected);
  CHECK(counter == blocks);
}

TEST_CASE("shared memory is NaN at first, and copies arrive at the wait for their group") {
  std::vector<words4> aligned(64);
  float* const in = reinterpret_cast<float*>(aligned.data());
  for (int i = 0; i < 256; ++i) in[i] = float(i);
  std::vector<float> out(160);
  run_spmd(1, 1, 1024, copies{}, static_cast<const float*>(in), out.data());
  for (int l = 0; l < warp_size; ++l) {
    const auto at = [&](int row) { return out[std::size_t(32 * row + l)]; };
    CHECK(std::isnan(at(0)));
    CHECK(std::isnan(at(1)));
    CHECK(at(2) == float(8 * l));
    CHECK(std::isnan(at(3)));
    CHECK(at(4) == float(8 * l + 7));
  }
}

namespace {
/// Lane 0 copies, all wait for the barrier's phase.
struct copy_in_bulk {
  template <class Block>
  void operator()(Block& block, const float* in, float* out) const {
    using W = typename Block::warp;
    float* const s = block.template shared<float>();
    auto* const full = reinterpret_cast<std::uint64_t*>(s + 16);
    block.phase([&](W w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) block.barrier_init(full, 1);
      });
    });
    block.phase_nosync([&](W w, int i) {
      w.lanes([&](int l) {
        if (i != 0 || l != 0) return;
        block.copy_bulk(s, in, 64, full);
        block.barrier_arrive(full);
      });
      block.barrier_wait(full, 0);
      w.lanes([&](int l) {
        if (l < 16) out[16 * i + l] = s[l];
      });
    });
  }
};
}  // namespace

TEST_CASE("a bulk copy is there for all who waited for its barrier") {
  std::vector<words4> source(4);
  float* const in = reinterpret_cast<float*>(source.data());
  for (int i = 0; i < 16; ++i) in[i] = float(i);
  std::vector<float> out(32, -1.f);
  run_spmd(1, 2, 128, copy_in_bulk{}, static_cast<const float*>(in), out.data());
  for (int i = 0; i < 32; ++i) CHECK(out[std::size_t(i)] == float(i % 16));
}
