// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "config.hpp"

#include <doctest/doctest.h>

#include "config_text.hpp"
#include "error_text.hpp"

using tiny_lm::parse_config;
using tiny_lm_test::config_text;
using tiny_lm_test::error_text;

namespace {

/// The error of a good configuration in which one field is changed.
std::string error_with(const std::string& field, const std::string& json) {
  return error_text([&] { parse_config(config_text().set(field, json).text()); });
}

}  // namespace

TEST_CASE("the configuration of the model in the tree is read") {
  const tiny_lm::config c = tiny_lm::read_config("examples/tiny_lm/model/config.json");
  CHECK(c.hidden_size == 256);
  CHECK(c.intermediate_size == 768);
  CHECK(c.num_hidden_layers == 4);
  CHECK(c.num_attention_heads == 8);
  CHECK(c.num_key_value_heads == 8);
  CHECK(c.vocab_size == 256);
  CHECK(c.max_position_embeddings == 256);
  CHECK(c.rms_norm_eps == 1e-5);
  CHECK(c.rope_theta == 10000);
  CHECK_FALSE(c.tie_word_embeddings);
  CHECK(c.head_size() == 32);
}

TEST_CASE("each field is required and the error names the one that is missing") {
  for (const auto& [field, json] : config_text().fields())
    CHECK(error_text([&, name = field] { parse_config(config_text().remove(name).text()); }) ==
          "lowbit: " + field + ": is missing from config.json");
}

TEST_CASE("a value of another type is an error that shows it") {
  for (const auto& [field, json] : config_text().fields()) {
    CHECK(error_with(field, "\"12\"").starts_with("lowbit: " + field + ": \"12\", expected "));
    CHECK(error_with(field, "null").starts_with("lowbit: " + field + ": null, expected "));
    CHECK(error_with(field, "[1]").starts_with("lowbit: " + field + ": [1], expected "));
  }
  CHECK(error_with("hidden_size", "12.0") ==
        "lowbit: hidden_size: 12.0, expected an integer from 1 to 65536");
  CHECK(error_with("rope_theta", "true") ==
        "lowbit: rope_theta: true, expected a number above 0 and at most 1e12");
  CHECK(error_with("tie_word_embeddings", "0") ==
        "lowbit: tie_word_embeddings: 0, expected true or false");
}

TEST_CASE("sizes outside their range are errors, also those that overflow 64 bits") {
  for (const char* field :
       {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads",
        "num_key_value_heads", "vocab_size", "max_position_embeddings"})
    for (const char* json :
         {"0", "-1", "-9223372036854775808", "1099511627776", "9223372036854775807",
          "9223372036854775808", "18446744073709551615", "18446744073709551617", "1e30"}) {
      const std::string text = error_with(field, json);
      CAPTURE(json);
      CHECK(text.starts_with("lowbit: " + std::string(field) + ": "));
      CHECK(text.find(", expected ") != text.npos);
    }
  CHECK(error_with("vocab_size", "255") == "lowbit: vocab_size: 255, expected 256");
  CHECK(error_with("vocab_size", "257") == "lowbit: vocab_size: 257, expected 256");
}

TEST_CASE("real numbers outside their range are errors") {
  for (const char* json : {"0", "0.0", "-1e-5", "1e400", "-1e400", "2e12"}) {
    CAPTURE(json);
    CHECK_FALSE(error_with("rope_theta", json).empty());
    CHECK_FALSE(error_with("rms_norm_eps", json).empty());
  }
  CHECK(error_with("rms_norm_eps", "1.5") ==
        "lowbit: rms_norm_eps: 1.5, expected a number above 0 and at most 1");
  CHECK(error_with("rope_theta", "500000").empty());
  CHECK(error_with("rope_theta", "1e6").empty());
}

TEST_CASE("sizes that do not go together are errors") {
  CHECK(error_with("hidden_size", "13") ==
        "lowbit: num_attention_heads: 2, expected a divisor of hidden_size = 13");
  CHECK(error_with("num_key_value_heads", "4") ==
        "lowbit: num_key_value_heads: 4, expected a divisor of num_attention_heads = 2");
  CHECK(error_with("hidden_size", "10") ==
        "lowbit: num_attention_heads: 2 makes heads of 5, expected an even size (rotary embedding "
        "turns pairs)");
}

TEST_CASE("what would be another architecture is refused, what says the same is not") {
  CHECK(error_with("hidden_act", "\"gelu\"") == "lowbit: hidden_act: \"gelu\", expected \"silu\"");
  CHECK(error_with("model_type", "\"mistral\"") ==
        "lowbit: model_type: \"mistral\", expected \"llama\"");
  CHECK(error_with("attention_bias", "true") == "lowbit: attention_bias: true, expected false");
  CHECK(error_with("mlp_bias", "true") == "lowbit: mlp_bias: true, expected false");
  CHECK(error_with("head_dim", "8") == "lowbit: head_dim: 8, expected 6");
  CHECK(error_with("rope_scaling", "{\"factor\":2.0}") ==
        "lowbit: rope_scaling: {\"factor\":2.0}, expected null");
  CHECK(error_with("rope_scaling", "null").empty());
  CHECK(error_with("hidden_act", "\"silu\"").empty());
  CHECK(error_with("head_dim", "6").empty());
  CHECK(error_with("attention_bias", "false").empty());
  CHECK(error_with("bos_token_id", "1").empty());
}

TEST_CASE("text that is no JSON object is an error") {
  const std::string good = config_text().text();
  for (std::size_t end = 0; end < good.size(); ++end) {
    CAPTURE(end);
    CHECK(error_text([&] { parse_config(good.substr(0, end)); }) ==
          "lowbit: config.json: is not valid JSON");
  }
  CHECK(error_text([] { parse_config("[1]"); }) == "lowbit: config.json: expected a JSON object");
}

TEST_CASE("a file that is not there is an error that names it") {
  const std::string text = error_text([] { tiny_lm::read_config("no/such/config.json"); });
  CHECK(text.starts_with("lowbit: no/such/config.json: "));
}
