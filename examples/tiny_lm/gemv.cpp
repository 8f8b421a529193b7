// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gemv.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <lowbit/core/random.hpp>

namespace tiny_lm {
namespace {

constexpr lb::extent layer{14336, 4096};

/// The least of several times of a call, in microseconds.
template <class F>
double best_time(F call) {
  double best = std::numeric_limits<double>::infinity();
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

std::vector<float> random_row() {
  const lb::philox random{1};
  std::vector<float> row;
  for (index_t i = 0; i < layer.cols; ++i)
    row.push_back(random.uniform(static_cast<std::uint64_t>(i)) - 0.5f);
  return row;
}

dense_matrix layer_of(const std::vector<float>& row) {
  std::vector<float> all;
  all.reserve(static_cast<std::size_t>(layer.rows * layer.cols));
  for (index_t r = 0; r < layer.rows; ++r) all.insert(all.end(), row.begin(), row.end());
  return dense_matrix(lb::matrix_view<const float>(all.data(), layer.rows, layer.cols));
}

}  // namespace

gemv_timer::gemv_timer() : x_(random_row()), f32_(layer_of(x_)) {}

gemv_times gemv_timer::time(const weight_format& format, activations input) const {
  std::vector<float> y(static_cast<std::size_t>(layer.rows));
  const lb::matrix_view<const float> x(x_.data(), 1, layer.cols);
  const lb::matrix_view<float> to(y.data(), 1, layer.rows);
  const lb::thread_pool alone{1};
  gemv_times times;
  times.f32_us = best_time([&] { f32_.multiply(x, to, alone); });
  times.format_us = times.f32_us;
  if (format.is_f32()) return times;

  const lb::any_matrix packed = format.random(layer);
  lb::workspace work;
  lb::prepared<> real;
  lb::prepared<lb::a8> int8;
  // The activations are prepared in each run: that is part of a product of batch 1.
  times.format_us = best_time([&] {
    if (input == activations::a8) {
      int8.assign(x);
      lb::gemm(packed, int8, to, alone, work);
    } else {
      real.assign(x);
      lb::gemm(packed, real, to, alone, work);
    }
  });
  return times;
}

}  // namespace tiny_lm
