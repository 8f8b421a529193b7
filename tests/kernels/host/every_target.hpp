// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tests of the operations of instruction sets share.
#pragma once
#include <lowbit/kernels/host/targets.hpp>
#include <utility>
#include <vector>

namespace test {

namespace lb = lowbit;
using lb::index_t;
using lb::kernels::row_ops;

struct hashed {
  std::uint64_t state = 0x243f6a8885a308d3ull;
  std::uint32_t operator()() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return std::uint32_t(state >> 33);
  }
  float real() { return float(std::int32_t(operator()() << 1)) / 1073741824.f; }
};

inline std::vector<const row_ops*> simd_targets() {
  std::vector<const row_ops*> targets;
  for (const lb::arch a : {lb::arch::avx2, lb::arch::avx512, lb::arch::neon})
    if (lb::kernels::has_arch(a)) targets.push_back(&lb::kernels::ops_of(a));
  return targets;
}
inline std::vector<const row_ops*> all_targets() {
  std::vector<const row_ops*> targets = simd_targets();
  targets.push_back(&lb::kernels::ops_of(lb::arch::scalar));
  return targets;
}

template <class F>
void with_bits(int bits, F f) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((bits == I + 1 ? f(std::integral_constant<int, I + 1>{}) : void()), ...);
  }
  (std::make_integer_sequence<int, 8>{});
}

}  // namespace test
