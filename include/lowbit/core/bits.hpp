// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Reads the n bits (1..32) that start at bit `first` of a little-endian bit stream: bit i of the
/// stream is bit i % 8 of byte i / 8. Touches no byte that holds none of them.
LOWBIT_HD constexpr code_t read_bits(const std::uint8_t* stream, std::uint64_t first, int n) {
  const std::uint8_t* p = stream + (first >> 3);
  const int skip = int(first & 7), bytes = (skip + n + 7) >> 3;
  std::uint64_t held = 0;
  for (int i = 0; i < bytes; ++i) held |= std::uint64_t(p[i]) << (8 * i);
  return code_t((held >> skip) & ((std::uint64_t(1) << n) - 1));
}

/// Writes the n low bits (1..32) of a code at bit `first`; the bits around them stay.
LOWBIT_HD constexpr void write_bits(std::uint8_t* stream, std::uint64_t first, int n, code_t code) {
  std::uint8_t* p = stream + (first >> 3);
  const int skip = int(first & 7), bytes = (skip + n + 7) >> 3;
  const std::uint64_t mask = ((std::uint64_t(1) << n) - 1) << skip;
  const std::uint64_t held = std::uint64_t(code) << skip;
  for (int i = 0; i < bytes; ++i) {
    const std::uint8_t m = std::uint8_t(mask >> (8 * i));
    p[i] = std::uint8_t((p[i] & ~m) | (std::uint8_t(held >> (8 * i)) & m));
  }
}

}  // namespace lowbit::inline LOWBIT_ABI
