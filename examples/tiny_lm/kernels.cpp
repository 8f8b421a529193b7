// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "kernels.hpp"

#include <cstddef>
#include <cstdint>

// The same text is compiled under several targets, so that a build without -march runs at full
// speed. Everything in it has internal linkage: no two targets can share a symbol.
namespace tiny_lm {
namespace {

using lowbit::ceil_div;

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma"))), \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512vl,avx512bw,avx512dq,fma,prefer-vector-width=512")
#endif
namespace avx512 {
constexpr int lanes = 16, tile_rows = 12;
#include "kernels.inl"
}  // namespace avx512
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
namespace avx2 {
constexpr int lanes = 8, tile_rows = 6;
#include "kernels.inl"
}  // namespace avx2
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif

namespace baseline {
constexpr int lanes = 4, tile_rows = 6;
#include "kernels.inl"
}  // namespace baseline

/// What this processor runs, the fastest first.
struct choice {
  const kernels* sets[3];
  index_t count = 0;

  choice() {
#if defined(__x86_64__)
    static constexpr kernels with_avx512 = avx512::table("avx512"), with_avx2 = avx2::table("avx2");
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
      sets[count++] = &with_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) sets[count++] = &with_avx2;
#endif
    static constexpr kernels plain = baseline::table("baseline");
    sets[count++] = &plain;
  }
};

const choice& choose() {
  static const choice chosen;
  return chosen;
}

}  // namespace

const kernels& host_kernels() { return *choose().sets[0]; }
lowbit::span<const kernels* const> all_host_kernels() { return {choose().sets, choose().count}; }

}  // namespace tiny_lm
