// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of encoding on each instruction set. The same bytes as the scalar encoder: finite
// values, under the default floating-point mode. Every one is compiled where it is called, not
// before; `target` is what target_of gives.
//
// Output buffers of positions and codes have room for `n` rounded up to 64; what is written past n
// is unspecified.
#pragma once
#include "targets.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

using survey_kernel = run_survey(const float* x, index_t n);
/// What is known of a run.
template <class Later = void>
survey_kernel* survey(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::survey<Later>;
  if (target == arch::avx2) return avx2::survey<Later>;
#endif
  (void)target;
  return scalar::survey<Later>;
}
using extremes_kernel = void(const float* x, index_t n, float* low, float* high);
/// The least and the largest of n >= 1 values; of equal zeros either.
template <class Later = void>
extremes_kernel* find_extremes(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::find_extremes<Later>;
  if (target == arch::avx2) return avx2::find_extremes<Later>;
#endif
  (void)target;
  return scalar::find_extremes<Later>;
}
using positions_kernel = void(const float* x, index_t n, index_t width, index_t used,
                              const float* s, const float* z, bool moderate, float* u);
/// Values -> positions between levels, as `normalize` has it. Groups of `width` columns, the first
/// lacking its first `used`; without zeros z is null; sixteen parameters past the last may be read.
/// `moderate`: as run_survey has it.
template <zero_kind Kind>
positions_kernel* find_positions(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::find_positions<Kind>;
  if (target == arch::avx2) return avx2::find_positions<Kind>;
#endif
  (void)target;
  return scalar::find_positions<Kind>;
}
using halves_kernel = void(const std::uint8_t* codes, index_t readable, index_t n, float* values);
/// f16 -> values; `readable` bytes.
template <class Later = void>
halves_kernel* read_halves(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::levels_f16;
  if (target == arch::avx2) return avx2::levels_f16;
#endif
  (void)target;
  return scalar::levels_f16;
}

template <class Rule>
using code_kernel = void(const float* u, index_t n, const Rule&, std::uint8_t* codes);
template <class Rule>
using error_kernel = double(const float* x, const float* w, index_t n, bool moderate, float scale,
                            float zero, const Rule&);
template <class Rule>
using level_kernel = void(const float* x, index_t n, bool moderate, float scale, float zero,
                          const Rule&, float* levels);
using product_kernel = double(const float* a, float a0, const float* b, float b0, const float* w,
                              index_t n);

/// (u, n, rule, codes): positions -> codes, one per byte; two bytes each of field_rule alone.
template <class Rule, int Bytes = 1>
code_kernel<Rule>* find_codes(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::find_codes<Bytes>;
  if (target == arch::avx2) return avx2::find_codes<Bytes>;
#endif
  (void)target;
  return scalar::find_codes<Bytes>;
}
using stream_kernel = void(const std::uint8_t* codes, index_t n, int bits, std::uint8_t* stream);
/// Codes of 1..8 bits, one per byte -> a bit stream. What follows code n,
/// up to a multiple of 64, is zero; the stream has room for it.
template <class Later = void>
stream_kernel* pack_codes(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::pack_codes<Later>;
  if (target == arch::avx2) return avx2::pack_codes<Later>;
#endif
  (void)target;
  return scalar::pack_codes<Later>;
}
/// (x, w, n, moderate, scale, zero, rule): the squared error of a group, weighted (w may be null:
/// 1). The sum of (w d) d with d = x - y, w d rounded once, as ordered_sum adds it up.
template <zero_kind Kind, class Rule>
error_kernel<Rule>* sum_errors(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::sum_errors<Kind>;
  if (target == arch::avx2) return avx2::sum_errors<Kind>;
#endif
  (void)target;
  return scalar::sum_errors<Kind>;
}
/// The levels that the values of a group get; less the zero, where that is an integer.
template <zero_kind Kind, class Rule>
level_kernel<Rule>* find_levels(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::find_levels<Kind>;
  if (target == arch::avx2) return avx2::find_levels<Kind>;
#endif
  (void)target;
  return scalar::find_levels<Kind>;
}
/// The sum of (w (a - a0)) (b - b0), all but the last product rounded, as ordered_sum adds it up;
/// b and w may be null: 1.
template <class Later = void>
product_kernel* sum_products(arch target) {
#if defined(__x86_64__)
  if (target == arch::avx512) return avx512::sum_products<Later>;
  if (target == arch::avx2) return avx2::sum_products<Later>;
#endif
  (void)target;
  return scalar::sum_products<Later>;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
