// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/span.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tiny_lm {

/// What multiplies the quantized weights: float32 as it is, or int8 with a scale per 32 values.
enum class activations { real, a8 };
constexpr std::string_view name_of(activations a) { return a == activations::a8 ? "a8" : "real"; }

/// Where products with quantized weights run; everything else runs on the host.
enum class device { cpu, gpu };

enum class action { evaluate, generate, list_formats, help };

/// The command line. Whether formats exist and windows fit the text is checked by who uses them.
struct options {
  action what = action::evaluate;
  std::string model = "examples/tiny_lm/model";
  std::string text;                  // default: test.txt in the model's folder
  std::vector<std::string> formats;  // default: all
  std::optional<activations> only;   // default: real for all, a8 where it is usual
  device where = device::cpu;
  std::optional<lowbit::index_t> windows;  // default: all of the text
  int threads = 0;                         // default: one per hardware thread
  std::string out = "out";
  std::string prompt;  // of --generate
};

/// Reads the arguments after the program's name; "--option value" and "--option=value" are the
/// same. An unknown option, a missing, empty, repeated or malformed value throws lowbit::error.
options parse_options(const std::vector<std::string>& arguments);

/// The text of --help.
std::string help_text();

}  // namespace tiny_lm
