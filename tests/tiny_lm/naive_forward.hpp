// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The forward pass a second time, as the model's README writes it, in double and without a thought
// of speed: what the fast one is compared with.
#pragma once
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "config.hpp"

namespace tiny_lm_test {

using vector = std::vector<double>;
using sequence = std::vector<vector>;  // one vector per token

class naive_model {
 public:
  using tensor_source = std::function<const std::vector<float>&(const std::string&)>;
  naive_model(const tiny_lm::config& sizes, tensor_source tensors)
      : sizes_(sizes), tensors_(std::move(tensors)) {}

  /// The logits after each token.
  sequence logits(const std::vector<std::uint8_t>& tokens) const {
    const std::string embedding = "model.embed_tokens";
    const std::size_t width = size(sizes_.hidden_size);
    sequence x;
    for (const std::uint8_t token : tokens) {
      vector row(width);
      for (std::size_t i = 0; i < width; ++i) row[i] = weight(embedding)[token * width + i];
      x.push_back(row);
    }
    for (index_t layer = 0; layer < sizes_.num_hidden_layers; ++layer) {
      const std::string at = "model.layers." + std::to_string(layer) + ".";
      add(x, attention(at + "self_attn.", norm(x, at + "input_layernorm")));
      add(x, mlp(at + "mlp.", norm(x, at + "post_attention_layernorm")));
    }
    return linear(norm(x, "model.norm"), sizes_.tie_word_embeddings ? embedding : "lm_head", 256);
  }

 private:
  using index_t = tiny_lm::index_t;
  static std::size_t size(index_t n) { return static_cast<std::size_t>(n); }
  const std::vector<float>& weight(const std::string& module) const {
    return tensors_(module + ".weight");
  }

  static void add(sequence& x, const sequence& y) {
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t i = 0; i < x[t].size(); ++i) x[t][i] += y[t][i];
  }

  sequence norm(const sequence& x, const std::string& module) const {
    sequence y = x;
    for (vector& row : y) {
      double squares = 0;
      for (const double v : row) squares += v * v;
      const double root = std::sqrt(squares / double(row.size()) + sizes_.rms_norm_eps);
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = row[i] / root * weight(module)[i];
    }
    return y;
  }

  sequence linear(const sequence& x, const std::string& module, index_t outputs) const {
    sequence y;
    for (const vector& row : x) {
      vector out(size(outputs));
      for (std::size_t o = 0; o < out.size(); ++o)
        for (std::size_t i = 0; i < row.size(); ++i)
          out[o] += weight(module)[o * row.size() + i] * row[i];
      y.push_back(out);
    }
    return y;
  }

  /// One head of one token, rotated to its position.
  vector head(const sequence& x, std::size_t token, index_t which, bool rotated) const {
    const std::size_t d = size(sizes_.head_size()), first = size(which) * d;
    vector part(x[token].begin() + std::ptrdiff_t(first),
                x[token].begin() + std::ptrdiff_t(first + d));
    if (!rotated) return part;
    vector turned = part;
    for (std::size_t i = 0; i < d / 2; ++i) {
      const double angle =
          double(token) * std::pow(sizes_.rope_theta, -2.0 * double(i) / double(d));
      turned[i] = part[i] * std::cos(angle) - part[i + d / 2] * std::sin(angle);
      turned[i + d / 2] = part[i + d / 2] * std::cos(angle) + part[i] * std::sin(angle);
    }
    return turned;
  }

  sequence attention(const std::string& at, const sequence& x) const {
    const sequence q = linear(x, at + "q_proj", sizes_.hidden_size);
    const sequence k = linear(x, at + "k_proj", sizes_.kv_size());
    const sequence v = linear(x, at + "v_proj", sizes_.kv_size());
    const index_t queries_per_key = sizes_.num_attention_heads / sizes_.num_key_value_heads;
    sequence joined(x.size());
    for (std::size_t t = 0; t < x.size(); ++t)
      for (index_t h = 0; h < sizes_.num_attention_heads; ++h) {
        const vector query = head(q, t, h, true);
        vector chances(t + 1);
        double sum = 0;
        for (std::size_t s = 0; s <= t; ++s) {
          const vector key = head(k, s, h / queries_per_key, true);
          double dot = 0;
          for (std::size_t i = 0; i < key.size(); ++i) dot += query[i] * key[i];
          sum += chances[s] = std::exp(dot / std::sqrt(double(key.size())));
        }
        vector mixed(query.size());
        for (std::size_t s = 0; s <= t; ++s) {
          const vector value = head(v, s, h / queries_per_key, false);
          for (std::size_t i = 0; i < value.size(); ++i) mixed[i] += chances[s] / sum * value[i];
        }
        joined[t].insert(joined[t].end(), mixed.begin(), mixed.end());
      }
    return linear(joined, at + "o_proj", sizes_.hidden_size);
  }

  sequence mlp(const std::string& at, const sequence& x) const {
    sequence gate = linear(x, at + "gate_proj", sizes_.intermediate_size);
    const sequence up = linear(x, at + "up_proj", sizes_.intermediate_size);
    for (std::size_t t = 0; t < x.size(); ++t)
      for (std::size_t i = 0; i < gate[t].size(); ++i)
        gate[t][i] = gate[t][i] / (1 + std::exp(-gate[t][i])) * up[t][i];
    return linear(gate, at + "down_proj", sizes_.hidden_size);
  }

  tiny_lm::config sizes_;
  tensor_source tensors_;
};

}  // namespace tiny_lm_test
