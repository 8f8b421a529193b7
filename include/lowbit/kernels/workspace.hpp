// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <memory>
#include <new>

#include "../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Scratch memory that the caller keeps between calls, so that products allocate nothing: it grows
/// to the largest need and stays. One workspace serves one call at a time.
class workspace {
 public:
  /// At least `bytes` bytes, aligned to 64. What was in it is lost when it grows.
  void* reserve(index_t bytes) {
    if (bytes > size_) {
      block_.reset();
      block_.reset(static_cast<std::uint8_t*>(
          ::operator new(static_cast<std::size_t>(bytes), std::align_val_t(64))));
      size_ = bytes;
    }
    return block_.get();
  }
  index_t size() const { return size_; }

 private:
  struct release {
    void operator()(std::uint8_t* p) const { ::operator delete(p, std::align_val_t(64)); }
  };
  std::unique_ptr<std::uint8_t, release> block_;
  index_t size_ = 0;
};

namespace detail {
/// Cuts one block into aligned arrays: first to count the bytes, then to hand them out.
class carver {
 public:
  explicit carver(void* block = nullptr) : block_(static_cast<std::uint8_t*>(block)) {}
  template <class T>
  T* take(index_t count) {
    const index_t at = used_;
    used_ += (count * index_t(sizeof(T)) + 63) / 64 * 64;
    return block_ == nullptr ? nullptr : reinterpret_cast<T*>(block_ + at);
  }
  index_t used() const { return used_; }

 private:
  std::uint8_t* block_;
  index_t used_ = 0;
};
}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
