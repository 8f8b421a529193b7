// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../../quantizers/level_table.hpp"
#include "../../exec/warp.hpp"
#include "../code_quads.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Codes as they are, unsigned: level = slope * (code + intercept / slope).
template <class Q>
struct affine_byte_codec {
  static constexpr mma_kind kind = mma_kind::u8s8;
  static constexpr int table_words = 0;

  constexpr affine_byte_codec() = default;
  LOWBIT_HD constexpr explicit affine_byte_codec(const state_of<Q>&, const word* = nullptr,
                                                 int = 0) {}
  LOWBIT_HD static constexpr float unit() { return Q::slope; }
  LOWBIT_HD static constexpr float bias() { return Q::intercept / Q::slope; }
  LOWBIT_HD constexpr arr<word, 2> fragment(const block_words<Q::bits>& words, int unit) const {
    return {{quad_bytes<Q::bits>(words, unit, 0), quad_bytes<Q::bits>(words, unit, 1)}};
  }

  /// Codes of both rows that are neighbours in a byte are masked where they are.
  static constexpr bool shares_bytes = Q::bits == 1 || Q::bits == 2 || Q::bits == 4;
  static constexpr int upper_factor = shares_bytes ? 1 << Q::bits : 1;
  LOWBIT_HD constexpr arr<word, 2> scaled_fragment(const block_words<Q::bits>& words,
                                                   int unit) const {
    if constexpr (shares_bytes) {
      constexpr word mask = 0x01010101u * ((1u << Q::bits) - 1);
      const code_quad both = find_quad<Q::bits>(words, unit, 0);
      const word bytes = both.bytes >> both.shift;
      return {{bytes & mask, bytes & mask << Q::bits}};
    } else {
      return fragment(words, unit);
    }
  }
};

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
