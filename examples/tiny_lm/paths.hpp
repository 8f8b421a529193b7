// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>

#include "formats.hpp"
#include "options.hpp"

namespace tiny_lm {

/// Where a model is read from and where what becomes of it is written.
struct paths {
  std::string config, checkpoint, text, out;

  /// Fails where the model's folder is none.
  explicit paths(const options& o);

  std::string quantized(const weight_format& f) const {
    return out + "/" + std::string(f.name) + ".safetensors";
  }
  /// Makes the folder of results, and those around it, where they are missing.
  void make_out() const;
};

}  // namespace tiny_lm
