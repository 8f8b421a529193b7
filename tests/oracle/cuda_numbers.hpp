// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The conversions of CUDA's host headers (cuda_fp16.h, cuda_bf16.h, cuda_fp8.h, cuda_fp6.h,
// cuda_fp4.h) under the names that tests/oracle/minifloat_results.inc uses for them.
#pragma once
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp4.h>
#include <cuda_fp6.h>
#include <cuda_fp8.h>

#include <cstdint>

namespace oracle {

struct encoder {
  const char* key;  // format, rounding, overflow policy, NaN policy: lowbit's names for them
  std::uint32_t (*encode)(float);
};

template <auto Convert>
std::uint32_t half_bits(float x) {
  return __half_raw(Convert(x)).x;
}
template <auto Convert>
std::uint32_t bfloat16_bits(float x) {
  return __nv_bfloat16_raw(Convert(x)).x;
}
template <__nv_fp8_interpretation_t Kind, __nv_saturation_t Saturate>
std::uint32_t fp8_bits(float x) {
  return __nv_cvt_float_to_fp8(x, Saturate, Kind);
}
template <__nv_fp6_interpretation_t Kind, cudaRoundMode Round>
std::uint32_t fp6_bits(float x) {
  return __nv_cvt_float_to_fp6(x, Kind, Round);
}
template <cudaRoundMode Round>
std::uint32_t fp4_bits(float x) {
  return __nv_cvt_float_to_fp4(x, __NV_E2M1, Round);
}
/// CUDA takes the exponent of |x|; lowbit has 0 for what is negative, the nearest value that there
/// is. This is the one answer of CUDA that is not taken over.
template <cudaRoundMode Round, __nv_saturation_t Saturate>
std::uint32_t e8m0_bits(float x) {
  return x < 0 ? 0 : __nv_cvt_float_to_e8m0(x, Saturate, Round);
}

inline constexpr encoder cuda_encoders[] = {
    {"f16 nearest_even infinity_or_nan all_ones", half_bits<__float2half_rn>},
    {"f16 toward_zero infinity_or_nan all_ones", half_bits<__float2half_rz>},
    {"f16 up infinity_or_nan all_ones", half_bits<__float2half_ru>},
    {"f16 down infinity_or_nan all_ones", half_bits<__float2half_rd>},
    {"bf16 nearest_even infinity_or_nan all_ones", bfloat16_bits<__float2bfloat16_rn>},
    {"bf16 toward_zero infinity_or_nan all_ones", bfloat16_bits<__float2bfloat16_rz>},
    {"bf16 up infinity_or_nan all_ones", bfloat16_bits<__float2bfloat16_ru>},
    {"bf16 down infinity_or_nan all_ones", bfloat16_bits<__float2bfloat16_rd>},
    {"e4m3fn nearest_even saturate all_ones", fp8_bits<__NV_E4M3, __NV_SATFINITE>},
    {"e4m3fn nearest_even infinity_or_nan all_ones", fp8_bits<__NV_E4M3, __NV_NOSAT>},
    {"e5m2ieee nearest_even saturate all_ones", fp8_bits<__NV_E5M2, __NV_SATFINITE>},
    {"e5m2ieee nearest_even infinity_or_nan all_ones", fp8_bits<__NV_E5M2, __NV_NOSAT>},
    {"e2m3 nearest_even saturate all_ones", fp6_bits<__NV_E2M3, cudaRoundNearest>},
    {"e2m3 toward_zero saturate all_ones", fp6_bits<__NV_E2M3, cudaRoundZero>},
    {"e3m2 nearest_even saturate all_ones", fp6_bits<__NV_E3M2, cudaRoundNearest>},
    {"e3m2 toward_zero saturate all_ones", fp6_bits<__NV_E3M2, cudaRoundZero>},
    {"e2m1 nearest_even saturate all_ones", fp4_bits<cudaRoundNearest>},
    {"e2m1 toward_zero saturate all_ones", fp4_bits<cudaRoundZero>},
    {"e8m0 down saturate quiet", e8m0_bits<cudaRoundZero, __NV_SATFINITE>},
    {"e8m0 down infinity_or_nan quiet", e8m0_bits<cudaRoundZero, __NV_NOSAT>},
    {"e8m0 up saturate quiet", e8m0_bits<cudaRoundPosInf, __NV_SATFINITE>},
    {"e8m0 up infinity_or_nan quiet", e8m0_bits<cudaRoundPosInf, __NV_NOSAT>},
};

struct decoder {
  const char* format;
  int bits;
  float (*decode)(std::uint32_t);
};

inline float half_value(std::uint32_t bits) {
  __half_raw raw;
  raw.x = static_cast<unsigned short>(bits);
  return __half2float(__half(raw));
}
inline float bfloat16_value(std::uint32_t bits) {
  __nv_bfloat16_raw raw;
  raw.x = static_cast<unsigned short>(bits);
  return __bfloat162float(__nv_bfloat16(raw));
}
template <__nv_fp8_interpretation_t Kind>
float fp8_value(std::uint32_t bits) {
  return half_value(__nv_cvt_fp8_to_halfraw(static_cast<unsigned char>(bits), Kind).x);
}
template <__nv_fp6_interpretation_t Kind>
float fp6_value(std::uint32_t bits) {
  return half_value(__nv_cvt_fp6_to_halfraw(static_cast<unsigned char>(bits), Kind).x);
}
inline float fp4_value(std::uint32_t bits) {
  return half_value(__nv_cvt_fp4_to_halfraw(static_cast<unsigned char>(bits), __NV_E2M1).x);
}
inline float e8m0_value(std::uint32_t bits) {
  return bfloat16_value(__nv_cvt_e8m0_to_bf16raw(static_cast<unsigned char>(bits)).x);
}

inline constexpr decoder cuda_decoders[] = {
    {"f16", 16, half_value},
    {"bf16", 16, bfloat16_value},
    {"e4m3fn", 8, fp8_value<__NV_E4M3>},
    {"e5m2ieee", 8, fp8_value<__NV_E5M2>},
    {"e2m3", 6, fp6_value<__NV_E2M3>},
    {"e3m2", 6, fp6_value<__NV_E3M2>},
    {"e2m1", 4, fp4_value},
    {"e8m0", 8, e8m0_value},
};

}  // namespace oracle
