// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/storage/any_matrix.hpp>
#include <vector>

#include "dense.hpp"
#include "device_layer.hpp"

namespace tiny_lm {

/// What products need beside their operands; every session has its own. It grows during the first
/// product of each shape and then stays.
struct scratch {
  lb::prepared<> real;        // activations as they are
  lb::prepared<lb::a8> int8;  // activations quantized to int8
  lb::workspace work;
  std::unique_ptr<device_memory> device;  // where products run on a device

  index_t bytes() const {
    return real.bytes() + int8.bytes() + work.size() + (device ? device->bytes() : 0);
  }
};

/// The linear layers that read one input: {q, k, v}, {o}, {gate, up} or {down}. They are one object
/// so that what is prepared of an input (its int8 form, say) is prepared once for all. This is all
/// that the model knows of its weights.
class linear_group {
 public:
  virtual ~linear_group() = default;

  /// Y_i = X W_i^T for every layer i; X is tokens x inputs, Y_i tokens x outputs of layer i. Safe
  /// to call from several threads at once, each with a scratch of its own.
  virtual void apply(lb::matrix_view<const float> x, lb::span<const lb::matrix_view<float>> y,
                     const lb::thread_pool& threads, scratch& memory) const = 0;

  /// Bytes that the weights occupy in memory.
  virtual index_t bytes() const = 0;
};

/// Weights in float32.
class dense_group : public linear_group {
 public:
  explicit dense_group(std::vector<dense_matrix> layers) : layers_(std::move(layers)) {}

  void apply(lb::matrix_view<const float> x, lb::span<const lb::matrix_view<float>> y,
             const lb::thread_pool& threads, scratch&) const override {
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

/// Weights in any format of lowbit, packed; `int8` quantizes the activations too. The products
/// decode the weights on their way, nothing keeps them decoded.
class packed_group : public linear_group {
 public:
  packed_group(std::vector<lb::any_matrix> layers, bool int8)
      : layers_(std::move(layers)), int8_(int8) {}

  void apply(lb::matrix_view<const float> x, lb::span<const lb::matrix_view<float>> y,
             const lb::thread_pool& threads, scratch& memory) const override {
    if (int8_)
      multiply(memory.int8, x, y, threads, memory.work);
    else
      multiply(memory.real, x, y, threads, memory.work);
  }
  index_t bytes() const override {
    index_t sum = 0;
    for (const lb::any_matrix& m : layers_) sum += m.bytes();
    return sum;
  }

 private:
  template <class Prepared>
  void multiply(Prepared& input, lb::matrix_view<const float> x,
                lb::span<const lb::matrix_view<float>> y, const lb::thread_pool& threads,
                lb::workspace& work) const {
    input.assign(x);
    for (std::size_t i = 0; i < layers_.size(); ++i)
      lb::gemm(layers_[i], input, y[static_cast<index_t>(i)], threads, work);
  }

  std::vector<lb::any_matrix> layers_;
  bool int8_;
};

/// Weights packed in the memory of a device, whose products run there.
class device_group : public linear_group {
 public:
  device_group(std::vector<std::unique_ptr<device_layer>> layers, activations input)
      : layers_(std::move(layers)), input_(input) {}

  void apply(lb::matrix_view<const float> x, lb::span<const lb::matrix_view<float>> y,
             const lb::thread_pool&, scratch& memory) const override {
    for (std::size_t i = 0; i < layers_.size(); ++i)
      layers_[i]->multiply(x, input_, y[static_cast<index_t>(i)], memory.device);
  }
  index_t bytes() const override {
    index_t sum = 0;
    for (const auto& layer : layers_) sum += layer->bytes();
    return sum;
  }

 private:
  std::vector<std::unique_ptr<device_layer>> layers_;
  activations input_;
};

}  // namespace tiny_lm
