// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config_text.hpp"
#include "evaluate.hpp"
#include "naive_forward.hpp"
#include "random_model.hpp"
#include "support/temporary_folder.hpp"

using namespace tiny_lm_test;

namespace {

struct shape {
  const char* what;
  int heads, kv_heads, head_size, intermediate, layers;
  bool tied;
};

tiny_lm::config sizes_of(const shape& s) {
  return tiny_lm::parse_config(config_text()
                                   .set("hidden_size", std::to_string(s.heads * s.head_size))
                                   .set("num_attention_heads", std::to_string(s.heads))
                                   .set("num_key_value_heads", std::to_string(s.kv_heads))
                                   .set("intermediate_size", std::to_string(s.intermediate))
                                   .set("num_hidden_layers", std::to_string(s.layers))
                                   .set("tie_word_embeddings", s.tied ? "true" : "false")
                                   .set("rope_theta", "500.0")
                                   .text());
}

/// The largest difference of logits from the naive forward pass, over the largest logit.
double worst_error(const tiny_lm::config& sizes, dtype type, index_t tokens) {
  const lowbit_test::temporary_folder folder;
  const random_model random(sizes, type);
  random.write(folder / "model.safetensors");
  const tiny_lm::model m = tiny_lm::load_dense_model(
      sizes, tiny_lm::open_checkpoint(sizes, folder / "model.safetensors"));
  const std::vector<std::uint8_t> text = random_bytes(tokens);
  const lowbit::thread_pool alone{1};
  tiny_lm::session s(m, tokens, alone);
  const auto found = s.read(text);
  const naive_model naive(sizes, [&](const std::string& name) -> const std::vector<float>& {
    return random.values(name);
  });
  const sequence expected = naive.logits(text);

  double worst = 0, largest = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t i = 0; i < 256; ++i) {
      const double e = expected[std::size_t(t)][std::size_t(i)];
      worst = std::max(worst, std::fabs(double(found(t, i)) - e));
      largest = std::max(largest, std::fabs(e));
    }
  CHECK(largest > 0.5);  // otherwise nothing was compared
  return worst / largest;
}

}  // namespace

TEST_CASE("the reference's logits to 1e-3 and its perplexity to 1e-4 relative, in float32") {
  const std::string folder = "examples/tiny_lm/model/";
  const tiny_lm::config sizes = tiny_lm::read_config(folder + "config.json");
  const tiny_lm::model m = tiny_lm::load_dense_model(
      sizes, tiny_lm::open_checkpoint(sizes, folder + "model.safetensors"));
  const std::vector<std::uint8_t> json = lowbit::read_file(folder + "reference.json");
  const nlohmann::json reference = nlohmann::json::parse(json);
  const std::vector<std::uint8_t> text = lowbit::read_file(folder + "test.txt");

  const lowbit::thread_pool threads;
  tiny_lm::session s(m, 256, threads);
  const auto logits = s.read(lowbit::span<const std::uint8_t>(text).part(0, 256));
  int compared = 0;
  for (const auto& [position, expected] : reference["logits_of_first_window"].items())
    for (index_t i = 0; i < 256; ++i, ++compared)
      CHECK(std::fabs(double(logits(std::stoi(position), i)) -
                      expected[std::size_t(i)].get<double>()) < 1e-3);
  CHECK(compared == 4 * 256);

  const index_t windows = tiny_lm::windows_of(index_t(text.size()));
  CHECK(windows * 256 == reference["targets"].get<index_t>());
  const tiny_lm::score score = tiny_lm::evaluator(m, windows, threads).run(text, windows);
  CHECK(score.perplexity / reference["perplexity"].get<double>() ==
        doctest::Approx(1).epsilon(1e-4));
  CHECK(score.mean_nll / std::log(2) ==
        doctest::Approx(reference["bits_per_byte"].get<double>()).epsilon(1e-4));
}

TEST_CASE("any sizes: grouped queries, tied embeddings, nothing that a power of two divides") {
  for (const shape& s :
       {shape{"plain", 2, 2, 8, 24, 2, false}, shape{"grouped", 6, 2, 6, 20, 2, false},
        shape{"one key head for all", 5, 1, 10, 33, 3, false}, shape{"tied", 3, 3, 4, 17, 2, true},
        shape{"grouped and tied, odd", 9, 3, 14, 91, 2, true},
        shape{"as small as it gets", 1, 1, 2, 1, 1, false},
        shape{"wide heads", 1, 1, 90, 13, 1, true}}) {
    CAPTURE(s.what);
    CHECK(worst_error(sizes_of(s), dtype::f32, 45) < 2e-5);
  }
}

TEST_CASE("weights in F16 and BF16 give the logits of the values that they store") {
  const tiny_lm::config sizes = sizes_of({"", 6, 2, 6, 20, 2, false});
  CHECK(worst_error(sizes, dtype::f16, 20) < 2e-5);
  CHECK(worst_error(sizes, dtype::bf16, 20) < 2e-5);
}
