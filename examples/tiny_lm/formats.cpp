// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "describe.hpp"

namespace tiny_lm {

const std::vector<weight_format>& all_formats() {
  static const std::vector<weight_format> all = [] {
    std::vector<weight_format> formats{{"f32"}};
    lb::known_formats::for_each([&](auto) { formats.emplace_back(); });
    describe_half<0>(lb::known_formats{}, formats.data() + 1);
    describe_odd(formats.data() + 1);
    return formats;
  }();
  return all;
}

const weight_format& format_named(std::string_view name) {
  std::string known;
  for (const weight_format& f : all_formats()) {
    if (f.name == name) return f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  lb::fail(lb::errc::bad_argument, "--format",
           lb::message("\"", name, "\" is unknown, expected of: ", known));
}

}  // namespace tiny_lm
