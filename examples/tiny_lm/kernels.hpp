// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/span.hpp>

namespace tiny_lm {

using lowbit::index_t;

/// Rows that kernels read as whole vectors are padded to a multiple of this many floats.
inline constexpr index_t row_padding = 32;
constexpr index_t padded(index_t n) { return lowbit::ceil_div(n, row_padding) * row_padding; }

/// Everything in the forward pass that is not a quantized product, in float32, for one thread.
/// Compiled once per instruction set (kernels.inl) and chosen when the program starts. No result
/// depends on how many rows one call gets: a token read alone gives the same bits as in a window.
struct kernels {
  const char* name;

  /// C = A B: A is rows x depth, B is depth x cols, C is rows x cols; row strides lda, ldb, ldc.
  /// Every row of B must be readable up to the next multiple of row_padding columns. Each element
  /// is summed in order of depth.
  void (*multiply)(index_t rows, index_t cols, index_t depth, const float* a, index_t lda,
                   const float* b, index_t ldb, float* c, index_t ldc);

  /// x_i = exp(scale (x_i - max x)) / sum over the first `valid` elements, valid >= 1, scale > 0;
  /// zeros from there to `end`. x must be writable up to padded(end).
  void (*softmax)(float* x, index_t valid, index_t end, float scale);

  /// y = x / sqrt(mean(x^2) + eps) * weight
  void (*rms_norm)(const float* x, const float* weight, float eps, index_t n, float* y);

  /// gate = silu(gate) * up, where silu(x) = x / (1 + exp(-x))
  void (*silu_product)(float* gate, const float* up, index_t n);

  /// Rotary embedding of one head of 2 * half values:
  /// (x_i, x_{i+half}) -> (x_i cos_i - x_{i+half} sin_i, x_{i+half} cos_i + x_i sin_i)
  void (*rotate)(float* x, const float* cosines, const float* sines, index_t half);

  /// x += y
  void (*add)(float* x, const float* y, index_t n);

  /// sum exp(x_i - shift), in double
  double (*sum_of_exp)(const float* x, float shift, index_t n);

  /// y_i = exp(x_i), relative error below 2e-7 for -87 <= x <= 88; 0 below, exp(88) above. What
  /// softmax and silu use; here so that a test can measure the error.
  void (*exp)(const float* x, index_t n, float* y);
};

/// The fastest kernels that this processor runs.
const kernels& host_kernels();

/// All kernels that this processor runs, the fastest first, for tests.
lowbit::span<const kernels* const> all_host_kernels();

}  // namespace tiny_lm
