// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of activations in the forms that kernels read.
#pragma once
#include "../core/arith.hpp"
#include "workspace.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

struct row_ops;

inline constexpr index_t padded(index_t n) { return (n + 63) / 64 * 64; }

/// What rows were before they were quantized, and how: for a matrix that transforms activations
/// first. Null where they never were.
struct real_rows;
template <class Rows>
struct rows_origin {
  const float* values = nullptr;  // at the same stride
  Rows (*quantize)(const row_ops&, const real_rows&, detail::carver&, bool write) = nullptr;
};

/// Rows of activations in the form that a kernel reads. Padded with zeros to whole vectors.
struct real_rows {
  index_t tokens = 0, cols = 0, stride = 0;
  const float* values = nullptr;  // complex values: re, im, re, im ...
  rows_origin<real_rows> origin{};
};
/// A token is the sum of `parts` rows, one after the other, each with scales of its own.
struct int8_rows {
  index_t tokens = 0, cols = 0, stride = 0;
  index_t width = 1, groups = 0;  // columns that share a scale; scales of a row
  const std::int8_t* levels = nullptr;
  const float* scales = nullptr;
  const std::int32_t* sums = nullptr;  // of each four levels
  rows_origin<int8_rows> origin{};
  index_t parts = 1;

  index_t rows() const { return tokens * parts; }
};

/// Memory for the rows of so many tokens, which the caller fills.
struct int8_memory {
  std::int8_t* levels;
  float* scales;
  std::int32_t* sums;

  int8_memory(index_t rows, index_t stride, index_t groups, detail::carver& memory)
      : levels(memory.take<std::int8_t>(rows * stride)),
        scales(memory.take<float>(rows * groups)),
        sums(memory.take<std::int32_t>(rows * stride / 4)) {}
  /// Zeros behind the `cols` levels of a row, and the sums of its quads.
  void finish_row(index_t row, index_t cols, index_t stride) const {
    std::int8_t* const q = levels + row * stride;
    for (index_t c = cols; c < stride; ++c) q[c] = 0;
    for (index_t i = 0; i < stride / 4; ++i)
      sums[row * stride / 4 + i] = q[4 * i] + q[4 * i + 1] + q[4 * i + 2] + q[4 * i + 3];
  }
};

/// What the quantized activations stand for, as real rows.
inline real_rows decode_rows(const int8_rows& x, detail::carver& memory, bool write) {
  real_rows rows{x.tokens, x.cols, x.stride, nullptr};
  float* const out = memory.take<float>(rows.tokens * rows.stride);
  rows.values = out;
  if (!write) return rows;
  for (index_t t = 0; t < x.tokens; ++t)
    for (index_t c = 0; c < x.stride; ++c) {
      double value = 0;  // products are exact
      for (index_t i = t * x.parts; c < x.cols && i < (t + 1) * x.parts; ++i)
        value += double(x.scales[i * x.groups + c / x.width]) * double(x.levels[i * x.stride + c]);
      out[t * x.stride + c] = float(value);
    }
  return rows;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
