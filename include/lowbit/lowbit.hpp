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

#include "quantizers/af4.hpp"
#include "quantizers/binary.hpp"
#include "quantizers/bnb_fp4.hpp"
#include "quantizers/complex_unit.hpp"
#include "quantizers/iq4_nl.hpp"
#include "quantizers/learned_table.hpp"
#include "quantizers/learned_table_set.hpp"
#include "quantizers/lloyd_max.hpp"
#include "quantizers/logarithmic.hpp"
#include "quantizers/minifloat.hpp"
#include "quantizers/normal_float.hpp"
#include "quantizers/power_of_two.hpp"
#include "quantizers/real_bias.hpp"
#include "quantizers/table.hpp"
#include "quantizers/table_set.hpp"
#include "quantizers/tangent.hpp"
#include "quantizers/ternary.hpp"
#include "quantizers/twin_log.hpp"
#include "quantizers/uniform.hpp"

#include "codebooks/residual.hpp"
#include "codebooks/vector.hpp"

#include "granularity/cross.hpp"
#include "granularity/double_quantized.hpp"
#include "granularity/microscaling.hpp"
#include "granularity/per.hpp"
#include "granularity/per_column.hpp"
#include "granularity/two_level.hpp"

#include "ranges/absmax.hpp"
#include "ranges/absmean.hpp"
#include "ranges/best_of.hpp"
#include "ranges/clip.hpp"
#include "ranges/e8m0_modes.hpp"
#include "ranges/fixed_scale.hpp"
#include "ranges/four_over_six.hpp"
#include "ranges/given_params.hpp"
#include "ranges/least_squares.hpp"
#include "ranges/leave_one_out.hpp"
#include "ranges/minmax.hpp"
#include "ranges/mse_grid.hpp"
#include "ranges/nvfp4_absmax.hpp"
#include "ranges/percentile.hpp"
#include "ranges/quest.hpp"
#include "ranges/rms.hpp"
#include "ranges/std_const.hpp"
#include "ranges/ternary_optimal.hpp"

#include "outliers/columns.hpp"
#include "outliers/criteria/n_sigma.hpp"
#include "outliers/criteria/top_columns.hpp"
#include "outliers/criteria/top_fraction.hpp"
#include "outliers/criteria/top_k.hpp"
#include "outliers/criteria/user_mask.hpp"
#include "outliers/criteria/user_score.hpp"
#include "outliers/low_rank.hpp"
#include "outliers/sparse.hpp"

#include "transforms/channel_scale.hpp"
#include "transforms/conjugate.hpp"
#include "transforms/hadamard.hpp"
#include "transforms/hadamard_order.hpp"
#include "transforms/identity.hpp"
#include "transforms/permute.hpp"
#include "transforms/weights.hpp"
#include "transforms/widely_linear.hpp"

#include "storage/any_matrix.hpp"
#include "storage/dense_matrix.hpp"
#include "storage/factored.hpp"
#include "storage/linear.hpp"
#include "storage/linear/repack.hpp"
#include "storage/quantize_linear.hpp"
#include "storage/transposed.hpp"

#include "quantize.hpp"

#include "packing/mma16.hpp"
#include "packing/parameter_tiles.hpp"

#include "kernels/gemm.hpp"
#include "kernels/kernel_name.hpp"
#include "metrics/compare.hpp"
#include "metrics/compare_int8.hpp"

#include "formats/known.hpp"
