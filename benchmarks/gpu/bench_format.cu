// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One format's products: compiled once for each, with LOWBIT_BENCH_FORMAT its name.
#include <cmath>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/formats/known.hpp>
#include <lowbit/storage/random_matrix.hpp>

#include "bench_gpu.hpp"

#define LOWBIT_JOIN_NOW(a, b) a##b
#define LOWBIT_JOIN(a, b) LOWBIT_JOIN_NOW(a, b)

namespace lowbit_bench {

struct int2_g64 : lb::named_format<lb::format<lb::uniform<2, lb::asymmetric>, lb::per_group<64>>> {
  static constexpr auto name = lb::text("int2_g64");
};

namespace {

using lb::int4_g128;
using lb::int4_g32;
using lb::int8_row;
using lb::mxfp4;
using lb::nf4;
using lb::nvfp4;
using lb::q4_k;
using lb::ternary_g64;
using lb::vq_4x8;

using entry = LOWBIT_BENCH_FORMAT;
using F = entry::format_type;

template <class T>
void copy_to(const lb::gpu::device_memory& to, const std::vector<T>& from) {
  lb::gpu::check(
      cudaMemcpy(to.data(), from.data(), from.size() * sizeof(T), cudaMemcpyHostToDevice),
      "cudaMemcpy");
}

/// The largest error of some rows, relative to the sum of magnitudes.
template <class X>
double error_of(const lb::quantized_matrix<F>& q, const X& x, const std::vector<float>& y,
                index_t tokens) {
  double worst = 0;
  const lb::extent shape = q.shape();
  for (index_t i = 0; i < 3; ++i) {
    const index_t r = i * (shape.rows - 1) / 2, t = i * (tokens - 1) / 2;
    double sum = 0, size = 0;
    for (index_t c = 0; c < shape.cols; ++c) {
      const double p = double(q.view().at(r, c)) * double(x(t, c));
      sum += p;
      size += std::fabs(p);
    }
    const double error = std::fabs(double(y[std::size_t(t * shape.rows + r)]) - sum) / size;
    worst = error > worst || std::isnan(error) ? error : worst;
  }
  return worst;
}

}  // namespace

std::vector<measurement> LOWBIT_JOIN(bench_, LOWBIT_BENCH_FORMAT)(const bench& b,
                                                                  lb::extent shape) {
  using layout = lb::device_layout<F>;
  const lb::thread_pool threads;
  const auto q = lb::random_matrix<F>(shape);
  const lb::device_matrix w(q, b.stream, threads);
  constexpr index_t most = 256;
  const lb::philox random{7};
  std::vector<lb::float16> x(std::size_t(most * shape.cols));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = lb::float16(random.normal(i));
  const lb::matrix_view<const lb::float16> host_x(x.data(), most, shape.cols);
  std::vector<float> values(x.begin(), x.end());
  const auto q8 =
      lb::quantize<lb::a8>(lb::matrix_view<const float>(values.data(), most, shape.cols), threads);
  const lb::gpu::device_memory given(most * shape.cols * 2), results(most * shape.rows * 4);
  copy_to(given, x);
  const lb::gpu::workspace memory(lb::gpu::workspace_bytes(w.view(), most), b.stream);

  std::vector<measurement> all;
  for (const index_t tokens : batches)
    for (const bool int8 : {false, true}) {
      if (b.late()) return all;
      const lb::matrix_view<const lb::float16> in(static_cast<const lb::float16*>(given.data()),
                                                  tokens, shape.cols);
      const lb::matrix_view<float> out(static_cast<float*>(results.data()), tokens, shape.rows);
      measurement m{std::string(std::string_view(entry::name)),
                    std::string(std::string_view(layout::name)),
                    int8 ? "a8" : "f16",
                    shape.rows,
                    shape.cols,
                    tokens,
                    0,
                    0,
                    double(w.bytes()) + double(tokens) * double(2 * shape.cols + 4 * shape.rows),
                    0};
      const auto call = [&] {
        if (int8)
          lb::gemm(b.stream, w.view(), lb::as<lb::a8>(in), out, memory);
        else
          lb::gemm(b.stream, w.view(), in, out, memory);
      };
      m.us = b.median_us(call, m.runs);
      std::vector<float> y(std::size_t(tokens * shape.rows));
      lb::gpu::check(cudaMemcpy(y.data(), results.data(), y.size() * 4, cudaMemcpyDeviceToHost),
                     "cudaMemcpy");
      m.error = int8 ? error_of(q, [&](index_t t, index_t c) { return q8.view().at(t, c); }, y,
                                tokens)
                     : error_of(q, [&](index_t t, index_t c) { return float(host_x(t, c)); }, y,
                                tokens);
      all.push_back(m);
    }
  return all;
}

}  // namespace lowbit_bench
