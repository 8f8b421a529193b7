// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Other libraries whose products are measured beside lowbit's. Each comes in a module of its own,
// loaded at run time: ggml and ik_llama.cpp have functions of the same names.
#pragma once
#include <lowbit/core/matrix_view.hpp>
#include <memory>
#include <string>
#include <vector>

namespace lowbit_bench {

namespace lb = lowbit;
using lb::index_t;

/// A product with matrices that take turns, one in every call.
class peer_product {
 public:
  virtual ~peer_product() = default;
  virtual void multiply() = 0;
  /// Whether products come out: a library may lack a kernel of this machine for one of its types.
  virtual bool works() = 0;
};

/// A way to store weights. A matrix has whole multiples of so many rows and columns.
struct peer_type {
  std::string name;
  index_t rows_step, cols_step;
};

/// A library. Types are known by their place in `types`.
class peer {
 public:
  virtual ~peer() = default;
  virtual std::string name() const = 0;
  virtual const std::vector<peer_type>& types() const = 0;
  /// What one matrix takes.
  virtual index_t bytes(std::size_t type, lb::extent shape) const = 0;
  /// Null where the library does not store the type on this machine.
  virtual std::unique_ptr<peer_product> product(std::size_t type, lb::extent shape,
                                                index_t matrices, index_t tokens, int threads) = 0;
};

}  // namespace lowbit_bench

/// What a module exports.
extern "C" __attribute__((visibility("default"))) lowbit_bench::peer* lowbit_bench_peer();
