// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cases of tests/gpu/offline/ on a device.
#include <lowbit/gpu/offline.hpp>

#include <doctest/doctest.h>

#include <thrust/system/cuda/execution_policy.h>

#include "offline/group_statistics_cases.hpp"
#include "offline/k_means_cases.hpp"
#include "offline/quantize_cases.hpp"
#include "offline/select_outliers_cases.hpp"
#include "support/gpu_memory.hpp"

using namespace lowbit;

namespace {
struct cuda_system {
  using space = device;
  template <class T>
  using array = test::managed<T>;
  static auto policy() { return thrust::cuda::par.on(cudaStreamPerThread); }
};
}  // namespace

TEST_CASE("statistics of groups on a device") {
  if (test::has_gpu()) test::check_all_statistics<cuda_system>();
}
TEST_CASE("outliers of a matrix on a device are the host's") {
  if (test::has_gpu()) test::check_all_outliers<cuda_system>();
}
TEST_CASE("entries of k-means on a device are the host's") {
  if (test::has_gpu()) test::check_all_k_means<cuda_system>();
}
TEST_CASE("matrices quantized on a device have the host's bytes") {
  if (test::has_gpu()) test::check_some_quantize<cuda_system>();
}
