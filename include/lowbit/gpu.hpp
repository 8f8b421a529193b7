// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products on CUDA devices, for sources compiled with nvcc. Link CUDA's runtime (CMake: the target
// lowbit::gpu).
//
//   lb::device_matrix w(q.view());                    // a quantized matrix on the device
//   lb::gpu::workspace memory(lb::gpu::workspace_bytes(w.view(), tokens));
//   lb::gemm(stream, w.view(), x, y, memory);         // x, y: matrix_views of device memory
//   lb::gemm(stream, w.view(), lb::as<lb::a8>(x), y, memory);
//   lb::dequantize(stream, w.view(), values);
//
//   lb::device_matrix<mx, lb::canonical> q(shape);    // activations on line
//   lb::quantize(stream, x, q);
//   lb::gpu::apply(stream, lb::hadamard{.block = 128}, x, rotated);
//
// In kernels of one's own: w.view() by value, the warp programs of kernels/exec, and warp_tile for
// tensor cores.
#pragma once

#include "gpu/check.hpp"
#include "gpu/cuda_launcher.hpp"
#include "gpu/current_device.hpp"
#include "gpu/dequantize.hpp"
#include "gpu/device_matrix.hpp"
#include "gpu/device_memory.hpp"
#include "gpu/gemm.hpp"
#include "gpu/hadamard.hpp"
#include "gpu/quantize.hpp"
#include "gpu/workspace.hpp"

#include "kernels/device/dequantize.hpp"
#include "kernels/device/hadamard.hpp"
#include "kernels/device/quantize.hpp"
#include "kernels/device/warp_tile.hpp"
