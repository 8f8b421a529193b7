// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What device code does to 32-bit registers, each one instruction there and plain C++ elsewhere, so
// that a codec is proven at compile time and tested on any machine. For kernels of one's own too.
#pragma once
#include "../../core/arith.hpp"
#include "../../core/arr.hpp"
#include "../../core/float16.hpp"

namespace lowbit::inline LOWBIT_ABI {

using word = std::uint32_t;
/// 16 bytes: what a lane loads at once.
struct alignas(16) words4 : arr<word, 4> {};

// nvcc compiles every body for host and device. The test for constant evaluation comes first: a
// constant must not differ between the two.
#if defined(__CUDA_ARCH__)
#define LOWBIT_IN_DEVICE !__builtin_is_constant_evaluated()
#else
#define LOWBIT_IN_DEVICE false
#endif

/// (a & mask) | c.
LOWBIT_HD constexpr word and_or(word a, word mask, word c) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    word d;
    asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(d) : "r"(a), "r"(mask), "r"(c));
    return d;
  }
#endif
  return (a & mask) | c;
}

/// Four of the eight bytes of b:a (a is the lower half), byte i chosen by nibble i of `pick`; with
/// bit 3 of a nibble set its sign bit is spread over the byte.
LOWBIT_HD constexpr word permute_bytes(word a, word b, word pick) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) return __byte_perm(a, b, pick);  // ignores bit 3, as callers must
#endif
  const std::uint64_t both = std::uint64_t(b) << 32 | a;
  word d = 0;
  for (int i = 0; i < 4; ++i) d |= word((both >> (8 * (pick >> (4 * i) & 7))) & 255) << (8 * i);
  return d;
}

/// The 32 bits from bit `shift` (0..31) of high:low on.
LOWBIT_HD constexpr word funnel_right(word low, word high, int shift) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) return __funnelshift_r(low, high, unsigned(shift));
#endif
  return word((std::uint64_t(high) << 32 | low) >> (shift & 31));
}

namespace detail {
LOWBIT_HD constexpr float half_at(word two, int i) {
  return float16::from_bits(std::uint16_t(two >> (16 * i)));
}
LOWBIT_HD constexpr word two_halves(float low, float high) {
  return word(float16(low).bits) | word(float16(high).bits) << 16;
}
/// a * b + c of halves, rounded once: the binary32 result is rounded to odd first.
LOWBIT_HD constexpr float half_fma(float a, float b, float c) {
  const double sum = double(a) * double(b) + double(c);  // at most 80 bits apart: see below
  const float near = float(sum);
  if (double(near) == sum) return near;
  const word bits = bits_as<word>(near);
  const bool away = (double(near) > sum) == (sum > 0);
  return (bits & 1) != 0 ? near : bits_as<float>(away ? bits - 1 : bits + 1);
}
}  // namespace detail

/// Arithmetic on two binary16 in a register, each half rounded to nearest even. (The soft form of
/// fma2 rounds the sum in binary64 first, which differs from the instruction only where a product
/// and an addend are more than 2^53 apart; codecs have no such operands.)
LOWBIT_HD constexpr word fma2(word a, word b, word c) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    word d;
    asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
  }
#endif
  const auto one = [&](int i) {
    return detail::half_fma(detail::half_at(a, i), detail::half_at(b, i), detail::half_at(c, i));
  };
  return detail::two_halves(one(0), one(1));
}
LOWBIT_HD constexpr word add2(word a, word b) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    word d;
    asm("add.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
    return d;
  }
#endif
  return detail::two_halves(detail::half_at(a, 0) + detail::half_at(b, 0),
                            detail::half_at(a, 1) + detail::half_at(b, 1));
}
LOWBIT_HD constexpr word mul2(word a, word b) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    word d;
    asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
    return d;
  }
#endif
  return detail::two_halves(detail::half_at(a, 0) * detail::half_at(b, 0),
                            detail::half_at(a, 1) * detail::half_at(b, 1));
}

/// One half of a register as binary32, exact; and two binary32 rounded to halves.
LOWBIT_HD constexpr float half_low(word two) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    float d;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, l;}" : "=f"(d) : "r"(two));
    return d;
  }
#endif
  return detail::half_at(two, 0);
}
LOWBIT_HD constexpr float half_high(word two) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    float d;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, h;}" : "=f"(d) : "r"(two));
    return d;
  }
#endif
  return detail::half_at(two, 1);
}
LOWBIT_HD constexpr word halves(float low, float high) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    word d;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    return d;
  }
#endif
  return detail::two_halves(low, high);
}

/// c + sum of the products of four unsigned bytes of a with four signed ones of b.
LOWBIT_HD constexpr std::int32_t dot4_u8s8(word a, word b, std::int32_t c) {
#if defined(__CUDA_ARCH__)
  if (LOWBIT_IN_DEVICE) {
    std::int32_t d;
    asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
  }
#endif
  for (int i = 0; i < 4; ++i) c += std::int32_t(a >> (8 * i) & 255) * std::int8_t(b >> (8 * i));
  return c;
}

/// 16 bytes of global memory that are read once, or again and again. The address is a multiple of
/// 16.
LOWBIT_HD inline words4 load_once(const void* p) {
  words4 w;
#if defined(__CUDA_ARCH__)
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(w.items[0]), "=r"(w.items[1]), "=r"(w.items[2]), "=r"(w.items[3])
               : "l"(p));
#else
  __builtin_memcpy(&w, p, sizeof(w));
#endif
  return w;
}

#undef LOWBIT_IN_DEVICE

}  // namespace lowbit::inline LOWBIT_ABI
