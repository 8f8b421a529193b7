// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <vector>

#include "model.hpp"

namespace tiny_lm {

/// A text being read by a model: the keys and values of the tokens so far, and every buffer that
/// the forward pass needs, allocated once (those of products by the first `read`, should it be the
/// longest). Tokens may come all at once or one by one; both give the
/// same logits, to the bit where the products of the model's weights do.
class session {
 public:
  /// Room for `positions` tokens, 1 to the model's max_position_embeddings. The model and the
  /// threads must outlive the session.
  session(const model& weights, index_t positions, const lb::thread_pool& threads);

  index_t length() const { return length_; }
  index_t positions() const { return positions_; }
  /// Bytes of all buffers. What products need (`scratch`) is known after the first `read`.
  index_t buffer_bytes() const {
    return static_cast<index_t>(memory_.size() * sizeof(float)) + scratch_.bytes();
  }

  /// Forgets what was read; position 0 is next.
  void restart() { length_ = 0; }

  /// Reads tokens and returns for each of them the logits of the token that follows: tokens x 256,
  /// valid until the next call. More tokens than there is room for are an error.
  lb::matrix_view<const float> read(lb::span<const std::uint8_t> tokens);

 private:
  template <class Take>
  void lay_out(Take take);

  lb::matrix_view<float> rows(float* buffer, index_t width) const { return {buffer, now_, width}; }
  void normalize(const std::vector<float>& weight);
  void add_to_stream();
  void store_keys_and_values(index_t layer);
  void attend(index_t layer, index_t head);
  void run_attention(index_t layer);
  void run_mlp(index_t layer);

  const model* model_;
  const lb::thread_pool* threads_;
  index_t positions_;
  index_t length_ = 0;
  index_t now_ = 0;  // tokens of the current call
  std::vector<float> memory_;
  scratch scratch_;

  // All in memory_. Token by token: the residual stream, its norm or what a layer adds to it,
  // the vectors of attention, the inner layer of the MLP, the logits.
  float *stream_, *normed_, *queries_, *keys_, *values_, *attended_, *gate_, *up_, *logits_;
  // Layer by layer and key head by key head: keys as head_size x positions, values as positions x
  // head_size, both with padded rows.
  float *key_cache_, *value_cache_;
  float* scores_;            // per head: some queries x positions
  float *cosines_, *sines_;  // positions x head_size / 2
};

}  // namespace tiny_lm
