// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "linear_group.hpp"
#include "tensor_file.hpp"

namespace tiny_lm {

/// One block of the model.
struct block {
  std::vector<float> input_norm;
  std::unique_ptr<linear_group> qkv;
  std::unique_ptr<linear_group> o;
  std::vector<float> post_attention_norm;
  std::unique_ptr<linear_group> gate_up;
  std::unique_ptr<linear_group> down;
};

/// The weights of a model, read-only once made; sessions compute with them.
struct model {
  config sizes;
  std::vector<float> embedding;  // vocab_size x hidden_size
  std::vector<block> blocks;
  std::vector<float> final_norm;
  dense_matrix head;  // vocab_size x hidden_size, a copy of the embedding when tied

  /// Bytes of the projections, and of everything else.
  index_t projection_bytes() const;
  index_t other_bytes() const;
};

/// Makes the linear layers of one block that share an input.
using make_group =
    std::function<std::unique_ptr<linear_group>(index_t layer, lb::span<const projection> group)>;

/// A model whose norms, embedding and output matrix come from `file` in float32, and whose
/// projections come from `make`.
model assemble_model(const config& sizes, const tensor_file& file, const make_group& make);

/// A model with all weights in float32.
model load_dense_model(const config& sizes, const tensor_file& checkpoint);

}  // namespace tiny_lm
