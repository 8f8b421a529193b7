// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "model.hpp"

namespace tiny_lm {
namespace {

using lb::matrix_view;

std::vector<float> vector_of(const tensor_file& file, const std::string& name, index_t size) {
  return file.values({name, {size}});
}

}  // namespace

index_t model::projection_bytes() const {
  index_t sum = 0;
  for (const block& b : blocks)
    sum += b.qkv->bytes() + b.o->bytes() + b.gate_up->bytes() + b.down->bytes();
  return sum;
}

index_t model::other_bytes() const {
  std::size_t floats = embedding.size() + final_norm.size();
  for (const block& b : blocks) floats += b.input_norm.size() + b.post_attention_norm.size();
  return static_cast<index_t>(floats * sizeof(float)) + head.bytes();
}

model assemble_model(const config& sizes, const tensor_file& file, const make_group& make) {
  constexpr projection qkv[] = {projection::q, projection::k, projection::v};
  constexpr projection o[] = {projection::o};
  constexpr projection gate_up[] = {projection::gate, projection::up};
  constexpr projection down[] = {projection::down};

  model m;
  m.sizes = sizes;
  m.embedding = file.values({embedding_name, {sizes.vocab_size, sizes.hidden_size}});
  m.final_norm = vector_of(file, final_norm_name, sizes.hidden_size);
  for (index_t i = 0; i < sizes.num_hidden_layers; ++i)
    m.blocks.push_back({vector_of(file, input_norm_name(i), sizes.hidden_size), make(i, qkv),
                        make(i, o), vector_of(file, post_attention_norm_name(i), sizes.hidden_size),
                        make(i, gate_up), make(i, down)});

  const std::vector<float> untied =
      sizes.tie_word_embeddings ? std::vector<float>{}
                                : file.values({head_name, {sizes.vocab_size, sizes.hidden_size}});
  const std::vector<float>& head = sizes.tie_word_embeddings ? m.embedding : untied;
  m.head = dense_matrix(matrix_view<const float>(head.data(), sizes.vocab_size, sizes.hidden_size));
  return m;
}

model load_dense_model(const config& sizes, const tensor_file& checkpoint) {
  return assemble_model(
      sizes, checkpoint,
      [&](index_t layer, lb::span<const projection> group) -> std::unique_ptr<linear_group> {
        std::vector<dense_matrix> matrices;
        for (const projection p : group) {
          const lb::extent shape = projection_shape(sizes, p);
          const std::vector<float> values =
              checkpoint.values({projection_name(layer, p), {shape.rows, shape.cols}, true});
          matrices.emplace_back(matrix_view<const float>(values.data(), shape.rows, shape.cols));
        }
        return std::make_unique<dense_group>(std::move(matrices));
      });
}

}  // namespace tiny_lm
