// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Four codes to be looked up: one in each of the lower four nibbles of `picks` without its bit 3,
/// and 255 in each byte of `upper` whose code had it.
struct four_picks {
  word picks, upper;
};

/// Eight codes of at most 4 bits, one in each nibble; bits above a code may be anything.
template <int Bits>
class nibble_codes {
 public:
  LOWBIT_HD constexpr explicit nibble_codes(word codes)
      : picks_(codes & 0x11111111u * ((1u << (Bits < 3 ? Bits : 3)) - 1)),
        low_on_top_(Bits == 4 ? codes << 4 : 0),
        codes_(codes) {}

  /// The codes of two bytes: those of byte i, the lower first, then those of byte k.
  LOWBIT_HD constexpr four_picks of_bytes(int i, int k) const {
    const word signs = word(0xc8 + 0x11 * i + ((0xc8 + 0x11 * k) << 8));
    return {i == 0 && k == 1 ? picks_ : permute_bytes(picks_, 0, word(i | k << 4)),
            Bits == 4 ? permute_bytes(low_on_top_, codes_, signs) : 0};
  }

 private:
  word picks_, low_on_top_, codes_;
};

/// At most 16 bytes in registers, looked up four at a time.
template <int Bits>
class nibble_table {
  static_assert(Bits >= 1 && Bits <= 4, "lowbit::nibble_table: codes of 1 to 4 bits");

 public:
  static constexpr int words = Bits <= 2 ? 1 : 1 << (Bits - 2);

  /// The bytes of the codes 4 i .. 4 i + 3, lowest first.
  LOWBIT_HD constexpr void set(int i, word bytes) { bytes_[i] = in_register(bytes); }

  LOWBIT_HD constexpr word operator[](const four_picks& codes) const {
    if constexpr (Bits <= 2)
      return permute_bytes(bytes_[0], 0, codes.picks);
    else if constexpr (Bits == 3)
      return permute_bytes(bytes_[0], bytes_[1], codes.picks);
    else
      return select_bits(codes.upper, permute_bytes(bytes_[2], bytes_[3], codes.picks),
                         permute_bytes(bytes_[0], bytes_[1], codes.picks));
  }

 private:
  arr<word, words> bytes_{};
};

}  // namespace lowbit::inline LOWBIT_ABI
