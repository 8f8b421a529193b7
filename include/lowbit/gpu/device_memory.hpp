// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>

#include "../core/span.hpp"
#include "check.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {

/// One allocation of the device that was current then. Making and destroying it synchronizes.
class device_memory {
 public:
  device_memory() = default;
  explicit device_memory(index_t bytes) : size_(bytes) {
    if (bytes > 0) check(cudaMalloc(&data_, std::size_t(bytes)), "cudaMalloc");
  }
  device_memory(device_memory&& m) noexcept
      : data_(std::exchange(m.data_, nullptr)), size_(std::exchange(m.size_, 0)) {}
  device_memory& operator=(device_memory&& m) noexcept {
    std::swap(data_, m.data_);
    std::swap(size_, m.size_);
    return *this;
  }
  ~device_memory() {
    if (data_ != nullptr) cudaFree(data_);  // nobody could do anything about its failing
  }

  void* data() const { return data_; }
  index_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  index_t size_ = 0;
};

}  // namespace gpu
}  // namespace lowbit::inline LOWBIT_ABI
