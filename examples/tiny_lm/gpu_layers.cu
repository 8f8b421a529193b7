// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers on a CUDA device. The build lists their formats in gpu_format_names.inl.
#include <lowbit/formats/known.hpp>
#include <lowbit/gpu.hpp>

#include "gpu_formats.hpp"

namespace tiny_lm {
namespace {

/// A stream, and memory for what goes there and back.
class gpu_session : public device_memory {
 public:
  gpu_session() {
    lb::gpu::check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
  }
  gpu_session(const gpu_session&) = delete;
  gpu_session& operator=(const gpu_session&) = delete;
  ~gpu_session() override { cudaStreamDestroy(stream_); }

  index_t bytes() const override { return x_.size() + y_.size() + work_.bytes(); }

  template <class View>
  void multiply(const View& w, lb::matrix_view<const float> x, activations input,
                lb::matrix_view<float> y) {
    const index_t tokens = x.rows(), needed = lb::gpu::workspace_bytes(w, tokens);
    reserve(x_, tokens * x.cols());
    reserve(y_, tokens * y.cols());
    if (work_.bytes() < needed) work_ = lb::gpu::workspace(needed, stream_);
    const lb::matrix_view<float> in(static_cast<float*>(x_.data()), tokens, x.cols());
    const lb::matrix_view<float> out(static_cast<float*>(y_.data()), tokens, y.cols());
    copy(x, in, cudaMemcpyHostToDevice);
    if (input == activations::a8)
      lb::gemm(stream_, w, lb::as<lb::a8>(in), out, work_);
    else
      lb::gemm(stream_, w, in, out, work_);
    copy(out, y, cudaMemcpyDeviceToHost);
    lb::gpu::check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
  }

 private:
  static void reserve(lb::gpu::device_memory& memory, index_t floats) {
    const index_t bytes = floats * index_t(sizeof(float));
    if (memory.size() < bytes) memory = lb::gpu::device_memory(bytes);
  }
  void copy(lb::matrix_view<const float> from, lb::matrix_view<float> to, cudaMemcpyKind way) {
    const auto bytes = [](index_t floats) { return std::size_t(floats) * sizeof(float); };
    lb::gpu::check(
        cudaMemcpy2DAsync(to.data(), bytes(to.stride()), from.data(), bytes(from.stride()),
                          bytes(from.cols()), std::size_t(from.rows()), way, stream_),
        "cudaMemcpy2DAsync");
  }

  cudaStream_t stream_ = nullptr;
  lb::gpu::device_memory x_, y_;
  lb::gpu::workspace work_;
};

struct gpu_runner {
  template <class F>
  using matrix = lb::device_matrix<F>;
  using session = gpu_session;
};

template <class... Entries>
std::vector<gpu_format> describe(lb::format_list<Entries...>) {
  return {{Entries::name, [](const lb::matrix_file& file, const std::string& name) {
             using F = typename Entries::format_type;
             return std::unique_ptr<device_layer>(
                 std::make_unique<layer_on<gpu_runner, F>>(file.load<F>(name)));
           }}...};
}

}  // namespace

const std::vector<gpu_format>& gpu_formats() {
  using namespace lowbit;  // the names of formats
  using chosen = format_list<
#include "gpu_format_names.inl"
      >;
  static const std::vector<gpu_format> all = describe(chosen{});
  return all;
}

}  // namespace tiny_lm
