// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of quantized matrices on a GPU beside cuBLAS in bf16 and beside the rates at which this
// GPU copies and reads memory in the same run:
//
//   bench_gpu [--seconds S] [--json FILE] [--only FORMAT]
//
// After S seconds (default 100) nothing new is begun, and what was left out is said. A line of the
// table: microseconds for 1, 8, 16, 64 and 256 tokens, the share of the reading rate that one token
// reaches, and how many times faster than cuBLAS each is. The file has a JSON object per line.
#include <cublas_v2.h>
#include <cuda_bf16.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>

#include "bench_gpu.hpp"

namespace lowbit_bench {

namespace {
__global__ void read_words(const uint4* words, index_t count, unsigned* sink) {
  const index_t step = index_t(gridDim.x) * blockDim.x;
  unsigned sum = 0;
  for (index_t i = index_t(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    const uint4 v = words[i];
    sum += v.x ^ v.y ^ v.z ^ v.w;
  }
  if (sum == 0x12345678u) *sink = sum;
}
__global__ void fill_random(__nv_bfloat16* to, index_t count, unsigned seed) {
  const index_t step = index_t(gridDim.x) * blockDim.x;
  for (index_t i = index_t(blockIdx.x) * blockDim.x + threadIdx.x; i < count; i += step) {
    unsigned h = unsigned(i) * 2654435761u ^ seed;
    h = (h ^ h >> 15) * 2246822519u;
    h = (h ^ h >> 13) * 3266489917u;
    to[i] = __float2bfloat16(float(int(h >> 8)) * (2.f / 16777216.f) - 1.f);
  }
}
__global__ void nothing() {}
}  // namespace

void read_all(const void* buffer, index_t words, unsigned* sink, cudaStream_t stream) {
  read_words<<<132 * 16, 512, 0, stream>>>(static_cast<const uint4*>(buffer), words, sink);
}

bench::bench(double seconds)
    : deadline(std::chrono::steady_clock::now() +
               std::chrono::milliseconds(std::int64_t(seconds * 1000))) {
  lb::gpu::check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "stream");
  lb::gpu::check(cudaEventCreate(&before), "event");
  lb::gpu::check(cudaEventCreate(&after), "event");
  lb::gpu::check(cudaMemset(flush.data(), 1, std::size_t(flush.size())), "cudaMemset");
  lb::gpu::check(cudaDeviceSynchronize(), "cudaMemset");
}
bench::~bench() {
  cudaEventDestroy(before);
  cudaEventDestroy(after);
  cudaStreamDestroy(stream);
}

double bench::median_us(const std::function<void()>& call, int& runs) const {
  const auto once = [&] {
    read_all(flush.data(), flush.size() / 16, static_cast<unsigned*>(sink.data()), stream);
    lb::gpu::check(cudaEventRecord(before, stream), "event");
    call();
    lb::gpu::check(cudaEventRecord(after, stream), "event");
    lb::gpu::check(cudaEventSynchronize(after), "event");
    float ms = 0;
    lb::gpu::check(cudaEventElapsedTime(&ms, before, after), "event");
    return 1000 * double(ms);
  };
  once();  // loads the code
  const double estimate = once();
  runs = int(std::clamp(150e3 / estimate, 3.0, double(least_runs)));
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) times.push_back(once());
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[std::size_t(runs / 2)];
}

