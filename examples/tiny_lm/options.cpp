// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "options.hpp"

#include <algorithm>
#include <charconv>
#include <lowbit/core/error.hpp>

namespace tiny_lm {
namespace {

using lowbit::errc;
using lowbit::fail;
using lowbit::index_t;
using lowbit::message;

struct description {
  std::string_view name;
  std::string_view value;  // what the help calls it; empty: the option takes none
  std::string_view text;
};

constexpr description known[] = {
    {"--model", "DIR", "folder of config.json and model.safetensors [examples/tiny_lm/model]"},
    {"--text", "FILE", "text to be predicted [test.txt in the model's folder]"},
    {"--format", "NAME[,NAME...]", "formats to evaluate [all; --list-formats names them]"},
    {"--activations", "real|a8", "one kind only [real, and a8 for formats of integers]"},
    {"--device", "cpu|gpu",
     "where quantized weights are multiplied [cpu]; gpu has fewer formats and times no gemv"},
    {"--windows", "N", "read only the first N windows of 256 bytes [all]"},
    {"--threads", "N", "threads [one per processor]"},
    {"--out", "DIR", "folder of quantized models, table and plot [out]"},
    {"--list-formats", "", "print the names of all formats"},
    {"--generate", "\"PROMPT\"",
     "print 256 bytes that follow the prompt [in int4_g32; --format NAME]"},
    {"--help", "", "print this"},
};

index_t whole_number(const std::string& option, const std::string& text, index_t most) {
  index_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, why] = std::from_chars(text.data(), end, value);
  if (why != std::errc{} || stop != end || value < 1 || value > most)
    fail(errc::bad_argument, option,
         message("\"", text, "\", expected a whole number from 1 to ", most));
  return value;
}

std::vector<std::string> split_names(const std::string& option, const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t first = 0; first <= text.size();) {
    const std::size_t end = std::min(text.find(',', first), text.size());
    const std::string name = text.substr(first, end - first);
    if (name.empty())
      fail(errc::bad_argument, option, message("\"", text, "\" holds an empty name"));
    if (std::find(names.begin(), names.end(), name) != names.end())
      fail(errc::bad_argument, option, message("names ", name, " twice"));
    names.push_back(name);
    first = end + 1;
  }
  return names;
}

activations activations_named(const std::string& option, const std::string& text) {
  if (text == name_of(activations::real)) return activations::real;
  if (text == name_of(activations::a8)) return activations::a8;
  fail(errc::bad_argument, option, message("\"", text, "\", expected real or a8"));
}

device device_named(const std::string& option, const std::string& text) {
  if (text == "cpu") return device::cpu;
  if (text == "gpu") return device::gpu;
  fail(errc::bad_argument, option, message("\"", text, "\", expected cpu or gpu"));
}

void apply(options& o, const std::string& option, const std::string& value) {
  if (option == "--model") o.model = value;
  if (option == "--text") o.text = value;
  if (option == "--format") o.formats = split_names(option, value);
  if (option == "--activations") o.only = activations_named(option, value);
  if (option == "--device") o.where = device_named(option, value);
  if (option == "--windows") o.windows = whole_number(option, value, index_t(1) << 40);
  if (option == "--threads") o.threads = static_cast<int>(whole_number(option, value, 1024));
  if (option == "--out") o.out = value;
  if (option == "--generate") {
    o.what = action::generate;
    o.prompt = value;
  }
}

}  // namespace

options parse_options(const std::vector<std::string>& arguments) {
  options o;
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    const std::size_t equals = argument.starts_with("--") ? argument.find('=') : argument.npos;
    const std::string option = argument.substr(0, equals);
    const auto* const found = std::find_if(std::begin(known), std::end(known),
                                           [&](const auto& d) { return d.name == option; });
    if (found == std::end(known))
      fail(errc::bad_argument, option, "is no option of this program; --help lists them");
    if (std::find(seen.begin(), seen.end(), option) != seen.end())
      fail(errc::bad_argument, option, "is given twice");
    seen.push_back(option);

    if (found->value.empty()) {
      if (equals != argument.npos) fail(errc::bad_argument, option, "takes no value");
      o.what = option == "--help" ? action::help : action::list_formats;
      if (o.what == action::help) return o;
      continue;
    }
    std::string value;
    if (equals != argument.npos)
      value = argument.substr(equals + 1);
    else if (++i < arguments.size())
      value = arguments[i];
    if (value.empty()) fail(errc::bad_argument, option, message("expects a value: ", found->value));
    apply(o, option, value);
  }
  return o;
}

std::string help_text() {
  std::string text =
      "tiny_lm: quantizes a small language model in every format of lowbit, writes each model to\n"
      "disk, loads it back, and measures its perplexity with kernels on the packed weights.\n\n"
      "usage: tiny_lm [options]\n\n";
  for (const description& d : known) {
    std::string line = "  " + std::string(d.name) + " " + std::string(d.value);
    line.resize(std::max<std::size_t>(line.size() + 2, 28), ' ');
    text += line + std::string(d.text) + "\n";
  }
  return text +
         "\nWrites results.csv, results.md, rate_distortion.svg and rate_distortion.png into "
         "--out.\n"
         "Generated text is sampled at temperature 0.8 with a fixed seed.\n";
}

}  // namespace tiny_lm
