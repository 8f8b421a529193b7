// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Work on whole matrices before anything is served, wherever a Thrust execution policy runs: on a
// GPU by thrust::cuda::par.on(stream), on a host by thrust::omp::par or thrust::cpp::par. What it
// finds is bit for bit what the host's functions find.
//
//   lb::offline::group_statistics(policy, values, 128, out);
//   const lb::index_t n = lb::offline::select_outliers(policy, values, lb::top_fraction(0.01), at);
//   lb::offline::compress_rows<std::uint16_t>(policy, values, at, arrays);
//   lb::offline::cluster<8>(policy, vectors, weights, 256, lb::k_means{}, entries);
//   const auto w = lb::offline::quantize<w4>(policy, values, memory, lb::mse_grid{});
//
// Values and results are memory that the policy can reach, which the caller owns; what is needed
// meanwhile, the policy allocates. Calls wait until their work is done. Worker threads of a host's
// policy should round to nearest and keep subnormals, as threads do unless told otherwise.
//
// Needs Thrust of CUDA 13 (an include path of its own for compilers other than nvcc; those define
// THRUST_DEVICE_SYSTEM=THRUST_DEVICE_SYSTEM_CPP). No other header of lowbit includes it.
#pragma once

#include "offline/group_statistics.hpp"
#include "offline/k_means.hpp"
#include "offline/quantize.hpp"
#include "offline/select_outliers.hpp"
