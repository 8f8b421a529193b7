// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Calls on a device: streams, graphs, other number types, errors. The products of every format are
// in the other files of this folder.
#include <lowbit/gpu/gemm.hpp>

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include "runner.hpp"

template <>
struct lowbit::scalar_traits<__half> : lowbit::same_bits_traits<__half, lowbit::float16> {};
template <>
struct lowbit::scalar_traits<__nv_bfloat16>
    : lowbit::same_bits_traits<__nv_bfloat16, lowbit::bfloat16> {};

using namespace lowbit;

namespace {

using w4 = format<uniform<4>, per_group<32>>;

quantized_matrix<w4> weights() { return quantize<w4>(test::random_matrix(150, 333, 1).view()); }

struct stream {
  cudaStream_t get = nullptr;
  stream() { gpu::check(cudaStreamCreateWithFlags(&get, cudaStreamNonBlocking), "stream"); }
  ~stream() { cudaStreamDestroy(get); }
  stream(const stream&) = delete;
  stream& operator=(const stream&) = delete;
  void wait() const { gpu::check(cudaStreamSynchronize(get), "wait"); }
};

std::vector<float> host_product(const quantized_matrix<w4>& q, const std::vector<float>& x,
                                index_t tokens) {
  std::vector<float> y(std::size_t(tokens * q.shape().rows));
  gemm(q.view(), matrix_view<const float>(x.data(), tokens, q.shape().cols),
       matrix_view<float>(y.data(), tokens, q.shape().rows));
  return y;
}
bool near(const std::vector<float>& a, const std::vector<float>& b) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    error += std::pow(double(a[i]) - double(b[i]), 2);
    size += std::pow(double(b[i]), 2);
  }
  return a.size() == b.size() && error <= 1e-12 * size;
}

}  // namespace

TEST_CASE("one token and many, on a stream of one's own") {
  if (!test::has_gpu()) return;
  const auto q = weights();
  const device_matrix w(q);
  const stream s;
  const gpu::workspace memory(gpu::workspace_bytes(w.view(), 17));
  for (const index_t tokens : {1, 3, 8, 17}) {
    const auto x = test::activations<float>(tokens, 333);
    const test::device_array<float> given(x);
    const test::device_array<float> y(std::vector<float>(std::size_t(tokens * 150), 7.f));
    gemm(s.get, w.view(), matrix_view<float>(given.data(), tokens, 333),
         matrix_view<float>(y.data(), tokens, 150), memory);
    s.wait();
    CHECK(near(y.read(), host_product(q, x, tokens)));
    if (tokens == 1) {
      const test::device_array<float> again(std::vector<float>(150, 7.f));
      gemv(s.get, w.view(), given, span<float>(again.data(), 150), memory);
      s.wait();
      CHECK(test::same_bits(again.read(), y.read()));
    }
  }
}
TEST_CASE("CUDA's number types are activations too") {
  if (!test::has_gpu()) return;
  const device_matrix w(weights());
  const gpu::workspace memory(gpu::workspace_bytes(w.view(), 3));
  const auto results = [&]<class T>(const std::vector<T>& x) {
    const test::device_array<T> given(x);
    const test::device_array<float> y(std::vector<float>(3 * 150));
    gemm(nullptr, w.view(), matrix_view<const T>(given.data(), 3, 333),
         matrix_view<float>(y.data(), 3, 150), memory);
    return y.read();
  };
  const auto x16 = test::activations<float16>(3, 333);
  std::vector<__half> halves(x16.size());
  std::memcpy(static_cast<void*>(halves.data()), x16.data(), x16.size() * 2);
  CHECK(test::same_bits(results(halves), results(x16)));
  const auto xb = test::activations<bfloat16>(3, 333);
  std::vector<__nv_bfloat16> brains(xb.size());
  std::memcpy(static_cast<void*>(brains.data()), xb.data(), xb.size() * 2);
  CHECK(test::same_bits(results(brains), results(xb)));
}
TEST_CASE("a call is captured in a graph, and every replay gives the same bits") {
  if (!test::has_gpu()) return;
  const device_matrix w(weights());
  const index_t tokens = 5;
  const test::device_array<float> x(test::activations<float>(tokens, 333));
  const test::device_array<float> y(std::vector<float>(std::size_t(tokens * 150)));
  const matrix_view<const float> given(x.data(), tokens, 333);
  const matrix_view<float> results(y.data(), tokens, 150);
  const gpu::workspace memory(gpu::workspace_bytes(w.view(), tokens));
  const stream s;
  const auto both = [&] {
    gemm(s.get, w.view(), given, results, memory);
    gemm(s.get, w.view(), as<a8>(given), results, memory, update{.alpha = 2, .beta = 1});
  };
  both();
  s.wait();
  const auto expected = y.read();
  cudaGraph_t graph;
  cudaGraphExec_t runs;
  gpu::check(cudaStreamBeginCapture(s.get, cudaStreamCaptureModeGlobal), "capture");
  both();
  gpu::check(cudaStreamEndCapture(s.get, &graph), "capture");
  gpu::check(cudaGraphInstantiate(&runs, graph, 0), "graph");
  for (int i = 0; i < 3; ++i) {
    gpu::check(cudaMemset(y.data(), 0xff, std::size_t(y.size()) * sizeof(float)), "cudaMemset");
    gpu::check(cudaDeviceSynchronize(), "cudaMemset");
    gpu::check(cudaGraphLaunch(runs, s.get), "graph");
    s.wait();
    CHECK(test::same_bits(y.read(), expected));
  }
  cudaGraphExecDestroy(runs);
  cudaGraphDestroy(graph);
}
TEST_CASE("y is untouched when a call is refused") {
  if (!test::has_gpu()) return;
  const device_matrix w(weights());
  const test::device_array<float> x(std::vector<float>(333)), y(std::vector<float>(150, 5.f));
  const span<float> out(y.data(), 150);
  const gpu::workspace memory(gpu::workspace_bytes(w.view(), 1)), little(64);
  CHECK_THROWS_AS(gemv(nullptr, w.view(), x, out, little), error);
  CHECK_THROWS_AS(gemv(nullptr, w.view(), x, span<float>(y.data(), 149), memory), error);
  CHECK_THROWS_AS(gemv(nullptr, w.view(), span<const float>(x.data(), 332), out, memory), error);
  const auto* const odd = reinterpret_cast<const float16*>(
      reinterpret_cast<const char*>(x.data()) + 1);
  CHECK_THROWS_AS(gemv(nullptr, w.view(), span<const float16>(odd, 333), out, memory), error);
  CHECK(y.read() == std::vector<float>(150, 5.f));
}
TEST_CASE("activations at any address that their type allows") {
  if (!test::has_gpu()) return;
  const device_matrix w(weights());
  const gpu::workspace memory(gpu::workspace_bytes(w.view(), 1));
  const auto x = test::activations<float16>(1, 333);
  std::vector<float> expected;
  for (int shift = 0; shift < 9; ++shift) {
    std::vector<float16> moved(std::size_t(shift), float16(9.f));
    moved.insert(moved.end(), x.begin(), x.end());
    const test::device_array<float16> given(moved);
    const test::device_array<float> y(std::vector<float>(150));
    gemv(nullptr, w.view(), span<const float16>(given.data() + shift, 333),
         span<float>(y.data(), 150), memory);
    if (shift == 0) expected = y.read();
    CHECK(test::same_bits(y.read(), expected));
  }
}
