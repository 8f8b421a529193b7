// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <map>
#include <string>

namespace tiny_lm_test {

/// The text of a config.json, whose fields a test may change, add or remove before it is written.
class config_text {
 public:
  config_text() {
    fields_ = {{"hidden_size", "12"},
               {"intermediate_size", "20"},
               {"num_hidden_layers", "2"},
               {"num_attention_heads", "2"},
               {"num_key_value_heads", "2"},
               {"vocab_size", "256"},
               {"max_position_embeddings", "300"},
               {"rms_norm_eps", "1e-5"},
               {"rope_theta", "10000.0"},
               {"tie_word_embeddings", "false"}};
  }
  config_text& set(const std::string& field, const std::string& json) {
    fields_[field] = json;
    return *this;
  }
  config_text& remove(const std::string& field) {
    fields_.erase(field);
    return *this;
  }
  std::map<std::string, std::string> fields() const { return fields_; }
  std::string text() const {
    std::string all;
    for (const auto& [name, json] : fields_)
      all += (all.empty() ? "{\"" : ",\"") + name + "\":" + json;
    return all + "}";
  }

 private:
  std::map<std::string, std::string> fields_;
};

}  // namespace tiny_lm_test
