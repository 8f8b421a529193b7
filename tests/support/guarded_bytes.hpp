// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>

namespace test {

/// Bytes that end where a forbidden page begins: one byte read past the end stops the program.
/// Their first byte is at whatever alignment their number gives.
class guarded_bytes {
 public:
  explicit guarded_bytes(std::size_t size)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        mapped_((size + page_ - 1) / page_ * page_ + page_) {
    base_ = static_cast<std::uint8_t*>(
        mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_ + mapped_ - page_, page_, PROT_NONE);
    data_ = base_ + mapped_ - page_ - size;
  }
  guarded_bytes(const void* from, std::size_t size) : guarded_bytes(size) {
    if (size > 0) std::memcpy(data_, from, size);
  }
  guarded_bytes(const guarded_bytes&) = delete;
  guarded_bytes& operator=(const guarded_bytes&) = delete;
  ~guarded_bytes() { munmap(base_, mapped_); }
  std::uint8_t* data() const { return data_; }

 private:
  std::size_t page_, mapped_;
  std::uint8_t* base_ = nullptr;
  std::uint8_t* data_ = nullptr;
};

}  // namespace test
