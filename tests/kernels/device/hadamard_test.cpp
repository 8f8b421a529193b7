// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/kernels/exec/lockstep.hpp>

#include "hadamard_runs.hpp"

using namespace lowbit;
using test::hadamard_run;
using test::hadamard_shape;

namespace {

constexpr lockstep_order orders[] = {lockstep_order::forward, lockstep_order::reverse,
                                     lockstep_order::strided};

bool same(const std::vector<words4>& a, const std::vector<words4>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(words4)) == 0;
}

template <class In, class Out, class Value>
bool equals_host(const hadamard_shape& s, int warps, Value value) {
  hadamard_run<In, Out> run(s, value);
  const auto expected = run.expected();
  bool all = true;
  for (const lockstep_order order : orders) {
    run.poison();
    kernels::with_hadamard_kernel(hadamard_order::of(s.block), [&](auto kernel) {
      const auto task = run.task();
      run_lockstep(int(kernel.blocks(task, warps)), warps,
                   kernel.shared_bytes(task.block(), warps), order, kernel, task);
    });
    all = all && same(run.out_memory, expected);
  }
  return all;
}

float normal(std::uint64_t i) { return philox{77}.normal(i); }
float integer(std::uint64_t i) { return float(philox{78}.word(i) % 65) - 32; }

}  // namespace

TEST_CASE("every order gives the host's bits, in every order of blocks and warps") {
  for (const std::uint32_t block :
       {1u, 2u, 4u, 8u, 16u, 32u, 128u, 512u, 1024u, 2048u, 4096u, 8192u, 16384u, 32768u, 12u, 24u,
        320u, 1280u, 28u, 1792u, 36u, 2304u, 7168u, 24576u}) {
    CAPTURE(block);
    const index_t cols = index_t(block);
    CHECK(equals_host<float, float>({3, cols, block}, 4, normal));
    CHECK(equals_host<float, float>({2, 2 * cols - cols / 3, block, 5}, 3, normal));
    CHECK(equals_host<float, float>({2, cols - cols / 4, block, 5, 1, true}, 8, normal));
  }
}

TEST_CASE("random shapes: tails, strides, alignments, signs, directions and complex values") {
  const philox g{4};
  std::uint64_t drawn = 0;
  const auto below = [&](int n) { return int(g.below(drawn++, std::uint32_t(n))); };
  for (int i = 0; i < 150; ++i) {
    const std::uint32_t blocks[] = {1, 2, 4, 8, 64, 128, 256, 1024, 2048, 12, 24, 20, 40, 28, 144};
    hadamard_shape s{};
    s.block = blocks[below(15)];
    s.rows = below(6);
    s.cols = 1 + below(1500);
    s.seed = std::uint64_t(below(3));
    s.parts = 1 + below(2);
    s.inverse = below(3) == 0;
    if (below(2) == 0) s.in_gap = below(9), s.out_gap = below(9);
    if (below(2) == 0) s.in_at = below(9), s.out_at = below(9);
    if (below(3) == 0) s.in_gap *= 4, s.out_gap *= 4, s.in_at *= 4, s.out_at *= 4;
    CAPTURE(s.block);
    CAPTURE(s.rows);
    CAPTURE(s.cols);
    CAPTURE(s.inverse);
    CAPTURE(s.parts);
    const int warps = 1 + below(8);
    CHECK(equals_host<float, float>(s, warps, normal));
    CHECK(equals_host<float16, float16>(s, warps, normal));
    CHECK(equals_host<bfloat16, bfloat16>(s, warps, normal));
    CHECK(equals_host<float16, float>(s, warps, normal));
    CHECK(equals_host<float, bfloat16>(s, warps, normal));
  }
}

TEST_CASE("integers come out exact, twice the transform is the identity") {
  for (const std::uint32_t block : {64u, 256u, 4096u, 144u}) {  // 1 / sqrt(n) is exact, or n = 12^2
    const index_t n = index_t(block);
    hadamard_run<float, float> there({1, n, block, 3}, integer);
    kernels::with_hadamard_kernel(hadamard_order::of(block), [&](auto kernel) {
      run_lockstep(int(kernel.blocks(there.task(), 4)), 4,
                   kernel.shared_bytes(there.task().block(), 4), lockstep_order::forward, kernel,
                   there.task());
    });
    hadamard_run<float, float> back({1, n, block, 3, 1, true}, [&](std::uint64_t i) {
      return there.out()[i];
    });
    kernels::with_hadamard_kernel(hadamard_order::of(block), [&](auto kernel) {
      run_lockstep(int(kernel.blocks(back.task(), 4)), 4,
                   kernel.shared_bytes(back.task().block(), 4), lockstep_order::reverse, kernel,
                   back.task());
    });
    double worst = 0;
    for (index_t i = 0; i < n; ++i) {
      const double d = double(back.out()[i]) - double(there.in()[i]);
      worst = d > worst ? d : -d > worst ? -d : worst;
    }
    CHECK(worst <= (block == 144 ? 1e-4 : 0.0));
  }
}

TEST_CASE("shared memory is asked for only where warps need each other") {
  CHECK(hadamard_rows<1>::shared_bytes(1024, 8) == 0);
  CHECK(hadamard_rows<1>::shared_bytes(2048, 8) == 8192 * 4);
  CHECK(hadamard_rows<1>::shared_bytes(32768, 8) == 32768 * 4);
  CHECK(hadamard_rows<28>::shared_bytes(28672, 8) == 28672 * 4);
  CHECK(hadamard_rows<12>::span_of(12, 4) == 4092);
}