namespace {

/// Y = X W^T by cuBLAS, everything bf16, sums in binary32.
std::map<index_t, double> cublas_us(const bench& b, cublasHandle_t handle, lb::extent shape) {
  constexpr index_t most = 256;
  const lb::gpu::device_memory w(shape.rows * shape.cols * 2), x(most * shape.cols * 2),
      y(most * shape.rows * 2);
  const auto fill = [&](const lb::gpu::device_memory& m, unsigned seed) {
    fill_random<<<1024, 256, 0, b.stream>>>(static_cast<__nv_bfloat16*>(m.data()), m.size() / 2,
                                            seed);
  };
  fill(w, 1);
  fill(x, 2);
  std::map<index_t, double> all;
  for (const index_t tokens : batches) {
    const float one = 1, zero = 0;
    const int n = int(shape.rows), k = int(shape.cols);
    int runs = 0;
    bool right = true;
    all[tokens] = b.median_us(
        [&] {
          right = right && cublasGemmEx(handle, CUBLAS_OP_T, CUBLAS_OP_N, n, int(tokens), k, &one,
                                        w.data(), CUDA_R_16BF, k, x.data(), CUDA_R_16BF, k, &zero,
                                        y.data(), CUDA_R_16BF, n, CUBLAS_COMPUTE_32F,
                                        CUBLAS_GEMM_DEFAULT) == CUBLAS_STATUS_SUCCESS;
        },
        runs);
    if (!right) lb::fail(lb::errc::device, "cublasGemmEx", "failed");
  }
  return all;
}

struct rates {
  double copy_gbps, read_gbps, launch_us;
};
rates measure_rates(const bench& b) {
  const lb::gpu::device_memory from(index_t(1) << 30), to(index_t(1) << 30);
  lb::gpu::check(cudaMemset(from.data(), 1, std::size_t(from.size())), "cudaMemset");
  int runs = 0;
  const double copy = b.median_us(
      [&] {
        lb::gpu::check(cudaMemcpyAsync(to.data(), from.data(), std::size_t(from.size()),
                                       cudaMemcpyDeviceToDevice, b.stream),
                       "cudaMemcpy");
      },
      runs);
  const double read = b.median_us(
      [&] {
        read_all(from.data(), from.size() / 16, static_cast<unsigned*>(b.sink.data()), b.stream);
      },
      runs);
  const double launch = b.median_us([&] { nothing<<<1, 32, 0, b.stream>>>(); }, runs);
  return {2e-3 * double(from.size()) / copy, 1e-3 * double(from.size()) / read, launch};
}

struct named_bench {
  const char* name;
  format_bench* run;  // null: left out of this build
};
constexpr named_bench formats[] = {
    {"int4_g128", bench_int4_g128}, {"nf4", bench_nf4},           {"int2_g64", bench_int2_g64},
    {"mxfp4", bench_mxfp4},         {"int4_g32", bench_int4_g32}, {"q4_k", bench_q4_k},
    {"nvfp4", bench_nvfp4},         {"int8_row", bench_int8_row}, {"vq_4x8", bench_vq_4x8},
    {"ternary_g64", bench_ternary_g64}};

int run(double seconds, const char* json_name, const std::string& only) {
  int device = 0;
  cudaDeviceProp p;
  lb::gpu::check(cudaGetDevice(&device), "device");
  lb::gpu::check(cudaGetDeviceProperties(&p, device), "device");
  const bench b(seconds);
  cublasHandle_t handle;
  if (cublasCreate(&handle) != CUBLAS_STATUS_SUCCESS ||
      cublasSetStream(handle, b.stream) != CUBLAS_STATUS_SUCCESS)
    lb::fail(lb::errc::device, "cublasCreate", "failed");
  std::FILE* const json = json_name != nullptr ? std::fopen(json_name, "w") : nullptr;
  const rates r = measure_rates(b);
  std::printf("%s: copies %.0f GB/s (read and written), reads %.0f GB/s, an empty kernel %.1f us\n",
              p.name, r.copy_gbps, r.read_gbps, r.launch_us);
  if (json != nullptr)
    std::fprintf(json,
                 "{\"device\": \"%s\", \"multiprocessors\": %d, \"copy_gbps\": %.1f, "
                 "\"read_gbps\": %.1f, \"empty_us\": %.2f}\n",
                 p.name, p.multiProcessorCount, r.copy_gbps, r.read_gbps, r.launch_us);
  std::string left_out;
  for (const lb::extent shape : shapes) {
    const auto rows = static_cast<long long>(shape.rows), cols = static_cast<long long>(shape.cols);
    auto dense = cublas_us(b, handle, shape);
    std::printf("\n%lld x %lld (N x K)   us for 1, 8, 16, 64, 256 tokens            of reading   "
                "times cuBLAS   error\n%-12s %-4s", rows, cols, "cuBLAS", "bf16");
    for (const index_t tokens : batches) std::printf(" %8.1f", dense[tokens]);
    std::printf("   %4.0f %%\n",
                100 * 2e-3 * double(shape.rows * shape.cols) / dense[1] / r.read_gbps);
    for (const named_bench& f : formats) {
      if (f.run == nullptr || (!only.empty() && only != f.name)) continue;
      std::vector<measurement> all;
      if (!b.late()) all = f.run(b, shape);
      if (all.size() < 2 * std::size(batches))
        left_out += std::string(" ") + f.name + "@" + std::to_string(rows);
      for (const char* const activations : {"f16", "a8"}) {
        std::string times, ratios;
        double share = 0, error = 0;
        for (const measurement& m : all) {
          if (m.activations != activations) continue;
          char text[32];
          std::snprintf(text, sizeof(text), " %8.1f", m.us);
          times += text;
          std::snprintf(text, sizeof(text), " %.2f", dense[m.tokens] / m.us);
          ratios += text;
          if (m.tokens == 1) share = 1e-3 * m.bytes / m.us / r.read_gbps;
          error = m.error > error || m.error != m.error ? m.error : error;
          if (json != nullptr)
            std::fprintf(json,
                         "{\"format\": \"%s\", \"layout\": \"%s\", \"activations\": \"%s\", "
                         "\"rows\": %lld, \"cols\": %lld, \"tokens\": %lld, \"us\": %.2f, "
                         "\"runs\": %d, \"bytes\": %.0f, \"gbps\": %.1f, \"of_reading\": %.4f, "
                         "\"cublas_us\": %.2f, \"times_cublas\": %.3f, \"error\": %.2e}\n",
                         m.format.c_str(), m.layout.c_str(), m.activations.c_str(), rows, cols,
                         static_cast<long long>(m.tokens), m.us, m.runs, m.bytes,
                         1e-3 * m.bytes / m.us, 1e-3 * m.bytes / m.us / r.read_gbps,
                         dense[m.tokens], dense[m.tokens] / m.us, m.error);
        }
        if (!times.empty())
          std::printf("%-12s %-4s%s   %4.0f %%  %s   %.0e\n", f.name, activations, times.c_str(),
                      100 * share, ratios.c_str(), error);
      }
      std::fflush(stdout);
    }
  }
  if (!left_out.empty()) std::printf("\nleft out for want of time:%s\n", left_out.c_str());
  if (json != nullptr) std::fclose(json);
  cublasDestroy(handle);
  return 0;
}

}  // namespace
}  // namespace lowbit_bench

int main(int argc, char** argv) {
  double seconds = 100;
  const char* json = nullptr;
  std::string only;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--json") == 0) json = argv[i + 1];
    if (std::strcmp(argv[i], "--only") == 0) only = argv[i + 1];
  }
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::puts("no CUDA device: nothing is measured");
    return 0;
  }
  try {
    return lowbit_bench::run(seconds, json, only);
  } catch (const lowbit::error& e) {
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
}
