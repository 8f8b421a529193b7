// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Hadamard transforms, quantization and dequantization: what lockstep has shown, on a device.
// Without one, nvcc compiles and links the kernels.
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/kernels/device/dequantize.hpp>
#include <lowbit/kernels/exec/gpu.hpp>
#include <vector>

#include "kernels/device/hadamard_runs.hpp"
#include "kernels/device/quantize_runs.hpp"
#include "support/gpu_memory.hpp"

using namespace lowbit;
using test::managed;

namespace {

template <class Kernel, class... Arguments>
void run(const Kernel& kernel, int blocks, int warps, std::size_t shared_bytes,
         const Arguments&... arguments) {
  if (!test::has_gpu()) {
    CHECK(reinterpret_cast<const void*>(&run_kernel<Kernel, Arguments...>) != nullptr);
    return;
  }
  run_kernel<<<blocks, warps * warp_size, shared_bytes>>>(kernel, arguments...);
  REQUIRE(cudaGetLastError() == cudaSuccess);
  REQUIRE(cudaDeviceSynchronize() == cudaSuccess);
}

template <int Factor, class T>
void check_hadamard(const test::hadamard_shape& s) {
  CAPTURE(s.block);
  test::hadamard_run<T, T> host(s, [](std::uint64_t i) { return philox{7}.normal(i); });
  const managed<words4> in(host.in_memory.data(), host.in_memory.size());
  const managed<words4> out(host.out_memory.data(), host.out_memory.size());
  auto task = host.task();
  task.in = reinterpret_cast<const T*>(in.data()) + s.in_at;
  task.out = reinterpret_cast<T*>(out.data()) + s.out_at;
  const hadamard_rows<Factor> kernel;
  run(kernel, int(kernel.blocks(task, 8)), 8, kernel.shared_bytes(task.block(), 8), task);
  if (!test::has_gpu()) return;
  const auto expected = host.expected();
  CHECK(std::memcmp(out.data(), expected.data(), expected.size() * sizeof(words4)) == 0);
}

template <class F>
void check_quantize(index_t rows, index_t cols) {
  std::vector<float> x(std::size_t(rows * cols));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = philox{8}.normal(i);
  const auto expected = test::planes_of<F>(matrix_view<const float>(x.data(), rows, cols));
  const managed<float> values(x.data(), x.size()), scale(1), partial(64);
  const managed<std::uint8_t> codes(expected.codes.size()), scales(expected.scales.size());
  const managed<unsigned> counter(1);
  counter[0] = 0;
  const quantize_task<float> task{values.data(), cols,          {rows, cols},
                                  codes.data(),  scales.data(), scale.data()};
  if constexpr (detail::is_nvfp4<F>) {
    const find_tensor_scale<F> first;
    run(first, 64, 8, first.shared_bytes(8), task, partial.data(), counter.data());
    if (test::has_gpu()) CHECK(scale[0] == expected.tensor_scale);
  }
  const quantize_rows<F> kernel;
  run(kernel, int(kernel.blocks({rows, cols}, 8)), 8, kernel.shared_bytes(8), task);
  if (!test::has_gpu()) return;
  CHECK(std::memcmp(codes.data(), expected.codes.data(), expected.codes.size()) == 0);
  CHECK(std::memcmp(scales.data(), expected.scales.data(), expected.scales.size()) == 0);
}

/// The borrowed arrays of a matrix where a device sees them.
struct mover {
  std::vector<void*>& memory;
  template <class T>
  void operator()(const path&, element, unaligned_span<T>& a) const {
    void* to = nullptr;
    const auto bytes = std::size_t(a.size()) * sizeof(T);
    REQUIRE(cudaMallocManaged(&to, bytes + 16) == cudaSuccess);
    std::memcpy(to, a.data(), bytes);
    memory.push_back(to);
    a = {to, a.size()};
  }
  template <class T>
  void operator()(const path&, element, T&) const {}
  template <class T>
  void derived(T&) const {}
};

template <class F, class Layout>
void check_dequantize(index_t rows, index_t cols) {
  std::vector<float> x(std::size_t(rows * cols));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = philox{9}.normal(i);
  const auto q = repack<Layout>(quantize<F>(matrix_view<const float>(x.data(), rows, cols)));
  const quantized_view<F, Layout> host = q.view();
  quantized_view<F, Layout, device> w;
  using data = typename quantized_view<F, Layout>::data_type;
  static_cast<data&>(w) = static_cast<const data&>(host);
  std::vector<void*> memory;
  if (test::has_gpu()) data::each(mover{memory}, static_cast<data&>(w));
  const std::size_t n = test::has_gpu() ? x.size() : 0;
  const managed<float> out(n);
  run(dequantize_matrix{}, 100, 8, 0, w, out.data(), cols);
  int wrong = 0;
  for (std::size_t i = 0; i < n; ++i)
    wrong += out[i] != host.at(index_t(i) / cols, index_t(i) % cols);
  CHECK(wrong == 0);
  for (void* p : memory) cudaFree(p);
}

}  // namespace

TEST_CASE("Hadamard transforms have the host's bits on a device") {
  check_hadamard<1, float>({5, 1000, 128, 3});
  check_hadamard<1, float>({300, 8000, 8192, 3});
  check_hadamard<1, float16>({300, 4096, 4096, 3});
  check_hadamard<12, float>({77, 700, 384, 3});
}

TEST_CASE("quantization has the host's bytes on a device") {
  check_quantize<format<uniform<8>, per_group<32, f32>>>(33, 1000);
  check_quantize<format<uniform<8>, per_row::with<f32>>>(33, 4096);
  check_quantize<format<fp4_e2m1, microscaling<32>>>(33, 1024);
  check_quantize<format<fp4_e2m1, microscaling<16, e4m3>>>(33, 1003);
}

TEST_CASE("values have the bits of at() on a device") {
  check_dequantize<format<uniform<4>, per_group<32>>, mma16>(300, 1003);
  check_dequantize<format<uniform<3, asymmetric>, per_group<32>>, canonical>(33, 300);
  check_dequantize<format<normal_float<4>, per_group<64>>, mma16>(33, 300);
}
