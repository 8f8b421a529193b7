// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernel text, once per instruction set, and the choice at run time. A target's code is
// compiled under a pragma, in a namespace of its own, so that a program built without -march still
// gets it, and that objects built with other flags never share an inline function with it. The
// order of the text matters.
#pragma once
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

#include <utility>

#include "../../packing/host_layout.hpp"
#include "../../quantizers/minifloat.hpp"
#include "../int8_activations.hpp"
#include "encode_ops.hpp"
#include "ops.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels::scalar {
// clang-format off
#include "scalar.inl"
#include "rows.inl"
#include "encode.inl"
#include "scalar_tiles.inl"
#include "entries.inl"
#include "dot.inl"
// clang-format on
}  // namespace kernels::scalar
}  // namespace lowbit::inline LOWBIT_ABI

#if defined(__x86_64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,f16c")
#endif
namespace lowbit::inline LOWBIT_ABI {
namespace kernels::avx2 {
// clang-format off
#include "avx2.inl"
#include "rows.inl"
#include "encode.inl"
#include "tiles.inl"
#include "entries.inl"
#include "dot.inl"
// clang-format on
}  // namespace kernels::avx2
}  // namespace lowbit::inline LOWBIT_ABI
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(                                                                     \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,fma,f16c"))), \
    apply_to = function)
#else
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // in GCC 12's own intrinsics headers
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx512vbmi,fma,f16c")
#endif
namespace lowbit::inline LOWBIT_ABI {
namespace kernels::avx512 {
// clang-format off
#include "avx512.inl"
#include "rows.inl"
#include "encode.inl"
#include "tiles.inl"
#include "entries.inl"
#include "dot.inl"
// clang-format on
}  // namespace kernels::avx512
}  // namespace lowbit::inline LOWBIT_ABI
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#pragma GCC diagnostic pop
#endif

#elif defined(__aarch64__)

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)
#else
#pragma GCC push_options
#if !defined(__ARM_FEATURE_DOTPROD)  // g++ warns where -march says more than this
#pragma GCC target("arch=armv8.2-a+dotprod")
#endif
#endif
namespace lowbit::inline LOWBIT_ABI {
namespace kernels::neon {
// clang-format off
#include "neon.inl"
#include "rows.inl"
#include "tiles.inl"
#include "entries.inl"
#include "dot.inl"
// clang-format on
}  // namespace kernels::neon
}  // namespace lowbit::inline LOWBIT_ABI
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#endif  // __aarch64__

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

inline bool has_arch(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (a == arch::avx512)
    return has_arch(arch::avx2) && __builtin_cpu_supports("avx512f") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("avx512vbmi");
#elif defined(__ARM_FEATURE_DOTPROD)
  if (a == arch::neon) return true;
#elif defined(__aarch64__) && defined(__linux__)
  if (a == arch::neon) return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
  return a == arch::scalar || a == arch::runtime;
}

/// The target itself; the next best one where the machine lacks it.
inline arch target_of(arch a) {
#if defined(__x86_64__)
  static const bool avx512_here = has_arch(arch::avx512), avx2_here = has_arch(arch::avx2);
  if ((a == arch::runtime || a == arch::avx512) && avx512_here) return arch::avx512;
  if (a != arch::scalar && avx2_here) return arch::avx2;
#elif defined(__aarch64__)
  static const bool neon_here = has_arch(arch::neon);
  if (a != arch::scalar && neon_here) return arch::neon;
#endif
  (void)a;
  return arch::scalar;
}

/// The operations of a target.
template <class Later = void>
const row_ops& ops_of(arch a) {
#if defined(__x86_64__)
  const arch target = target_of(a);
  if (target == arch::avx512) return avx512::ops<Later>;
  if (target == arch::avx2) return avx2::ops<Later>;
#elif defined(__aarch64__)
  if (target_of(a) == arch::neon) return neon::ops<Later>;
#endif
  (void)a;
  return scalar::ops<Later>;
}

// The functions of a target (row_ops::target), see ops.hpp.
template <int Bits>
pack_kernel* pack_tile(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::pack_tile<Bits>;
  if (a == arch::avx2) return avx2::pack_tile<Bits>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::pack_tile<Bits>;
#endif
  (void)a;
  return scalar::pack_tile<Bits>;
}
template <int Bits>
unpack_kernel* unpack_tile(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::unpack_tile<Bits>;
  if (a == arch::avx2) return avx2::unpack_tile<Bits>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::unpack_tile<Bits>;
#endif
  (void)a;
  return scalar::unpack_tile<Bits>;
}
template <int Bits, bool Back>
turn_kernel* turn_fields(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::turn_fields<Bits, Back>;
  if (a == arch::avx2) return avx2::turn_fields<Bits, Back>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::turn_fields<Bits, Back>;
#endif
  (void)a;
  return scalar::turn_fields<Bits, Back>;
}
template <int Bits, packed_levels Kind, scale_kind Scales = scale_kind::floats>
dot_packed_kernel* dot_packed(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::dot_packed<Bits, Kind, Scales>;
  if (a == arch::avx2) return avx2::dot_packed<Bits, Kind, Scales>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::dot_packed<Bits, Kind, Scales>;
#endif
  (void)a;
  return scalar::dot_packed<Bits, Kind, Scales>;
}
template <int Bits, level_kind Kind, bool Shifted>
dot_values_kernel* dot_values(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::dot_values<Bits, Kind, Shifted>;
  if (a == arch::avx2) return avx2::dot_values<Bits, Kind, Shifted>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::dot_values<Bits, Kind, Shifted>;
#endif
  (void)a;
  return scalar::dot_values<Bits, Kind, Shifted>;
}
template <int Bits, level_kind Kind, bool Shifted>
read_values_kernel* read_values(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::read_values<Bits, Kind, Shifted>;
  if (a == arch::avx2) return avx2::read_values<Bits, Kind, Shifted>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::read_values<Bits, Kind, Shifted>;
#endif
  (void)a;
  return scalar::read_values<Bits, Kind, Shifted>;
}
template <int Low, int High, int First, int Bits, int Dim>
read_levels_kernel* read_planes(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::read_planes<Low, High, First, Bits, Dim>;
  if (a == arch::avx2) return avx2::read_planes<Low, High, First, Bits, Dim>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::read_planes<Low, High, First, Bits, Dim>;
#endif
  (void)a;
  return scalar::read_planes<Low, High, First, Bits, Dim>;
}
template <int Low, int High, int First, int Bits, int Quads>
read_levels_kernel* read_entries(arch a) {
#if defined(__x86_64__)
  if (a == arch::avx512) return avx512::read_entries<Low, High, First, Bits, Quads>;
  if (a == arch::avx2) return avx2::read_entries<Low, High, First, Bits, Quads>;
#elif defined(__aarch64__)
  if (a == arch::neon) return neon::read_entries<Low, High, First, Bits, Quads>;
#endif
  (void)a;
  return scalar::read_entries<Low, High, First, Bits, Quads>;
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
