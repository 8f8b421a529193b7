// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <memory>

#include "kernels/device/codec_blocks.hpp"

using namespace lowbit;

namespace {

template <int Bits>
int wrong_quads() {
  int wrong = 0;
  for (int turn = 0; turn < 5; ++turn) {
    const auto tile = std::make_unique<code_tile<Bits>>(turn);
    for (int lane = 0; lane < 32; ++lane) {
      const block_words<Bits> words = tile->lane(lane);
      for (int unit = 0; unit < 8; ++unit)
        for (int row = 0; row < 2; ++row) {
          const code_quad q = find_quad<Bits>(words, unit, row);
          word expected = 0;
          for (const int byte : {0, 1, 2, 3}) {
            const int code = byte == 1 ? 2 : byte == 2 ? 1 : byte;
            expected |= code_at<Bits>(turn, lane / 4 + 8 * row, 16 * unit + lane % 4 * 4 + code)
                        << (8 * byte);
          }
          const word mask = 0x01010101u * ((1u << Bits) - 1);
          wrong += q.shift + Bits > 8 || (q.bytes >> q.shift & mask) != expected;
          wrong += quad_bytes<Bits>(words, unit, row) != expected;
        }
    }
  }
  return wrong;
}

}  // namespace

TEST_CASE("quads of every width are found in the words of every lane") {
  CHECK(wrong_quads<1>() == 0);
  CHECK(wrong_quads<2>() == 0);
  CHECK(wrong_quads<3>() == 0);
  CHECK(wrong_quads<4>() == 0);
  CHECK(wrong_quads<5>() == 0);
  CHECK(wrong_quads<6>() == 0);
  CHECK(wrong_quads<7>() == 0);
  CHECK(wrong_quads<8>() == 0);
}
