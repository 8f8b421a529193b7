// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/span.hpp>
#include <string>
#include <string_view>

/// The main job: a complete LLaMA-type language model on top of lowbit.
namespace tiny_lm {

namespace lb = lowbit;
using lb::index_t;

/// The sizes of a LLaMA-type model, as in Hugging Face's config.json.
struct config {
  index_t hidden_size = 0;
  index_t intermediate_size = 0;
  index_t num_hidden_layers = 0;
  index_t num_attention_heads = 0;
  index_t num_key_value_heads = 0;  // fewer than heads: several queries share a key (GQA)
  index_t vocab_size = 0;           // always 256: a token is a byte
  index_t max_position_embeddings = 0;
  double rms_norm_eps = 0;
  double rope_theta = 0;
  bool tie_word_embeddings = false;  // the embedding is also the output matrix

  index_t head_size() const { return hidden_size / num_attention_heads; }
  /// Width of all keys of one token, and of its values.
  index_t kv_size() const { return num_key_value_heads * head_size(); }
};

/// Reads the text of a config.json. Every value is checked before it is used: the ten fields above
/// are required, their ranges leave every size product of the model below 2^62, and fields that
/// would change the architecture (other activations, biases, scaled rotary embeddings) must have
/// the value that this program computes. Throws lowbit::error naming the field, its value and what
/// was expected.
config parse_config(std::string_view json);

/// parse_config of a file; a file that cannot be read is an error naming it.
config read_config(const std::string& file);

}  // namespace tiny_lm
