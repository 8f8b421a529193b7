// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where the cases of this folder run: a host's Thrust system here, a device in offline_test.cu.
#pragma once
#include <thrust/system/cpp/execution_policy.h>

#include <cstring>
#include <lowbit/core/matrix_view.hpp>
#include <lowbit/core/random.hpp>
#include <lowbit/storage/quantized_matrix.hpp>
#include <vector>

namespace test {

namespace lb = lowbit;

struct host_system {
  using space = lb::host;
  template <class T>
  class array {
   public:
    /// Garbage, not zeros.
    explicit array(std::size_t n) : values_(n) {
      if (n > 0) std::memset(static_cast<void*>(values_.data()), 0xff, n * sizeof(T));
    }
    array(const T* from, std::size_t n) : values_(from, from + n) {}
    T* data() { return values_.data(); }
    std::size_t size() const { return values_.size(); }
    T& operator[](std::size_t i) { return values_[i]; }

   private:
    std::vector<T> values_;
  };
  static auto policy() { return thrust::cpp::par; }
};

/// Normal values; with `steps`, multiples of a half, so that many are equal.
inline std::vector<float> some_values(lb::index_t n, std::uint64_t seed, bool steps = false) {
  const lb::philox random{seed};
  std::vector<float> v;
  for (std::uint64_t i = 0; i < std::uint64_t(n); ++i) {
    const float x = random.normal(i);
    v.push_back(steps ? 0.5f * float(lb::round_int(2 * x)) : x);
  }
  return v;
}

template <class T>
bool same_bytes(const T* a, const std::vector<T>& b) {
  return b.empty() || std::memcmp(a, b.data(), b.size() * sizeof(T)) == 0;
}

}  // namespace test
