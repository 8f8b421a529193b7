// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "generate.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "error_text.hpp"

using namespace tiny_lm_test;

namespace {

const tiny_lm::model& shipped_model() {
  static const tiny_lm::model m = [] {
    const std::string folder = "examples/tiny_lm/model/";
    const tiny_lm::config sizes = tiny_lm::read_config(folder + "config.json");
    return tiny_lm::load_dense_model(sizes,
                                     tiny_lm::open_checkpoint(sizes, folder + "model.safetensors"));
  }();
  return m;
}

std::string text_after(const std::string& prompt, long count, std::uint64_t seed,
                       long positions = 256) {
  const lowbit::thread_pool alone{1};
  tiny_lm::session s(shipped_model(), positions, alone);
  return tiny_lm::generate(s, prompt, count, {0.8f, seed});
}

}  // namespace

TEST_CASE("a seed gives one text, another seed another") {
  const std::string text = text_after("And the king ", 100, 1);
  CHECK(text.size() == 100);
  CHECK(text_after("And the king ", 100, 1) == text);
  CHECK(text_after("And the king ", 100, 2) != text);
  CHECK(text_after("And the king ", 40, 1) == text.substr(0, 40));
}

TEST_CASE("the model has learned letters: nearly all bytes are those of English text") {
  const std::string text = text_after("The President of the United States ", 200, 5);
  int usual = 0;
  for (const char c : text)
    usual += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
             std::string(" \n.,;:'").find(c) != std::string::npos;
  CHECK(usual > 190);
}

TEST_CASE("as the temperature falls the likeliest byte is taken") {
  const lowbit::thread_pool alone{1};
  tiny_lm::session s(shipped_model(), 256, alone);
  const std::string prompt = "And it came to pas";
  const std::string text = tiny_lm::generate(s, prompt, 20, {1e-3f, 1});
  CHECK(text == tiny_lm::generate(s, prompt, 20, {1e-3f, 9}));
  CHECK(text[0] == 's');

  const std::string all = prompt + text;
  tiny_lm::session again(shipped_model(), 256, alone);
  const auto logits = again.read({reinterpret_cast<const std::uint8_t*>(all.data()), 38});
  for (long t = 17; t < 37; ++t) {
    const float* row = logits.row(t);
    CHECK(std::max_element(row, row + 256) - row == all[std::size_t(t + 1)]);
  }
}

TEST_CASE("text goes on where the window ends, and after prompts longer than it") {
  CHECK(text_after("And ", 300, 3, 32).size() == 300);
  CHECK(text_after(std::string(500, 'a'), 40, 3).size() == 40);
  CHECK(text_after("a", 5, 3, 1).size() == 5);
}

TEST_CASE("an empty prompt is an error: the model has no symbol for the beginning") {
  CHECK(error_text([] { text_after("", 1, 1); }) ==
        "lowbit: prompt: is empty, expected at least one byte");
}
