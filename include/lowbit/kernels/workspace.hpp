// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <new>
#include <utility>

#include "../core/shared.hpp"
#include "../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Scratch memory that the caller keeps between calls, so that products allocate nothing: it grows
/// to the largest need and stays. One workspace serves one call at a time.
class workspace {
 public:
  /// At least `bytes` bytes, aligned to 64. What was in it is lost when it grows.
  void* reserve(index_t bytes) {
    if (bytes > block_.size) {
      block_ = block();
      block_ = block(bytes);
    }
    return block_.data;
  }
  /// Another one, for the calls that a call makes in its turn; it is kept like this one.
  workspace& nested() {
    if (!nested_) nested_ = shared<workspace>::make();
    return *nested_;
  }
  /// Bytes that are kept.
  index_t size() const {
    return block_.size + (nested_ ? nested_->size() + index_t(sizeof(workspace)) : 0);
  }

 private:
  struct block {
    std::uint8_t* data = nullptr;
    index_t size = 0;

    block() = default;
    explicit block(index_t bytes)
        : data(static_cast<std::uint8_t*>(
              ::operator new(static_cast<std::size_t>(bytes), std::align_val_t(64)))),
          size(bytes) {}
    block(block&& b) noexcept
        : data(std::exchange(b.data, nullptr)), size(std::exchange(b.size, 0)) {}
    block& operator=(block&& b) noexcept {
      ::operator delete(std::exchange(data, std::exchange(b.data, nullptr)), std::align_val_t(64));
      size = std::exchange(b.size, 0);
      return *this;
    }
    ~block() { ::operator delete(data, std::align_val_t(64)); }
  };
  block block_;
  shared<workspace> nested_;
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
