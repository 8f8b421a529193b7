// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/device/nibble_table.hpp>

using namespace lowbit;

namespace {

word byte_of(int code) { return word(code * 37 + 129) & 255; }

/// Wrong bytes over words of codes, what is above the codes being anything.
template <int Bits>
int wrong_bytes() {
  nibble_table<Bits> table;
  for (int i = 0; i < nibble_table<Bits>::words; ++i) {
    word four = 0;
    for (int c = 0; c < 4; ++c) four |= byte_of(4 * i + c) << (8 * c);
    table.set(i, four);
  }
  int wrong = 0;
  for (word n = 0; n < 3000; ++n) {
    const word codes = n * 2654435761u;
    const nibble_codes<Bits> eight(codes);
    const auto expected = [&](int nibble) {
      return byte_of(int(codes >> (4 * nibble) & ((1u << Bits) - 1)));
    };
    for (int i = 0; i < 4; ++i)
      for (int k = 0; k < 4; ++k) {
        if (i == k) continue;
        const word found = table[eight.of_bytes(i, k)];
        wrong += found != (expected(2 * i) | expected(2 * i + 1) << 8 | expected(2 * k) << 16 |
                           expected(2 * k + 1) << 24);
      }
  }
  return wrong;
}

}  // namespace

TEST_CASE("four codes at a time are looked up, from any two bytes") {
  CHECK(wrong_bytes<1>() == 0);
  CHECK(wrong_bytes<2>() == 0);
  CHECK(wrong_bytes<3>() == 0);
  CHECK(wrong_bytes<4>() == 0);
}
