// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases of support/device_products.hpp on a CUDA device.
#pragma once
#include <lowbit/gpu.hpp>

#include "support/compiled_kernels.hpp"
#include "support/device_products.hpp"
#include "support/gpu_memory.hpp"

namespace test {

/// An array of the device.
template <class T>
class device_array {
 public:
  explicit device_array(const std::vector<T>& values)
      : memory_(index_t(values.size() * sizeof(T))), size_(values.size()) {
    if (size_ > 0)
      lb::gpu::check(cudaMemcpy(data(), values.data(), size_ * sizeof(T), cudaMemcpyHostToDevice),
                     "cudaMemcpy");
  }
  T* data() const { return static_cast<T*>(memory_.data()); }
  index_t size() const { return index_t(size_); }
  std::vector<T> read() const {
    std::vector<T> values(size_);
    if (size_ > 0)
      lb::gpu::check(cudaMemcpy(values.data(), data(), size_ * sizeof(T), cudaMemcpyDeviceToHost),
                     "cudaMemcpy");
    return values;
  }

 private:
  lb::gpu::device_memory memory_;
  std::size_t size_;
};

struct cuda_runner {
  template <class T>
  using array = device_array<T>;
  template <class M>
  using matrix = lb::device_matrix<typename M::format_type, typename M::layout_type>;
  struct memory {
    lb::gpu::workspace own;
    explicit memory(index_t bytes) : own(bytes) {}
    lb::kernels::workspace_memory get() const { return own.memory(); }
  };
  lb::gpu::cuda_launcher launcher() const { return lb::gpu::cuda_launcher(nullptr); }
};

}  // namespace test
