// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/safetensors.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "device_layer.hpp"

namespace tiny_lm {

/// A format that this program can multiply with on a GPU.
struct gpu_format {
  std::string_view name;
  std::unique_ptr<device_layer> (*load)(const lb::matrix_file& file, const std::string& name);
};

/// Those that nvcc has compiled (CMake: LOWBIT_TINY_LM_GPU_FORMATS); none without nvcc.
const std::vector<gpu_format>& gpu_formats();

/// The format of this name; one that is not there is an error that lists what is.
const gpu_format& gpu_format_named(std::string_view name);

}  // namespace tiny_lm
