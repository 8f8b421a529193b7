// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Replaces the operators new and delete of the program by ones that count: include it in one file
// of a test program only.
#pragma once
#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace lowbit_test {

inline std::atomic<long> heap_live{0}, heap_peak{0}, heap_calls{0};

/// What operator new gave since this was made: bytes, as malloc rounds them up, and calls.
class heap_watch {
 public:
  heap_watch() : live_(heap_live), calls_(heap_calls) { heap_peak = live_; }
  /// The most bytes that were in use at once, beyond those in use at the start.
  long peak() const { return heap_peak - live_; }
  long calls() const { return heap_calls - calls_; }

 private:
  long live_, calls_;
};

inline void* counted_new(std::size_t size, std::align_val_t alignment = std::align_val_t(16)) {
  const auto a = static_cast<std::size_t>(alignment);
  void* block = std::aligned_alloc(a, (size + a - 1) / a * a);
  if (block == nullptr) std::abort();
  ++heap_calls;
  const long live = heap_live += static_cast<long>(::malloc_usable_size(block));
  long peak = heap_peak;
  while (live > peak && !heap_peak.compare_exchange_weak(peak, live)) continue;
  return block;
}

inline void counted_delete(void* block) {
  if (block != nullptr) heap_live -= static_cast<long>(::malloc_usable_size(block));
  std::free(block);
}

}  // namespace lowbit_test

// Replacements must not be inline. All forms are here: an address sanitizer brings its own of those
// that are not, and objects to memory that one gave and another takes back.
void* operator new(std::size_t size) { return lowbit_test::counted_new(size); }
void* operator new[](std::size_t size) { return lowbit_test::counted_new(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return lowbit_test::counted_new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return lowbit_test::counted_new(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return lowbit_test::counted_new(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return lowbit_test::counted_new(size, alignment);
}
void operator delete(void* block) noexcept { lowbit_test::counted_delete(block); }
void operator delete[](void* block) noexcept { lowbit_test::counted_delete(block); }
void operator delete(void* block, std::size_t) noexcept { lowbit_test::counted_delete(block); }
void operator delete[](void* block, std::size_t) noexcept { lowbit_test::counted_delete(block); }
void operator delete(void* block, std::align_val_t) noexcept { lowbit_test::counted_delete(block); }
void operator delete[](void* block, std::align_val_t) noexcept {
  lowbit_test::counted_delete(block);
}
void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  lowbit_test::counted_delete(block);
}
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  lowbit_test::counted_delete(block);
}
