// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "architecture.hpp"

namespace tiny_lm {
namespace {

std::string of_layer(index_t layer, const char* rest) {
  return "model.layers." + std::to_string(layer) + "." + rest + ".weight";
}

const char* module_name(projection p) {
  switch (p) {
    case projection::q:
      return "self_attn.q_proj";
    case projection::k:
      return "self_attn.k_proj";
    case projection::v:
      return "self_attn.v_proj";
    case projection::o:
      return "self_attn.o_proj";
    case projection::gate:
      return "mlp.gate_proj";
    case projection::up:
      return "mlp.up_proj";
    default:
      return "mlp.down_proj";
  }
}

}  // namespace

std::string input_norm_name(index_t layer) { return of_layer(layer, "input_layernorm"); }
std::string post_attention_norm_name(index_t layer) {
  return of_layer(layer, "post_attention_layernorm");
}
std::string projection_name(index_t layer, projection p) { return of_layer(layer, module_name(p)); }

lb::extent projection_shape(const config& c, projection p) {
  switch (p) {
    case projection::q:
    case projection::o:
      return {c.hidden_size, c.hidden_size};
    case projection::k:
    case projection::v:
      return {c.kv_size(), c.hidden_size};
    case projection::gate:
    case projection::up:
      return {c.intermediate_size, c.hidden_size};
    default:
      return {c.hidden_size, c.intermediate_size};
  }
}

std::vector<tensor_spec> tensors_of(const config& c) {
  std::vector<tensor_spec> all;
  all.push_back({embedding_name, {c.vocab_size, c.hidden_size}});
  for (index_t layer = 0; layer < c.num_hidden_layers; ++layer) {
    all.push_back({input_norm_name(layer), {c.hidden_size}});
    all.push_back({post_attention_norm_name(layer), {c.hidden_size}});
    for (const projection p : all_projections) {
      const lb::extent shape = projection_shape(c, p);
      all.push_back({projection_name(layer, p), {shape.rows, shape.cols}, true});
    }
  }
  all.push_back({final_norm_name, {c.hidden_size}});
  if (!c.tie_word_embeddings) all.push_back({head_name, {c.vocab_size, c.hidden_size}});
  return all;
}

}  // namespace tiny_lm
