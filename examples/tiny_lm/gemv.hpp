// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dense.hpp"
#include "formats.hpp"

namespace tiny_lm {

/// Times of one product, in microseconds.
struct gemv_times {
  double format_us = 0;
  double f32_us = 0;
};

/// Times products with a layer of 14336 x 4096, batch 1, on one thread. Holds such a layer in
/// float32, larger than any cache, that every format is measured beside.
class gemv_timer {
 public:
  gemv_timer();

  /// The least time of several products with random valid codes and scales; nothing is encoded.
  gemv_times time(const weight_format& format, activations input) const;

 private:
  std::vector<float> x_;
  dense_matrix f32_;
};

}  // namespace tiny_lm
