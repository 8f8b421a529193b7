// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>

#include "formats.hpp"
#include "model.hpp"

namespace tiny_lm {

/// What became of a checkpoint's projections.
struct saved_model {
  index_t file_bytes = 0;
  double bits_per_weight = 0;  // of the projections, everything counted
  double mean_sqnr_db = 0;     // over the projections; infinite for f32
};

/// Quantizes all projections of a checkpoint and writes the whole model: the projections in this
/// format (schema 1 of lowbit), the other tensors as the checkpoint stores them.
saved_model save_model(const config& sizes, const tensor_file& checkpoint,
                       const weight_format& format, const std::string& path,
                       const lb::thread_pool& threads);

/// Loads what save_model wrote, ready to multiply with such activations on a device. The
/// projections stay packed; those of f32 stay on the host.
model load_model(const config& sizes, const std::string& path, const weight_format& format,
                 activations input, device where = device::cpu);

}  // namespace tiny_lm
