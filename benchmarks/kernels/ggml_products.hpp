// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products by a library with ggml's C interface: ggml itself, and ik_llama.cpp's. They quantize
// activations themselves, in every call.
#pragma once
#include <ggml-alloc.h>
#include <ggml-backend.h>
#include <ggml.h>

#include <algorithm>
#include <cmath>

#include "peer.hpp"
#include "random_values.hpp"

namespace lowbit_bench {

template <auto Free>
struct freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using ggml_memory = std::unique_ptr<ggml_context, freer<ggml_free>>;
using ggml_buffer = std::unique_ptr<ggml_backend_buffer, freer<ggml_backend_buffer_free>>;

inline ggml_memory new_memory(index_t tensors) {
  return ggml_memory(ggml_init({std::size_t(tensors) * (ggml_tensor_overhead() + 64) +
                                    std::size_t(tensors) * ggml_graph_overhead_custom(8, false),
                                nullptr, true}));
}

/// A type of weights; `repack` asks for the layout that the library makes of it for its kernels.
struct ggml_weights_type {
  ggml_type type;
  bool repack = false;
};

/// Library says what differs:
///
///   name, types()              its name, a list of ggml_weights_type
///   buffer_type(repack)        where weights are allocated
///   quantize(type, values, packed, rows, cols, importance)
///   processor(threads)         an object with `backend`, which multiplies on so many threads
template <class Library>
class ggml_products : public peer {
 public:
  ggml_products() : list_(Library::types()) {
    for (const ggml_weights_type& t : list_) {
      const std::string type = ggml_type_name(t.type);
      types_.push_back(
          {type + (t.repack ? "_repack" : ""), rows_step(type), index_t(ggml_blck_size(t.type))});
    }
  }
  std::string name() const override { return Library::name; }
  const std::vector<peer_type>& types() const override { return types_; }
  index_t bytes(std::size_t type, lb::extent shape) const override {
    return index_t(ggml_row_size(list_[type].type, shape.cols)) * shape.rows;
  }
  std::unique_ptr<peer_product> product(std::size_t type, lb::extent shape, index_t matrices,
                                        index_t tokens, int threads) override {
    const weights& w = weights_of(type, shape, matrices);
    if (w.all.empty()) return nullptr;
    return std::make_unique<graphs>(w, shape.cols, tokens, threads);
  }

 private:
  /// Interleaved rows: as many as the name says, q4_0_r8.
  static index_t rows_step(const std::string& type) {
    const std::size_t at = type.rfind("_r");
    return at == std::string::npos || at + 2 == type.size() ? 1 : std::stoi(type.substr(at + 2));
  }

  struct weights {
    ggml_memory tensors;
    ggml_buffer memory;
    std::vector<ggml_tensor*> all;
    std::size_t type = 0;
    lb::extent shape{};
  };

  /// Kept until others are asked for: Google Benchmark calls a function several times. None where
  /// ggml does not repack the type on this machine.
  const weights& weights_of(std::size_t type, lb::extent shape, index_t matrices) {
    if (index_t(kept_.all.size()) == matrices && kept_.type == type && kept_.shape == shape)
      return kept_;
    kept_ = weights{};
    const ggml_type t = list_[type].type;
    kept_.tensors = new_memory(matrices);
    for (index_t i = 0; i < matrices; ++i)
      kept_.all.push_back(ggml_new_tensor_2d(kept_.tensors.get(), t, shape.cols, shape.rows));
    kept_.memory.reset(ggml_backend_alloc_ctx_tensors_from_buft(
        kept_.tensors.get(), Library::buffer_type(list_[type].repack)));
    if (list_[type].repack && kept_.all[0]->extra == nullptr) {
      kept_ = weights{};
      return kept_;
    }
    // 64 different rows are quantized, for some types take seconds per matrix.
    const index_t rows = lb::min_of(shape.rows, 64), size = bytes(type, shape);
    const std::vector<float> values = random_values(rows * shape.cols);
    const std::vector<float> importance(std::size_t(shape.cols), 1.f);
    std::vector<std::uint8_t> packed;
    packed.resize(std::size_t(size));
    Library::quantize(t, values.data(), packed.data(), rows, shape.cols, importance.data());
    const std::size_t row = std::size_t(size / shape.rows);
    for (std::size_t r = std::size_t(rows); r < std::size_t(shape.rows); ++r)
      std::copy_n(packed.data() + (r % std::size_t(rows)) * row, row, packed.data() + r * row);
    for (ggml_tensor* w : kept_.all)
      ggml_backend_tensor_set(w, packed.data(), 0, std::size_t(size));
    kept_.type = type;
    kept_.shape = shape;
    return kept_;
  }

  /// A graph of one product for each matrix.
  class graphs : public peer_product {
   public:
    graphs(const weights& w, index_t cols, index_t tokens, int threads)
        : cpu_(threads), tensors_(new_memory(index_t(w.all.size()) + 8)) {
      ggml_tensor* const x = ggml_new_tensor_2d(tensors_.get(), GGML_TYPE_F32, cols, tokens);
      for (ggml_tensor* t : w.all) {
        calls_.push_back(ggml_new_graph_custom(tensors_.get(), 8, false));
        result_ = ggml_mul_mat(tensors_.get(), t, x);
        ggml_build_forward_expand(calls_.back(), result_);
      }
      memory_.reset(ggml_backend_alloc_ctx_tensors(tensors_.get(), cpu_.backend));
      const std::vector<float> values = random_values(tokens * cols);
      ggml_backend_tensor_set(x, values.data(), 0, ggml_nbytes(x));
    }
    void multiply() override {
      ggml_backend_graph_compute(cpu_.backend, calls_[next_++ % calls_.size()]);
    }
    bool works() override {
      std::vector<float> y(std::size_t(ggml_nelements(result_)), NAN);
      ggml_backend_tensor_set(result_, y.data(), 0, ggml_nbytes(result_));
      ggml_backend_graph_compute(cpu_.backend, calls_.back());
      ggml_backend_tensor_get(result_, y.data(), 0, ggml_nbytes(result_));
      return std::all_of(y.begin(), y.end(), [](float v) { return std::isfinite(v); });
    }

   private:
    typename Library::processor cpu_;
    ggml_memory tensors_;
    ggml_buffer memory_;
    std::vector<ggml_cgraph*> calls_;
    ggml_tensor* result_ = nullptr;  // of the last one
    std::size_t next_ = 0;
  };

  std::vector<ggml_weights_type> list_;
  std::vector<peer_type> types_;
  weights kept_;
};

}  // namespace lowbit_bench
