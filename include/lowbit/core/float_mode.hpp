// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// While it lives, this thread rounds to nearest and keeps subnormals, whatever the caller had set;
/// then the caller's state is back. Encoders run under it, so that bytes never depend on modes.
class float_mode_guard {
 public:
  float_mode_guard() : saved_(read()) { write(default_mode); }
  ~float_mode_guard() { write(saved_); }
  float_mode_guard(const float_mode_guard&) = delete;
  float_mode_guard& operator=(const float_mode_guard&) = delete;

 private:
#if defined(__x86_64__)
  using mode = std::uint32_t;
  static constexpr mode default_mode = 0x1f80;  // MXCSR: all exceptions masked, nearest, no FTZ/DAZ
  static mode read() { return __builtin_ia32_stmxcsr(); }
  static void write(mode m) { __builtin_ia32_ldmxcsr(m); }
#elif defined(__aarch64__)
  using mode = std::uint64_t;
  static constexpr mode default_mode = 0;  // FPCR: nearest, no FZ
  static mode read() {
    mode m;
    asm volatile("mrs %0, fpcr" : "=r"(m));
    return m;
  }
  static void write(mode m) { asm volatile("msr fpcr, %0" ::"r"(m)); }
#else
  using mode = int;
  static constexpr mode default_mode = 0;
  static mode read() { return 0; }
  static void write(mode) {}
#endif
  mode saved_;
};

}  // namespace lowbit::inline LOWBIT_ABI
