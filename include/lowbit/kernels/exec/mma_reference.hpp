// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../core/bfloat16.hpp"
#include "warp.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// What `mma` computes, from the operands of all 32 lanes: for executors on the host. Products of
/// halves are exact in binary32 and summed there, column by column of A, after the accumulator; a
/// GPU sums them in an order and width of its own. Products of bytes are exact everywhere.
template <mma_kind Kind, class D, int NA, int NB>
void mma_reference(arr<D, 4>* d, const arr<word, NA>* a, const arr<word, NB>* b) {
  constexpr bool bytes = Kind == mma_kind::u8s8 || Kind == mma_kind::s8s8;
  constexpr int each = bytes ? 4 : 2;  // elements of a register
  constexpr int k = 4 * each * NB;
  static_assert(NA == 2 * NB, "lowbit::mma: A has twice the registers of B");
  const auto element = [](word w, int i, bool is_signed) -> D {
    if constexpr (bytes) {
      const word byte = w >> (8 * i) & 255;
      return is_signed ? D(std::int8_t(byte)) : D(byte);
    } else {
      const std::uint16_t bits = std::uint16_t(w >> (16 * i));
      return Kind == mma_kind::half ? D(float(float16::from_bits(bits)))
                                   : bits_as<float>(word(bits) << 16);
    }
  };
  D rows[16][k], columns[8][k];
  for (int lane = 0; lane < warp_size; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int i = 0; i < NA; ++i)
      for (int e = 0; e < each; ++e)
        rows[g + 8 * (i % 2)][each * t + 4 * each * (i / 2) + e] =
            element(a[lane][i], e, Kind == mma_kind::s8s8);
    for (int i = 0; i < NB; ++i)
      for (int e = 0; e < each; ++e)
        columns[g][each * t + 4 * each * i + e] = element(b[lane][i], e, true);
  }
  for (int lane = 0; lane < warp_size; ++lane)
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + 8 * (i / 2), column = lane % 4 * 2 + i % 2;
      D sum = d[lane][i];
      for (int c = 0; c < k; ++c) sum += rows[row][c] * columns[column][c];
      d[lane][i] = sum;
    }
}

}  // namespace lowbit::inline LOWBIT_ABI
