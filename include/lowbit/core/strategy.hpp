// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

// Decode strategies: all that a fast kernel knows about a code set. A quantizer names one as
// `using strategy = ...`; without a name it is deduced (a table up to 8 bits, else any_codes).

/// level = Q::slope * code + Q::intercept, exact in binary32.
struct affine_codes {};
/// The code's bits are float fields: exponent_bits, mantissa_bits, bias, is_signed.
struct field_codes {};
/// Powers of 2 or of sqrt 2: a shift, times one of two constants. With m the code without its sign
/// (the topmost bit, where Q::is_signed), the level is 0 for m = Q::zero_magnitude (-1: never),
/// else
///   +-2^-ceil(k / Q::steps) * (k % Q::steps != 0 ? Q::odd_factor : 1),  k = m -
///   Q::first_magnitude.
struct field_constant_codes {};
/// At most 256 levels, tabulated at compile time or asked once from the matrix's state.
struct table_codes {};
/// Unit vectors of the complex plane: a kernel adds, subtracts and swaps, and never multiplies. Of
/// two scales the first is the real axis's, the second the imaginary one's.
struct axis_codes {};
/// An index into a table of vectors.
struct vector_codes {};
/// Nothing is known: every kernel asks decode, code by code.
struct any_codes {};

}  // namespace lowbit::inline LOWBIT_ABI
