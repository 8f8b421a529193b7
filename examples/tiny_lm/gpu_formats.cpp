// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gpu_formats.hpp"

namespace tiny_lm {

const gpu_format& gpu_format_named(std::string_view name) {
  std::string known;
  for (const gpu_format& f : gpu_formats()) {
    if (f.name == name) return f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  if (known.empty())
    lb::fail(lb::errc::unsupported, "--device", "gpu needs a program that was built with nvcc");
  lb::fail(lb::errc::unsupported, "--device",
           lb::message("gpu has no \"", name, "\" in this program, expected of: ", known));
}

}  // namespace tiny_lm
