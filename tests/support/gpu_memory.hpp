// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What tests of kernels need of a GPU. For .cu files.
#pragma once
#include <doctest/doctest.h>

#include <cstring>
#include <new>

namespace test {

/// Whether there is a device; the first who asks in vain says so.
inline bool has_gpu() {
  static const bool there = [] {
    int devices = 0;
    const bool some = cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
    if (!some) MESSAGE("skipped: no CUDA device");
    return some;
  }();
  return there;
}

/// n values that host and device see, at first all NaN; the host alone where there is no device.
template <class T>
class managed {
 public:
  explicit managed(std::size_t n) : size_(n) {
    const std::size_t bytes = (n > 0 ? n : 1) * sizeof(T);
    if (has_gpu())
      REQUIRE(cudaMallocManaged(&data_, bytes) == cudaSuccess);
    else
      data_ = static_cast<T*>(::operator new(bytes));
    std::memset(static_cast<void*>(data_), 0xff, bytes);
  }
  managed(const T* from, std::size_t n) : managed(n) {
    if (n > 0) std::memcpy(static_cast<void*>(data_), from, n * sizeof(T));
  }
  managed(const managed&) = delete;
  managed& operator=(const managed&) = delete;
  ~managed() {
    if (has_gpu())
      cudaFree(data_);
    else
      ::operator delete(data_);
  }
  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) const { return data_[i]; }

 private:
  T* data_ = nullptr;
  std::size_t size_;
};

}  // namespace test
