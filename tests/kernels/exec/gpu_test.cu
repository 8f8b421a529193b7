// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a GPU does with registers, fragments and copies, beside the plain forms that the tests of
// registers.hpp and mma_reference.hpp have proven. Without a GPU, that nvcc compiles this without
// a word is the test.
#include <lowbit/kernels/exec/gpu.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/core/random.hpp>
#include <lowbit/kernels/exec/mma_reference.hpp>
#include <vector>

#include "support/gpu_memory.hpp"

using namespace lowbit;
using test::has_gpu;
using test::managed;

static_assert(warp<gpu_warp> && block<gpu_block>);
// Constants are evaluated by the plain forms in both compilations.
static_assert(permute_bytes(0x03020100, 0x07060504, 0x7250) == 0x07020500);
static_assert(fma2(halves(3, -2), halves(0.5f, 5), halves(-1, 1)) == halves(0.5f, -9));

namespace {

template <class Kernel, class... Arguments>
void run(int blocks, int warps, std::size_t shared_bytes, Kernel kernel, Arguments... arguments) {
  run_kernel<<<blocks, warps * warp_size, shared_bytes>>>(kernel, arguments...);
  REQUIRE(cudaGetLastError() == cudaSuccess);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
}

constexpr int operations = 11;
LOWBIT_HD inline word operation(int which, word a, word b, word c) {
  switch (which) {
    case 0:
      return and_or(a, b, c);
    case 1:
      return permute_bytes(a, b, c);
    case 2:
      return funnel_right(a, b, int(c & 31));
    case 3:
      return fma2(a, b, c);
    case 4:
      return add2(a, b);
    case 5:
      return mul2(a, b);
    case 6:
      return bits_as<word>(half_low(a));
    case 7:
      return bits_as<word>(half_high(a));
    case 8:
      return halves(bits_as<float>(a), bits_as<float>(b));
    case 9:
      return bfloats(bits_as<float>(a), bits_as<float>(b));
    default:
      return word(dot4_u8s8(a, b, std::int32_t(c)));
  }
}
struct register_kernel {
  static constexpr int max_warps = 1, min_blocks = 1;
  template <class Block>
  LOWBIT_HD void operator()(Block& b, const word* in, word* out, int n) const {
    b.phase([&](const auto& w, int) {
      w.lanes([&](int l) {
        for (int i = b.index() * warp_size + l; i < n; i += b.count() * warp_size) {
          for (int o = 0; o < operations; ++o)
            out[i * operations + o] = operation(o, in[3 * i], in[3 * i + 1], in[3 * i + 2]);
        }
      });
    });
  }
};

bool half_nan(word h, word infinity) { return (h & 0x7fff) > infinity; }
/// Equal, or NaN in the same places.
bool same(int which, word a, word b) {
  if (which >= 3 && which <= 9 && which != 6 && which != 7) {
    const word infinity = which == 9 ? 0x7f80 : 0x7c00;
    const auto one = [&](int at) {
      const word x = a >> at & 0xffff, y = b >> at & 0xffff;
      return x == y || (half_nan(x, infinity) && half_nan(y, infinity));
    };
    return one(0) && one(16);
  }
  const bool real = which == 6 || which == 7;
  return a == b || (real && is_nan(bits_as<float>(a)) && is_nan(bits_as<float>(b)));
}

template <mma_kind Kind, class D, int NA, int NB>
struct mma_kernel {
  static constexpr int max_warps = 1, min_blocks = 1;
  template <class Block>
  LOWBIT_HD void operator()(Block& b, const arr<word, NA>* a, const arr<word, NB>* x,
                            arr<D, 4>* d) const {
    using W = typename Block::warp;
    b.phase([&](const W& w, int) {
      typename W::template var<arr<word, NA>> va;
      typename W::template var<arr<word, NB>> vb;
      typename W::template var<arr<D, 4>> vd;
      w.lanes([&](int l) {
        va[l] = a[l];
        vb[l] = x[l];
        vd[l] = d[l];
      });
      mma<Kind>(w, vd, va, vb);
      w.lanes([&](int l) { d[l] = vd[l]; });
    });
  }
};

template <mma_kind Kind, class D, int NA, int NB>
void check_mma() {
  const auto kernel = mma_kernel<Kind, D, NA, NB>{};
  CHECK(reinterpret_cast<const void*>(
            &run_kernel<mma_kernel<Kind, D, NA, NB>, const arr<word, NA>*, const arr<word, NB>*,
                        arr<D, 4>*>) != nullptr);
  if (!has_gpu()) return;
  managed<arr<word, NA>> a(warp_size);
  managed<arr<word, NB>> x(warp_size);
  managed<arr<D, 4>> d(warp_size);
  const philox g{5};
  std::uint64_t drawn = 0;
  const auto draw = [&] {
    const word r = g.word(drawn++);
    if (std::is_same_v<D, std::int32_t>) return r;
    const auto one = [](word small) {
      const float v = float(int(small % 41)) - 20;
      return Kind == mma_kind::half ? word(float16(v).bits) : word(bfloat16(v).bits);
    };
    return one(r & 0xffff) | one(r >> 16) << 16;
  };
  std::vector<arr<D, 4>> expected(warp_size);
  for (int l = 0; l < warp_size; ++l) {
    for (int i = 0; i < NA; ++i) a[l][i] = draw();
    for (int i = 0; i < NB; ++i) x[l][i] = draw();
    for (int i = 0; i < 4; ++i) expected[l][i] = d[l][i] = D(100 * l - i);
  }
  mma_reference<Kind>(expected.data(), a.data(), x.data());
  run(1, 1, 0, kernel, static_cast<const arr<word, NA>*>(a.data()),
      static_cast<const arr<word, NB>*>(x.data()), d.data());
  CHECK(std::memcmp(d.data(), expected.data(), warp_size * sizeof(arr<D, 4>)) == 0);
}

/// Every warp fetches 512 bytes in two groups; the next warp scans them and their sums. The last
/// block to arrive adds what all have written, and resets the counter.
struct block_kernel {
  static constexpr int max_warps = 4, min_blocks = 2;
  template <class Block>
  LOWBIT_HD void operator()(Block& b, const int* in, int* out, int* sums, unsigned* counter) const {
    using W = typename Block::warp;
    int* const stage = b.template shared<int>();
    int* const last = stage + b.warps() * 128;
    const int first = b.index() * b.warps();
    b.phase([&](const W& w, int i) {
      for (int half = 0; half < 2; ++half) {
        w.lanes([&](int l) {
          if (l / 16 == half)
            b.copy16_async(stage + i * 128 + 4 * l, in + (first + i) * 128 + 4 * l);
        });
        b.copy_commit();
      }
      b.template copy_wait<0>();
    });
    b.phase([&](const W& w, int i) {
      const int next = (i + 1) % b.warps();
      typename W::template var<int> v;
      w.lanes([&](int l) {
        v[l] = 0;
        for (int k = 0; k < 4; ++k) v[l] += stage[next * 128 + 4 * l + k];
      });
      const auto scanned = scan_add(w, v), total = reduce_add(w, v), most = reduce_max(w, v);
      w.lanes([&](int l) {
        out[(first + next) * warp_size + l] = scanned[l] + most[l];
        if (l == 0) sums[first + next] = total[l];
      });
    });
    b.phase([&](const W& w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) *last = b.arrive(counter) == unsigned(b.count()) - 1;
      });
    });
    b.phase([&](const W& w, int i) {
      w.lanes([&](int l) {
        if (*last == 0 || i != 0 || l != 0) return;
        int all = 0;
        for (int k = 0; k < b.count() * b.warps(); ++k) all += sums[k];
        sums[b.count() * b.warps()] = all;
        *counter = 0;
      });
    });
  }
};

}  // namespace

