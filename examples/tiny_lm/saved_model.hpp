// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "options.hpp"

namespace tiny_lm {

/// A way to store the projections.
struct weight_format {
  std::string_view name;         // what --format takes
  std::string_view composition;  // of which parts it is made
  bool integers = false;         // its levels are integers: int8 activations are usual
};

/// All formats, the f32 that the others are compared with first.
lb::span<const weight_format> all_formats();

/// The format of this name; an unknown name is an error that lists what exists.
const weight_format& format_named(std::string_view name);

/// What became of a checkpoint's projections.
struct saved_model {
  index_t file_bytes = 0;
  double bits_per_weight = 0;
  double mean_sqnr_db = 0;
};

/// Quantizes all projections of a checkpoint and writes the whole model: the projections in this
/// format, the other tensors as the checkpoint stores them.
saved_model save_model(const config& sizes, const tensor_file& checkpoint,
                       const weight_format& format, const std::string& path);

/// Loads what save_model wrote, ready to multiply with such activations. The projections stay
/// packed.
model load_model(const config& sizes, const std::string& path, const weight_format& format,
                 activations input);

/// Times of one product with a matrix of 14336 x 4096, batch 1, on one thread, in microseconds.
struct gemv_times {
  double format_us = 0;
  double f32_us = 0;
};

/// Measures a format from random valid codes and scales, and f32 right beside it.
gemv_times time_gemv(const weight_format& format, activations input);

}  // namespace tiny_lm
