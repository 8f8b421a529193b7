# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Toolchain: builds for AArch64 with the cross compiler of Debian's g++-aarch64-linux-gnu, and runs
# tests under qemu-user. Header-only dependencies are this machine's own.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CXX_FLAGS_INIT -Wno-psabi)  # notes about GCC before version 10
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)
set(LOWBIT_EMULATED_OLD_CPU cortex-a53)
