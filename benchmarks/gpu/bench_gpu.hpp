// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How products on a GPU are timed: with CUDA events, each run after the second-level cache was
// filled with other data, the median of at least `least_runs`.
#pragma once
#include <chrono>
#include <functional>
#include <lowbit/gpu.hpp>
#include <string>
#include <vector>

namespace lowbit_bench {

namespace lb = lowbit;
using lb::index_t;

/// Reads a buffer of `words` 16-byte words, so that nothing else is in the cache; `sink` keeps the
/// compiler from leaving it out.
void read_all(const void* buffer, index_t words, unsigned* sink, cudaStream_t stream);

/// What all measurements share.
struct bench {
  static constexpr int least_runs = 30;
  static constexpr index_t flush_bytes = index_t(192) << 20;

  cudaStream_t stream = nullptr;
  lb::gpu::device_memory flush{flush_bytes};
  lb::gpu::device_memory sink{64};
  cudaEvent_t before = nullptr, after = nullptr;
  std::chrono::steady_clock::time_point deadline;

  explicit bench(double seconds);
  ~bench();
  bench(const bench&) = delete;
  bench& operator=(const bench&) = delete;

  bool late() const { return std::chrono::steady_clock::now() > deadline; }
  /// The median time of a call, in microseconds. Slow calls are timed fewer times than
  /// `least_runs`, at least three; `runs` says how often.
  double median_us(const std::function<void()>& call, int& runs) const;
};

/// One measured product.
struct measurement {
  std::string format, layout, activations;
  index_t rows, cols, tokens;
  double us;
  int runs;
  double bytes;   // weights, activations and results, each once
  double error;   // of a few rows, relative to sums of magnitudes in double
};

inline constexpr lb::extent shapes[] = {{4096, 4096}, {14336, 4096}, {28672, 8192}};
inline constexpr index_t batches[] = {1, 8, 16, 64, 256};

/// The formats that are measured; each is a file of its own (bench_format.cu). Weak: the address of
/// one that a build leaves out is null.
using format_bench = std::vector<measurement>(const bench&, lb::extent);
[[gnu::weak]] format_bench bench_int4_g128, bench_int4_g32, bench_q4_k, bench_nf4, bench_mxfp4,
    bench_nvfp4, bench_int8_row, bench_int2_g64, bench_ternary_g64, bench_vq_4x8;

}  // namespace lowbit_bench
