// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "dense.hpp"

namespace tiny_lm {

/// The linear layers that read one input: {q, k, v}, {o}, {gate, up} or {down}. They are one object
/// so that what a format prepares of an input (its int8 form, its rotation) is made once for all.
/// This is all that the model knows of its weights.
class linear_group {
 public:
  virtual ~linear_group() = default;

  /// Y_i = X W_i^T for every layer i; X is tokens x inputs, Y_i tokens x outputs of layer i. Safe
  /// to call from several threads at once.
  virtual void apply(lb::matrix_view<const float> x, lb::span<const lb::matrix_view<float>> y,
                     const lb::thread_pool& threads) const = 0;

  /// Bytes that the weights occupy in memory.
  virtual index_t bytes() const = 0;
};

/// Weights in float32.
class dense_group : public linear_group {
 public:
  explicit dense_group(std::vector<dense_matrix> layers) : layers_(std::move(layers)) {}

  void apply(lb::matrix_view<const float> x, lb::span<const lb::matrix_view<float>> y,
             const lb::thread_pool& threads) const override {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      layers_[i].multiply(x, y[static_cast<index_t>(i)], threads);
  }
  index_t bytes() const override {
    index_t sum = 0;
    for (const dense_matrix& m : layers_) sum += m.bytes();
    return sum;
  }

 private:
  std::vector<dense_matrix> layers_;
};

}  // namespace tiny_lm
