// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A table of Rows words in shared memory that all lanes read at once, each where it likes: it is
/// there 32 times, word after word, so that a lane has a bank of its own. 128 bytes for each row.
template <int Rows>
class lane_table {
 public:
  static constexpr int words = Rows * 32;

  /// row(i) -> word for all rows, by `threads` threads together; a barrier must follow. `table` is
  /// aligned to 16 bytes.
  template <class Row>
  LOWBIT_HD static void fill(word* table, int thread, int threads, Row row) {
    for (int i = thread; i < words / 4; i += threads) {
      const word x = row(i / 8);
      reinterpret_cast<words4*>(table)[i] = {{{x, x, x, x}}};
    }
  }

  /// The table as a lane sees it.
  LOWBIT_HD lane_table(const word* table, int lane) {
#if defined(__CUDA_ARCH__)
    table_ = in_register(word(__cvta_generic_to_shared(table + lane)));
#else
    table_ = reinterpret_cast<std::uintptr_t>(table + lane);
#endif
  }

  /// Two instructions, none of them for the integer units.
  LOWBIT_HD word operator[](word row) const {
#if defined(__CUDA_ARCH__)
    word found;
    asm("{.reg .u32 a; mad.lo.u32 a, %1, 128, %2; ld.shared.u32 %0, [a];}"
        : "=r"(found)
        : "r"(row), "r"(word(table_)));
    return found;
#else
    return reinterpret_cast<const word*>(table_)[row * 32];
#endif
  }
  /// The row that byte i of a word says.
  LOWBIT_HD word at_byte(word bytes, int i) const {
    return (*this)[permute_bytes(bytes, 0, word(0x4440 + i))];
  }

 private:
  std::uintptr_t table_;  // of this lane; on a device an address of shared memory
};

}  // namespace lowbit::inline LOWBIT_ABI
