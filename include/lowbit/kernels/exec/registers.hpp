// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What device code does to 32-bit registers, each one instruction there and plain C++ elsewhere, so
// that a codec is proven at compile time and tested on any machine. For kernels of one's own too.
#pragma once
#include "../../core/arith.hpp"
#include "../../core/arr.hpp"
#include "../../core/bfloat16.hpp"
#include "../../core/float16.hpp"

namespace lowbit::inline LOWBIT_ABI {

using word = std::uint32_t;
/// 16 bytes: what a lane loads at once.
struct alignas(16) words4 : arr<word, 4> {};

// nvcc compiles every body for host and device, and evaluates constants in both: those take the
// plain form everywhere.

/// (a & mask) | c.
LOWBIT_HD constexpr word and_or(word a, word mask, word c) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    word d;
    asm("lop3.b32 %0, %1, %2, %3, 0xEA;" : "=r"(d) : "r"(a), "r"(mask), "r"(c));
    return d;
  }
#endif
  return (a & mask) | c;
}

/// Bits of a where the mask has ones, of b elsewhere.
LOWBIT_HD constexpr word select_bits(word mask, word a, word b) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    word d;
    asm("lop3.b32 %0, %1, %2, %3, 0xCA;" : "=r"(d) : "r"(mask), "r"(a), "r"(b));
    return d;
  }
#endif
  return (a & mask) | (b & ~mask);
}

/// Four of the eight bytes of b:a (a is the lower half), byte i chosen by the lower three bits of
/// nibble i of `pick`; with bit 3 of a nibble set the sign bit of that byte fills it.
LOWBIT_HD constexpr word permute_bytes(word a, word b, word pick) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    word d;
    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(pick));
    return d;
  }
#endif
  const std::uint64_t both = std::uint64_t(b) << 32 | a;
  word d = 0;
  for (int i = 0; i < 4; ++i) {
    const word nibble = pick >> (4 * i) & 15;
    const word byte = word(both >> (8 * (nibble & 7))) & 255;
    d |= ((nibble & 8) == 0 ? byte : (byte >> 7) * 255) << (8 * i);
  }
  return d;
}

/// The 32 bits from bit `shift` (0..31) of high:low on.
LOWBIT_HD constexpr word funnel_right(word low, word high, int shift) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return __funnelshift_r(low, high, unsigned(shift));
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
/// A binary32 that float16 rounds as it would a * b + c itself: the sum of the exact product is
/// rounded to odd, to binary64 and from there to binary32.
LOWBIT_HD constexpr float half_fma(float a, float b, float c) {
  const double sum = add_to_odd(double(a) * double(b), double(c));
  const float near = float(sum);
  if (!(double(near) < sum || double(near) > sum)) return near;  // exact, infinite or NaN
  const word bits = bits_as<word>(near);
  if ((bits & 1) != 0) return near;
  return bits_as<float>((double(near) < sum) == (sum > 0) ? bits + 1 : bits - 1);
}
}  // namespace detail

/// Arithmetic on two binary16 in a register, each half rounded once, to nearest even; subnormals
/// count. A NaN is some NaN: its bits differ between host and device.
LOWBIT_HD constexpr word fma2(word a, word b, word c) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
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
  if (!__builtin_is_constant_evaluated()) {
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
  if (!__builtin_is_constant_evaluated()) {
    word d;
    asm("mul.rn.f16x2 %0, %1, %2;" : "=r"(d) : "r"(a), "r"(b));
    return d;
  }
#endif
  return detail::two_halves(detail::half_at(a, 0) * detail::half_at(b, 0),
                            detail::half_at(a, 1) * detail::half_at(b, 1));
}

/// One half of a register as binary32, exact; and two binary32 rounded to halves, to nearest even,
/// to infinity beyond 65504.
LOWBIT_HD constexpr float half_low(word two) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    float d;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, l;}" : "=f"(d) : "r"(two));
    return d;
  }
#endif
  return detail::half_at(two, 0);
}
LOWBIT_HD constexpr float half_high(word two) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    float d;
    asm("{.reg .b16 l, h; mov.b32 {l, h}, %1; cvt.f32.f16 %0, h;}" : "=f"(d) : "r"(two));
    return d;
  }
#endif
  return detail::half_at(two, 1);
}
LOWBIT_HD constexpr word halves(float low, float high) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    word d;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    return d;
  }
#endif
  return detail::two_halves(low, high);
}

