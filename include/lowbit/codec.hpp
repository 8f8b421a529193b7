// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The light part of lowbit, for kernels of one's own: numbers, quantizers, granularities, views.
// No intrinsics, no quantize, no products; it costs a compiler no more than <vector> and <string>.
//
//   #include <lowbit/codec.hpp>
//   template <lowbit::quantized_matrix_like W> __global__ void mine(W w, float* out) {
//     out[threadIdx.x] = w.at(blockIdx.x, threadIdx.x);
//   }
#pragma once
#include "core/bfloat16.hpp"
#include "core/complex.hpp"
#include "core/float16.hpp"
#include "core/scalar_traits.hpp"

#include "quantizers/af4.hpp"
#include "quantizers/binary.hpp"
#include "quantizers/bnb_fp4.hpp"
#include "quantizers/complex_unit.hpp"
#include "quantizers/displaced.hpp"
#include "quantizers/iq4_nl.hpp"
#include "quantizers/learned_table.hpp"
#include "quantizers/learned_table_set.hpp"
#include "quantizers/lloyd_max.hpp"
#include "quantizers/logarithmic.hpp"
#include "quantizers/minifloat.hpp"
#include "quantizers/normal_float.hpp"
#include "quantizers/one.hpp"
#include "quantizers/power_of_two.hpp"
#include "quantizers/real_bias.hpp"
#include "quantizers/table.hpp"
#include "quantizers/table_set.hpp"
#include "quantizers/tangent.hpp"
#include "quantizers/ternary.hpp"
#include "quantizers/twin_log.hpp"
#include "quantizers/uniform.hpp"

#include "granularity/cross.hpp"
#include "granularity/double_quantized.hpp"
#include "granularity/microscaling.hpp"
#include "granularity/per.hpp"
#include "granularity/per_column.hpp"
#include "granularity/two_level.hpp"

#include "storage/quantized_matrix.hpp"
