// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/storage/quantized_matrix.hpp>
#include <memory>

#include "options.hpp"

namespace tiny_lm {

namespace lb = lowbit;
using lb::index_t;

/// Memory of a device for the products of one session; grows as products need it.
class device_memory {
 public:
  virtual ~device_memory() = default;
  virtual index_t bytes() const = 0;
};

/// A packed matrix in the memory of a device.
class device_layer {
 public:
  virtual ~device_layer() = default;

  virtual lb::extent shape() const = 0;
  virtual index_t bytes() const = 0;
  /// Y = X W^T, x and y in the host's memory: returns when y is there. `memory` is made by the
  /// first product that sees it. Safe to call from several threads, each with a memory of its own.
  virtual void multiply(lb::matrix_view<const float> x, activations input, lb::matrix_view<float> y,
                        std::unique_ptr<device_memory>& memory) const = 0;
};

/// A layer of the format F. The runner says where it lies and what multiplies:
///
///   Runner::matrix<F>   is made of a quantized_matrix<F>; has view(), a device view, and bytes()
///   Runner::session     is a device_memory with multiply(view, x, input, y)
template <class Runner, lb::format_like F>
class layer_on : public device_layer {
 public:
  explicit layer_on(const lb::quantized_matrix<F>& w) : matrix_(w) {}

  lb::extent shape() const override { return matrix_.view().shape(); }
  index_t bytes() const override { return matrix_.bytes(); }
  void multiply(lb::matrix_view<const float> x, activations input, lb::matrix_view<float> y,
                std::unique_ptr<device_memory>& memory) const override {
    using session = typename Runner::session;
    if (memory == nullptr) memory = std::make_unique<session>();
    static_cast<session&>(*memory).multiply(matrix_.view(), x, input, y);
  }

 private:
  typename Runner::template matrix<F> matrix_;
};

}  // namespace tiny_lm
