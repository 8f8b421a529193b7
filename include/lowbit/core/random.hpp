// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "arith.hpp"
#include "arr.hpp"
#include "normal_quantile.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", 2011). A call is a pure function of (seed, stream, counter), so
/// any number can be had in any order, on any thread, on host and device, and is the same there.
struct philox {
  std::uint64_t seed = 0;    // the key
  std::uint64_t stream = 0;  // the upper half of the counter: independent sequences of one seed

  /// 128 random bits.
  LOWBIT_HD constexpr arr<std::uint32_t, 4> operator()(std::uint64_t counter) const {
    std::uint32_t x0 = std::uint32_t(counter), x1 = std::uint32_t(counter >> 32);
    std::uint32_t x2 = std::uint32_t(stream), x3 = std::uint32_t(stream >> 32);
    std::uint32_t k0 = std::uint32_t(seed), k1 = std::uint32_t(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t(0xd2511f53u) * x0, b = std::uint64_t(0xcd9e8d57u) * x2;
      x0 = std::uint32_t(b >> 32) ^ x1 ^ k0;
      x2 = std::uint32_t(a >> 32) ^ x3 ^ k1;
      x1 = std::uint32_t(b);
      x3 = std::uint32_t(a);
      k0 += 0x9e3779b9u;  // golden ratio
      k1 += 0xbb67ae85u;  // sqrt(3) - 1
    }
    return {{x0, x1, x2, x3}};
  }

  /// The i-th 32-bit word: word i % 4 of block i / 4.
  LOWBIT_HD constexpr std::uint32_t word(std::uint64_t i) const {
    return (*this)(i >> 2)[int(i & 3)];
  }
  /// The i-th number of [0, 1): a multiple of 2^-24.
  LOWBIT_HD constexpr float uniform(std::uint64_t i) const {
    return float(word(i) >> 8) * exp2_int(-24);
  }
  /// The i-th integer of [0, n). No value is likelier than another by more than n / 2^32.
  LOWBIT_HD constexpr std::uint32_t below(std::uint64_t i, std::uint32_t n) const {
    return std::uint32_t((std::uint64_t(word(i)) * n) >> 32);
  }
  /// The i-th standard normal number, within +-6.34: the quantile of the middle of one of 2^32
  /// equal steps of probability. See normal_quantile for its accuracy.
  LOWBIT_HD constexpr float normal(std::uint64_t i) const { return normal_quantile(word(i)); }
};

}  // namespace lowbit::inline LOWBIT_ABI
