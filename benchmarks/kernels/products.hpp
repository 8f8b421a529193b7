// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What products of any library are measured by, so that all are measured alike.
#pragma once
#include <benchmark/benchmark.h>

#include <lowbit/core/matrix_view.hpp>
#include <string>
#include <vector>

namespace lowbit_bench {

namespace lb = lowbit;
using lb::index_t;

/// One way to multiply: rows x cols weights with so many rows of activations.
struct job {
  lb::extent shape;
  index_t tokens;
  int threads;
  bool cached;  // one matrix again and again, else more of them in turn than any cache holds

  /// How many matrices of so many bytes are taken in turn.
  index_t matrices(index_t bytes) const;
  /// <library>/<format>/<activations>/<rows>x<K>/n<batch>/t<threads>, "/cache" behind it if cached.
  std::string name(const std::string& library, const std::string& format,
                   const std::string& activations) const;
  /// Counters of a finished run with matrices of so many packed bytes: GB_per_s, of_roofline (its
  /// share of what read_rate says), GFLOP_per_s, bits_per_weight.
  void report(benchmark::State& state, double bytes) const;
};

/// Every shape, batch and number of threads that is measured.
const std::vector<job>& jobs();

/// GB/s at which so many threads read 1 GiB, measured now or within the last seconds: on a machine
/// that is shared with others it changes from one benchmark to the next.
double read_rate(int threads);

/// Adds a benchmark: wall time, in microseconds.
template <class Run>
void add(const std::string& name, Run run) {
  benchmark::RegisterBenchmark(name.c_str(), run)->UseRealTime()->Unit(benchmark::kMicrosecond);
}

/// Adds the products of the libraries that CMake was told of (peers.cpp).
void add_peers();
/// Adds other forms of a few formats: the canonical layout, a forced instruction set (forms.cpp).
void add_forms();

}  // namespace lowbit_bench
