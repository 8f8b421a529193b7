// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "options.hpp"

#include <doctest/doctest.h>

#include "error_text.hpp"

using tiny_lm::action;
using tiny_lm::activations;
using tiny_lm::parse_options;
using tiny_lm_test::error_text;

namespace {

using words = std::vector<std::string>;

std::string error_of(const words& arguments) {
  return error_text([&] { parse_options(arguments); });
}

}  // namespace

TEST_CASE("without arguments everything is evaluated") {
  const tiny_lm::options o = parse_options({});
  CHECK(o.what == action::evaluate);
  CHECK(o.model == "examples/tiny_lm/model");
  CHECK(o.text.empty());
  CHECK(o.formats.empty());
  CHECK_FALSE(o.only);
  CHECK_FALSE(o.windows);
  CHECK(o.threads == 0);
  CHECK(o.out == "out");
}

TEST_CASE("each option arrives, with a space or with an equals sign") {
  const words spaced{"--model",   "m", "--text",    "t", "--format", "a,b", "--activations", "a8",
                     "--windows", "7", "--threads", "3", "--out",    "o"};
  words joined;
  for (std::size_t i = 0; i < spaced.size(); i += 2)
    joined.push_back(spaced[i] + "=" + spaced[i + 1]);
  for (const words& arguments : {spaced, joined}) {
    const tiny_lm::options o = parse_options(arguments);
    CHECK(o.what == action::evaluate);
    CHECK(o.model == "m");
    CHECK(o.text == "t");
    CHECK(o.formats == words{"a", "b"});
    CHECK(o.only == activations::a8);
    CHECK(o.windows == 7);
    CHECK(o.threads == 3);
    CHECK(o.out == "o");
  }
  CHECK(parse_options({"--activations", "real"}).only == activations::real);
  CHECK(parse_options({}).where == tiny_lm::device::cpu);
  CHECK(parse_options({"--device", "gpu"}).where == tiny_lm::device::gpu);
  CHECK(parse_options({"--list-formats"}).what == action::list_formats);
  CHECK(parse_options({"--help"}).what == action::help);
  const tiny_lm::options o = parse_options({"--generate", "--help is a prompt = here"});
  CHECK(o.what == action::generate);
  CHECK(o.prompt == "--help is a prompt = here");
}

TEST_CASE("whoever asks for help gets it, whatever follows") {
  CHECK(parse_options({"--help", "--nonsense"}).what == action::help);
  CHECK(parse_options({"--threads", "2", "--help"}).what == action::help);
}

TEST_CASE("the help names every option") {
  const std::string text = tiny_lm::help_text();
  for (const char* option : {"--model", "--text", "--format", "--activations", "--windows",
                             "--threads", "--out", "--list-formats", "--generate", "--help"})
    CHECK(text.find("  " + std::string(option) + " ") != text.npos);
}

TEST_CASE("what is no option is an error") {
  for (const char* word : {"--formats", "-h", "model", "", "--", "-"})
    CHECK(error_of({word}) ==
          "lowbit: " + std::string(word) + ": is no option of this program; --help lists them");
  CHECK(error_of({"--nonsense=3"}) ==
        "lowbit: --nonsense: is no option of this program; --help lists them");
}

TEST_CASE("missing, empty, repeated and unwanted values are errors") {
  CHECK(error_of({"--model"}) == "lowbit: --model: expects a value: DIR");
  CHECK(error_of({"--model", ""}) == "lowbit: --model: expects a value: DIR");
  CHECK(error_of({"--model="}) == "lowbit: --model: expects a value: DIR");
  CHECK(error_of({"--generate", ""}) == "lowbit: --generate: expects a value: \"PROMPT\"");
  CHECK(error_of({"--out", "a", "--out", "a"}) == "lowbit: --out: is given twice");
  CHECK(error_of({"--list-formats=yes"}) == "lowbit: --list-formats: takes no value");
}

TEST_CASE("numbers and names that make no sense are errors that show them") {
  for (const char* text : {"0", "-1", "1.5", "2x", "x", " 2", "99999999999999999999", "0x10"}) {
    CHECK(error_of({"--threads", text}) == "lowbit: --threads: \"" + std::string(text) +
                                               "\", expected a whole number from 1 to 1024");
    CHECK_FALSE(error_of({"--windows", text}).empty());
  }
  CHECK(error_of({"--activations", "int8"}) ==
        "lowbit: --activations: \"int8\", expected real or a8");
  CHECK(error_of({"--device", "tpu"}) == "lowbit: --device: \"tpu\", expected cpu or gpu");
  for (const char* text : {",", "a,", ",a", "a,,b"})
    CHECK(error_of({"--format", text}) ==
          "lowbit: --format: \"" + std::string(text) + "\" holds an empty name");
  CHECK(error_of({"--format", "a,b,a"}) == "lowbit: --format: names a twice");
}
