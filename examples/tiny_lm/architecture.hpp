// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/matrix_view.hpp>
#include <string>
#include <vector>

#include "config.hpp"

namespace tiny_lm {

/// The seven linear layers of a block, in Hugging Face's order of names.
enum class projection { q, k, v, o, gate, up, down };
inline constexpr projection all_projections[] = {projection::q,   projection::k,    projection::v,
                                                 projection::o,   projection::gate, projection::up,
                                                 projection::down};

/// Names of the tensors in a checkpoint.
inline constexpr const char* embedding_name = "model.embed_tokens.weight";
inline constexpr const char* final_norm_name = "model.norm.weight";
inline constexpr const char* head_name = "lm_head.weight";
std::string input_norm_name(index_t layer);
std::string post_attention_norm_name(index_t layer);
std::string projection_name(index_t layer, projection p);

/// Outputs x inputs of a linear layer.
lb::extent projection_shape(const config& sizes, projection p);

/// One tensor of the architecture.
struct tensor_spec {
  std::string name;
  std::vector<index_t> shape;
  bool is_projection = false;  // one of the matrices that get quantized
};

/// All tensors that a model of these sizes has, and no other. With tied embeddings there is no
/// output matrix.
std::vector<tensor_spec> tensors_of(const config& sizes);

}  // namespace tiny_lm
