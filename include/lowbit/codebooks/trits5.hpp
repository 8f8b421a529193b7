// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/ternary.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Five ternary values in a byte, 1.6 bits each, by the rule of GGUF's TQ1_0. With t_i = value + 1
/// and v = 81 t_0 + 27 t_1 + 9 t_2 + 3 t_3 + t_4 the code is ceil(256 v / 243); trit i comes back
/// by multiplications alone: ((code 3^i mod 256) * 3) >> 8. 243 codes are valid; the 13 others are
/// never produced and decode to some trits. Values encode one by one, as `ternary` does.
/// Groups must have a multiple of 5 columns (or the whole row); the last code of a row may be part
/// used, and zeros fill it up.
struct trits5 {
  using strategy = vector_codes;
  using range = ternary_optimal;
  static constexpr int bits = 8, dim = 5;
  static constexpr auto name = text("trits5");
  static constexpr float peak = 1;

  static constexpr bool valid(code_t code) {
    const code_t v = code * 243 / 256;
    return (256 * v + 242) / 243 == code;
  }
  LOWBIT_HD static constexpr arr<float, 5> decode(code_t code) {
    arr<float, 5> values{};
    for (int i = 0; i < 5; ++i, code *= 3) values[i] = ternary::decode(((code & 255) * 3) >> 8);
    return values;
  }
  LOWBIT_HD static constexpr code_t encode(const arr<float, 5>& values) {
    code_t v = 0;
    for (int i = 0; i < 5; ++i) v = 3 * v + ternary::encode(values[i]);
    return (256 * v + 242) / 243;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
