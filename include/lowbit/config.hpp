// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The only macros of the library, and the checks that a compiler can build it.
#pragma once

#define LOWBIT_VERSION_MAJOR 0
#define LOWBIT_VERSION_MINOR 1
#define LOWBIT_VERSION_PATCH 0

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "lowbit needs C++20: add -std=c++20 (nvcc too, its default is C++17)"
#endif
#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__ || __SIZEOF_POINTER__ != 8
#error "lowbit supports little-endian 64-bit machines only"
#endif
#if defined(__FAST_MATH__)
#error "lowbit promises exact bits, which -ffast-math and -Ofast take away: compile without them"
#endif

// A function for host and device code. It never calls a std:: function: nvcc rejects those in
// device code unless the user passes --expt-relaxed-constexpr, which a header must not demand.
#if defined(__CUDACC__)
#define LOWBIT_HD __host__ __device__
#else
#define LOWBIT_HD
#endif

// Before a template for host and device that calls what it is given: for a host, that may be the
// host's alone (a user's plain constexpr encode), and nvcc is not to warn of it.
#if defined(__NVCC__)
#define LOWBIT_TRUST_CALLEES _Pragma("nv_exec_check_disable")
#else
#define LOWBIT_TRUST_CALLEES
#endif

// Loops of device code whose counter picks registers: they must be unrolled, or registers become
// memory.
#if defined(__CUDACC__)
#define LOWBIT_UNROLL _Pragma("unroll")
#else
#define LOWBIT_UNROLL
#endif

#if defined(__cpp_exceptions)
#define LOWBIT_EXCEPTIONS 1
#else
#define LOWBIT_EXCEPTIONS 0
#endif

// Everything lives in an inline namespace that carries the ABI version and every macro that
// changes an inline body, so that differently compiled objects of one program never share one.
#if LOWBIT_EXCEPTIONS
#define LOWBIT_ABI v0
#else
#define LOWBIT_ABI v0_noexcept
#endif