/// Two binary32 rounded to bfloat16, to nearest even, to infinity beyond its largest.
LOWBIT_HD constexpr word bfloats(float low, float high) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    word d;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(d) : "f"(high), "f"(low));
    return d;
  }
#endif
  return word(bfloat16(low).bits) | word(bfloat16(high).bits) << 16;
}

/// c + sum of the products of four unsigned bytes of a with four signed ones of b.
LOWBIT_HD constexpr std::int32_t dot4_u8s8(word a, word b, std::int32_t c) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) {
    std::int32_t d;
    asm("dp4a.u32.s32 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
  }
#endif
  for (int i = 0; i < 4; ++i) c += std::int32_t(a >> (8 * i) & 255) * std::int8_t(b >> (8 * i));
  return c;
}

/// x, as something that a lane keeps in a register of its own: a constant, or a number that is the
/// same in all lanes, would be moved there again and again.
LOWBIT_HD constexpr word in_register(word x) {
#if defined(__CUDA_ARCH__)
  if (!__builtin_is_constant_evaluated()) return x + word(threadIdx.x >= blockDim.x);  // + 0
#endif
  return x;
}

/// 16 bytes of global memory that nobody writes while the kernel runs and that it reads only once:
/// they leave the cache near the lanes to others. The address is a multiple of 16.
LOWBIT_HD inline words4 load_once(const void* p) {
  words4 w;
#if defined(__CUDA_ARCH__)
  asm volatile("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
               : "=r"(w.items[0]), "=r"(w.items[1]), "=r"(w.items[2]), "=r"(w.items[3])
               : "l"(p));
#else
  __builtin_memcpy(&w, __builtin_assume_aligned(p, 16), sizeof(w));
#endif
  return w;
}

/// 16 bytes to memory; the address is a multiple of 16.
LOWBIT_HD inline void store16(void* p, const words4& w) {
#if defined(__CUDA_ARCH__)
  *static_cast<uint4*>(p) = make_uint4(w.items[0], w.items[1], w.items[2], w.items[3]);
#else
  __builtin_memcpy(__builtin_assume_aligned(p, 16), &w, sizeof(w));
#endif
}

/// A number of global memory that no kernel writes meanwhile, at a multiple of its size.
template <class T>
LOWBIT_HD inline T load_cached(const void* p) {
#if defined(__CUDA_ARCH__)
  return __ldg(static_cast<const T*>(p));
#else
  T value;
  __builtin_memcpy(&value, p, sizeof(T));
  return value;
#endif
}
/// The same of memory that is read on and on: what follows, 256 bytes in all, comes nearer too.
template <class T>
LOWBIT_HD inline T load_ahead(const void* p) {
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(T) == 8) {
    std::uint64_t v;
    asm("ld.global.nc.L2::256B.b64 %0, [%1];" : "=l"(v) : "l"(__cvta_generic_to_global(p)));
    return bits_as<T>(v);
  } else if constexpr (sizeof(T) == 4) {
    word v;
    asm("ld.global.nc.L2::256B.b32 %0, [%1];" : "=r"(v) : "l"(__cvta_generic_to_global(p)));
    return bits_as<T>(v);
  } else if constexpr (sizeof(T) == 2) {
    std::uint16_t v;
    asm("ld.global.nc.L2::256B.b16 %0, [%1];" : "=h"(v) : "l"(__cvta_generic_to_global(p)));
    return bits_as<T>(v);
  } else {
    return load_cached<T>(p);
  }
#else
  return load_cached<T>(p);
#endif
}
/// Asks for what will be loaded later to come nearer.
LOWBIT_HD inline void prefetch(const void* p) {
#if defined(__CUDA_ARCH__)
  asm volatile("prefetch.global.L2 [%0];" : : "l"(__cvta_generic_to_global(p)));
#else
  (void)p;
#endif
}
LOWBIT_HD inline words4 load_cached4(const void* p) {
#if defined(__CUDA_ARCH__)
  const uint4 v = __ldg(static_cast<const uint4*>(p));
  return {{{v.x, v.y, v.z, v.w}}};
#else
  return load_cached<words4>(p);
#endif
}
/// The same of memory that another kernel may have written since this one began, before it waited
/// for it.
LOWBIT_HD inline words4 load4(const void* p) {
#if defined(__CUDA_ARCH__)
  const uint4 v = *static_cast<const uint4*>(p);
  return {{{v.x, v.y, v.z, v.w}}};
#else
  return load_cached<words4>(p);
#endif
}

}  // namespace lowbit::inline LOWBIT_ABI
