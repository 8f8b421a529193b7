// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A table of Rows entries of Words words (1, 2 or 4) in shared memory that all lanes read at once,
/// each where it likes: an entry is there several times, one after the other, so that a lane has
/// banks of its own among all that are served together (with 128 bytes for each entry, the
/// default). With fewer copies lanes wait for each other.
template <int Rows, int Words = 1, int Copies = 32 / Words>
class lane_table {
  static_assert(Words == 1 || Words == 2 || Words == 4, "lowbit::lane_table: 1, 2 or 4 words");
  static_assert(Words * Copies % 4 == 0, "lowbit::lane_table: rows are multiples of 16 bytes");
  static constexpr int row_words = Words * Copies;

 public:
  static constexpr int words = Rows * row_words;
  using entry = std::conditional_t<Words == 1, word, arr<word, Words>>;

  /// row(i) -> entry for all rows, by `threads` threads together; a barrier must follow. `table` is
  /// aligned to 16 bytes. A row is asked once for each 16 bytes of its copies.
  template <class Row>
  LOWBIT_HD static void fill(word* table, int thread, int threads, Row row) {
    for (int i = thread; i < words / 4; i += threads) {
      const entry x = row(i / (row_words / 4));
      words4 copies{};
      for (int k = 0; k < 4; ++k) {
        if constexpr (Words == 1)
          copies[k] = x;
        else
          copies[k] = x[k % Words];
      }
      reinterpret_cast<words4*>(table)[i] = copies;
    }
  }

  lane_table() = default;
  /// The table as a lane sees it: after the barrier, for the compiler may move loads up to here.
  LOWBIT_HD lane_table(const word* table, int lane) {
    const word* const mine = table + lane % Copies * Words;
#if defined(__CUDA_ARCH__)
    word at = in_register(word(__cvta_generic_to_shared(mine)));
    asm volatile("" : "+r"(at) : : "memory");
    table_ = at;
#else
    table_ = reinterpret_cast<std::uintptr_t>(mine);
#endif
  }

  /// Two instructions, none of them for the integer units.
  LOWBIT_HD entry operator[](word row) const {
    entry found{};
#if defined(__CUDA_ARCH__)
    const word at = word(table_);
    if constexpr (Words == 1)
      asm("{.reg .u32 a; mad.lo.u32 a, %1, %3, %2; ld.shared.u32 %0, [a];}"
          : "=r"(found)
          : "r"(row), "r"(at), "n"(4 * row_words));
    else if constexpr (Words == 2)
      asm("{.reg .u32 a; mad.lo.u32 a, %2, %4, %3; ld.shared.v2.u32 {%0, %1}, [a];}"
          : "=r"(found.items[0]), "=r"(found.items[1])
          : "r"(row), "r"(at), "n"(4 * row_words));
    else
      asm("{.reg .u32 a; mad.lo.u32 a, %4, %6, %5; ld.shared.v4.u32 {%0, %1, %2, %3}, [a];}"
          : "=r"(found.items[0]), "=r"(found.items[1]), "=r"(found.items[2]), "=r"(found.items[3])
          : "r"(row), "r"(at), "n"(4 * row_words));
#else
    __builtin_memcpy(&found, reinterpret_cast<const word*>(table_) + row * row_words,
                     sizeof(entry));
#endif
    return found;
  }
  /// The row that byte i of a word says.
  LOWBIT_HD entry at_byte(word bytes, int i) const {
    return (*this)[permute_bytes(bytes, 0, word(0x4440 + i))];
  }

 private:
  std::uintptr_t table_ = 0;  // of this lane; on a device an address of shared memory
};

}  // namespace lowbit::inline LOWBIT_ABI
