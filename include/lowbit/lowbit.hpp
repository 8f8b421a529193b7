// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// lowbit: everything that needs only a C++20 compiler, from numbers to host kernels.
//
//   concepts.hpp    every contract, on one page
//   core/           spans, errors, exact arithmetic, small floats, bit streams, executors
//   quantizers/     real <-> code, one level set per file
//   codebooks/      vector <-> index
//   granularity/    where scales live and how they are stored
//   ranges/         group values -> scale and zero
//   outliers/       what is kept apart
//   transforms/     real -> real, with an inverse
//   solvers/        values -> codes under given parameters
//   storage/        quantized_matrix, quantized_view, any_matrix, linear
//   kernels/        dequantize, gemv, gemm
//   metrics/        errors and bits per weight
//   formats/        named compositions
#pragma once

#include "core/thread_pool.hpp"
#include "storage/any_matrix.hpp"
#include "quantize.hpp"
