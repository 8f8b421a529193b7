// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "paths.hpp"

#include <filesystem>

namespace tiny_lm {

paths::paths(const options& o)
    : config(o.model + "/config.json"),
      checkpoint(o.model + "/model.safetensors"),
      text(o.text.empty() ? o.model + "/test.txt" : o.text),
      out(o.out) {
  if (!std::filesystem::is_directory(o.model))
    lb::fail(lb::errc::io, o.model, "is no folder of a model");
}

void paths::make_out() const {
  std::error_code why;
  std::filesystem::create_directories(out, why);
  if (why) lb::fail(lb::errc::io, out, lb::message("cannot be made: ", why.message()));
}

}  // namespace tiny_lm