TEST_CASE("instructions on registers do what their plain forms do") {
  CHECK(reinterpret_cast<const void*>(&run_kernel<register_kernel, const word*, word*, int>) !=
        nullptr);
  if (!has_gpu()) return;
  constexpr int n = 100000;
  managed<word> in(3 * n), out(n * operations);
  const philox g{9};
  for (int i = 0; i < 3 * n; ++i)
    in[i] = g.word(std::uint64_t(i)) & (i % 2 == 0 ? 0xffffffffu : 0x83ffbfffu);
  run(32, 1, 0, register_kernel{}, static_cast<const word*>(in.data()), out.data(), n);
  int wrong[operations] = {};
  for (int i = 0; i < n; ++i)
    for (int o = 0; o < operations; ++o)
      wrong[o] +=
          !same(o, out[i * operations + o], operation(o, in[3 * i], in[3 * i + 1], in[3 * i + 2]));
  for (int o = 0; o < operations; ++o) {
    CAPTURE(o);
    CHECK(wrong[o] == 0);
  }
}

TEST_CASE("tensor cores multiply fragments as the reference does, exactly on small integers") {
  check_mma<mma_kind::half, float, 4, 2>();
  check_mma<mma_kind::bfloat, float, 4, 2>();
  check_mma<mma_kind::u8s8, std::int32_t, 4, 2>();
  check_mma<mma_kind::s8s8, std::int32_t, 4, 2>();
  check_mma<mma_kind::u8s8, std::int32_t, 2, 1>();
  check_mma<mma_kind::s8s8, std::int32_t, 2, 1>();
}

TEST_CASE("copies, collectives, shared memory and the last block") {
  CHECK(reinterpret_cast<const void*>(
            &run_kernel<block_kernel, const int*, int*, int*, unsigned*>) != nullptr);
  if (!has_gpu()) return;
  constexpr int blocks = 300, warps = 4, all_warps = blocks * warps;
  managed<int> in(all_warps * 128), out(all_warps * warp_size), sums(all_warps + 1);
  managed<unsigned> counter(1);
  counter[0] = 0;
  const philox g{3};
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = int(g.word(i) % 2001) - 1000;
  for (int again = 0; again < 3; ++again) {
    run(blocks, warps, (warps * 128 + 4) * sizeof(int), block_kernel{},
        static_cast<const int*>(in.data()), out.data(), sums.data(), counter.data());
    int wrong = 0, all = 0;
    for (int i = 0; i < all_warps; ++i) {
      int lane_sum[warp_size], most = -1000000, before = 0;
      for (int l = 0; l < warp_size; ++l) {
        lane_sum[l] = 0;
        for (int k = 0; k < 4; ++k) lane_sum[l] += in[std::size_t(i * 128 + 4 * l + k)];
        most = lane_sum[l] > most ? lane_sum[l] : most;
      }
      for (int l = 0; l < warp_size; ++l)
        wrong += out[std::size_t(i * warp_size + l)] != (before += lane_sum[l]) + most;
      wrong += sums[std::size_t(i)] != before;
      all += before;
    }
    CHECK(wrong == 0);
    CHECK(sums[all_warps] == all);
    CHECK(counter[0] == 0);
  }
}
