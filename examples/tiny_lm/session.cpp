// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.hpp"

#include <cmath>
#include <cstring>

#include "kernels.hpp"

namespace tiny_lm {
namespace {

using lb::errc;
using lb::fail;
using lb::message;

constexpr index_t query_block = 12;  // queries whose scores are computed together

}  // namespace

template <class Take>
void session::lay_out(Take take) {
  const config& c = model_->sizes;
  const index_t head = c.head_size(), kv_heads = c.num_hidden_layers * c.num_key_value_heads;
  stream_ = take(positions_ * c.hidden_size);
  normed_ = take(positions_ * c.hidden_size);
  queries_ = take(positions_ * c.hidden_size);
  keys_ = take(positions_ * c.kv_size());
  values_ = take(positions_ * c.kv_size());
  attended_ = take(positions_ * c.hidden_size);
  gate_ = take(positions_ * c.intermediate_size);
  up_ = take(positions_ * c.intermediate_size);
  logits_ = take(positions_ * c.vocab_size);
  key_cache_ = take(kv_heads * head * padded(positions_));
  value_cache_ = take(kv_heads * positions_ * padded(head));
  scores_ = take(c.num_attention_heads * query_block * padded(positions_));
  cosines_ = take(positions_ * (head / 2));
  sines_ = take(positions_ * (head / 2));
}

session::session(const model& weights, index_t positions, const lb::thread_pool& threads)
    : model_(&weights), threads_(&threads), positions_(positions) {
  const config& c = weights.sizes;
  if (positions < 1 || positions > c.max_position_embeddings)
    fail(errc::out_of_range, "positions",
         message(positions,
                 ", expected 1 to max_position_embeddings = ", c.max_position_embeddings));

  constexpr index_t line = 16;  // floats of a cache line: every buffer starts on one
  index_t total = line;
  lay_out([&](index_t floats) -> float* {
    total += lb::ceil_div(floats, line) * line;
    return nullptr;
  });
  memory_.resize(static_cast<std::size_t>(total));
  const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(memory_.data());
  float* next = memory_.data() + (64 - address % 64) % 64 / sizeof(float);
  lay_out([&](index_t floats) {
    float* const buffer = next;
    next += lb::ceil_div(floats, line) * line;
    return buffer;
  });

  const index_t half = c.head_size() / 2;
  for (index_t position = 0; position < positions; ++position)
    for (index_t i = 0; i < half; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(c.head_size());
      const double angle = static_cast<double>(position) * std::pow(c.rope_theta, exponent);
      cosines_[position * half + i] = static_cast<float>(std::cos(angle));
      sines_[position * half + i] = static_cast<float>(std::sin(angle));
    }
}

lb::matrix_view<const float> session::read(lb::span<const std::uint8_t> tokens) {
  if (tokens.size() > positions_ - length_)
    fail(errc::out_of_range, "tokens",
         message(tokens.size(), " after ", length_, ", expected at most ", positions_, " in all"));
  const config& c = model_->sizes;
  now_ = tokens.size();
  for (index_t t = 0; t < now_; ++t)
    std::memcpy(stream_ + t * c.hidden_size, model_->embedding.data() + tokens[t] * c.hidden_size,
                static_cast<std::size_t>(c.hidden_size) * sizeof(float));
  for (index_t layer = 0; layer < c.num_hidden_layers; ++layer) {
    run_attention(layer);
    run_mlp(layer);
  }
  normalize(model_->final_norm);
  model_->head.multiply(rows(normed_, c.hidden_size), rows(logits_, c.vocab_size), *threads_);
  length_ += now_;
  return rows(logits_, c.vocab_size);
}

/// normed = rms_norm(stream) * weight
void session::normalize(const std::vector<float>& weight) {
  const index_t width = model_->sizes.hidden_size;
  const float eps = static_cast<float>(model_->sizes.rms_norm_eps);
  threads_->for_each(now_, [&](index_t t) {
    host_kernels().rms_norm(stream_ + t * width, weight.data(), eps, width, normed_ + t * width);
  });
}

/// stream += normed, which holds the output of a layer here
void session::add_to_stream() {
  const index_t width = model_->sizes.hidden_size;
  threads_->for_each(now_, [&](index_t t) {
    host_kernels().add(stream_ + t * width, normed_ + t * width, width);
  });
}

void session::run_attention(index_t layer) {
  const config& c = model_->sizes;
  const block& weights = model_->blocks[static_cast<std::size_t>(layer)];
  normalize(weights.input_norm);
  const lb::matrix_view<float> qkv[] = {rows(queries_, c.hidden_size), rows(keys_, c.kv_size()),
                                        rows(values_, c.kv_size())};
  weights.qkv->apply(rows(normed_, c.hidden_size), qkv, *threads_, scratch_);
  store_keys_and_values(layer);
  threads_->for_each(c.num_attention_heads, [&](index_t head) { attend(layer, head); });
  const lb::matrix_view<float> out[] = {rows(normed_, c.hidden_size)};
  weights.o->apply(rows(attended_, c.hidden_size), out, *threads_, scratch_);
  add_to_stream();
}

void session::run_mlp(index_t layer) {
  const config& c = model_->sizes;
  const block& weights = model_->blocks[static_cast<std::size_t>(layer)];
  normalize(weights.post_attention_norm);
  const index_t width = c.intermediate_size;
  const lb::matrix_view<float> gate_up[] = {rows(gate_, width), rows(up_, width)};
  weights.gate_up->apply(rows(normed_, c.hidden_size), gate_up, *threads_, scratch_);
  threads_->for_each(now_, [&](index_t t) {
    host_kernels().silu_product(gate_ + t * width, up_ + t * width, width);
  });
  const lb::matrix_view<float> out[] = {rows(normed_, c.hidden_size)};
  weights.down->apply(rows(gate_, width), out, *threads_, scratch_);
  add_to_stream();
}

/// Rotates the new keys and appends them, and the new values, to the caches of their heads.
void session::store_keys_and_values(index_t layer) {
  const config& c = model_->sizes;
  const index_t size = c.head_size(), half = size / 2, row = padded(positions_);
  threads_->for_each(c.num_key_value_heads, [&](index_t head) {
    const index_t cached = layer * c.num_key_value_heads + head;
    float* const keys = key_cache_ + cached * size * row;
    float* const values = value_cache_ + cached * positions_ * padded(size);
    for (index_t t = 0; t < now_; ++t) {
      const index_t position = length_ + t, from = t * c.kv_size() + head * size;
      host_kernels().rotate(keys_ + from, cosines_ + position * half, sines_ + position * half,
                            half);
      for (index_t i = 0; i < size; ++i) keys[i * row + position] = keys_[from + i];
      std::memcpy(values + position * padded(size), values_ + from,
                  static_cast<std::size_t>(size) * sizeof(float));
    }
  });
}

/// Causal attention of one head: every new token looks at itself and all tokens before it.
void session::attend(index_t layer, index_t head) {
  const config& c = model_->sizes;
  const kernels& host = host_kernels();
  const index_t size = c.head_size(), half = size / 2, row = padded(positions_);
  const index_t shared_by = c.num_attention_heads / c.num_key_value_heads;
  const index_t cached = layer * c.num_key_value_heads + head / shared_by;
  const float* const keys = key_cache_ + cached * size * row;
  const float* const values = value_cache_ + cached * positions_ * padded(size);
  float* const scores = scores_ + head * query_block * row;
  const float scale = 1 / std::sqrt(static_cast<float>(size));

  for (index_t first = 0; first < now_; first += query_block) {
    const index_t queries = lb::min_of(query_block, now_ - first);
    const index_t visible = length_ + first + queries;  // for the last of them
    float* const query = queries_ + first * c.hidden_size + head * size;
    for (index_t q = 0; q < queries; ++q) {
      const index_t angle = (length_ + first + q) * half;
      host.rotate(query + q * c.hidden_size, cosines_ + angle, sines_ + angle, half);
    }
    host.multiply(queries, visible, size, query, c.hidden_size, keys, row, scores, row);
    for (index_t q = 0; q < queries; ++q)
      host.softmax(scores + q * row, length_ + first + q + 1, visible, scale);
    host.multiply(queries, size, visible, scores, row, values, padded(size),
                  attended_ + first * c.hidden_size + head * size, c.hidden_size);
  }
}

}  // namespace tiny_lm
