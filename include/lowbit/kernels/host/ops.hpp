// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Instruction sets of the host kernels. `runtime` is the best that the machine has.
enum class arch { runtime, scalar, avx2, avx512, neon };

namespace kernels {

/// All that the host kernels need from an instruction set: operations on pieces of a row, a few
/// hundred weights each, so that a call through a pointer costs nothing beside its work. They know
/// bits and tables, never formats; the text is written once (rows.inl, dot.inl) against the
/// primitives of each target (scalar.inl, avx2.inl, avx512.inl, neon.inl).
///
/// `readable` is the number of bytes that may be read from `codes` on. Output buffers have room for
/// `n` rounded up to 64; what is written past n is unspecified.
struct row_ops {
  arch target;

  // Codes of 1..8 bits, from a byte boundary on -> levels.
  void (*levels_affine)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                        float slope, float intercept, float* out);
  void (*levels_table)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                       const float* table, float* out);
  /// Float fields of at most 8 bits, NaN codes excluded.
  void (*levels_field)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                       int exponent_bits, int mantissa_bits, int bias, bool is_signed, float* out);
  void (*levels_f16)(const std::uint8_t* codes, index_t n, float* out);
  void (*levels_bf16)(const std::uint8_t* codes, index_t n, float* out);

  // Parameters of groups of `width` columns; the first group lacks its first `used` columns.
  void (*scale)(float* v, index_t n, index_t width, index_t used, const float* s);
  void (*scale_minus_zero)(float* v, index_t n, index_t width, index_t used, const float* s,
                           const float* z);  // s * (v - z)
  void (*scale_plus)(float* v, index_t n, index_t width, index_t used, const float* s,
                     const float* m);  // fma(s, v, m)

  /// y[t * y_stride + r] (+)= sum over k < n of w[r][k] x[t][k]; n a multiple of 16. Sixteen (or
  /// eight) partial sums per element, so that the error is within design section 4's bound.
  void (*dot_f32)(const float* w, index_t w_stride, index_t rows, const float* x, index_t x_stride,
                  index_t tokens, index_t n, float* y, index_t y_stride, bool accumulate);

  // The integer path. Levels are int8; n is a multiple of 64.
  /// Codes of 1..8 bits -> int8 through a table of 256.
  void (*bytes_table)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                      const std::int8_t* table, std::int8_t* out);
  /// out = code + add.
  void (*bytes_affine)(const std::uint8_t* codes, index_t readable, int bits, index_t n, int add,
                       std::int8_t* out);
  /// A parameter per group -> one per four columns.
  void (*spread)(const float* s, index_t n, index_t width, index_t used, float* out);

  /// Activations: max|x|, and rounding of x / s to -127..127 (ties to even; s = 0 gives 0).
  float (*absmax)(const float* x, index_t n);
  void (*quantize)(const float* x, index_t n, float s, std::int8_t* out);

  /// Weights and activations of the integer product. One scale per four columns on either side.
  struct int8_operand {
    const std::int8_t* levels;   // [rows][stride], -127..127 for activations
    const float* scales;         // [rows][stride / 4]
    const float* zeros;          // weights: [rows][stride / 4], or null; activations: null
    const float* minima;         // weights: [rows][stride / 4], or null; activations: null
    const float* sums;           // activations: the sum of each four levels
    const std::int32_t* offset;  // activations: -128 times that sum
    index_t stride;
  };
  /// y (+)= sum over quads of w.scale x.scale (w.x - w.zero x.sum) + w.minimum x.scale x.sum, where
  /// w.x is the exact sum of four products and w.zero an integer, so that the bracket is exact too.
  void (*dot_int8)(const int8_operand& w, index_t rows, const int8_operand& x, index_t tokens,
                   index_t n, float* y, index_t y_stride, bool accumulate);
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
