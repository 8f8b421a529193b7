// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/safetensors.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"

namespace tiny_lm {

namespace lb = lowbit;
using lb::index_t;

/// What a quantized matrix costs.
struct saved_matrix {
  index_t bytes;
  double sqnr_db;
};

/// A way to store the projections, by the name that --format takes. The functions hide the format's
/// type, so that its templates are compiled in one file (formats.cpp).
struct weight_format {
  std::string_view name;
  bool integers = false;  // its levels are integers: int8 activations are usual

  /// Quantizes a matrix and adds it to a file.
  saved_matrix (*save)(lb::matrix_writer& file, const std::string& name,
                       lb::matrix_view<const float>, const lb::thread_pool&) = nullptr;
  /// In the layout that products read fastest, as random matrices too.
  lb::any_matrix (*load)(const lb::matrix_file& file, const std::string& name) = nullptr;
  /// Random valid codes and scales.
  lb::any_matrix (*random)(lb::extent shape) = nullptr;
  /// One of these in memory of its own; copies of an any_matrix share theirs.
  lb::any_matrix (*copy)(const lb::any_matrix&) = nullptr;

  /// Whether the weights stay in float32; the functions are null then.
  bool is_f32() const { return save == nullptr; }
};

/// f32, which all others are compared with, then every named format of lowbit.
const std::vector<weight_format>& all_formats();

/// The format of this name; an unknown name is an error that lists what exists.
const weight_format& format_named(std::string_view name);

}  // namespace tiny_lm
