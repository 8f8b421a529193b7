// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "launch.hpp"
#include "row_inputs.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Activations quantized to the int8 format A, for products that read them row by row.
template <class A>
class quantized_rows {
 public:
  quantized_rows(index_t cols, index_t tokens, detail::carver& memory) {
    constexpr int width = A::granularity_type::block_cols;
    rows_.tokens = tokens;
    rows_.cols = cols;
    rows_.stride = ceil_div(cols, 4) * 4;
    rows_.width = width == whole ? (cols > 0 ? cols : 1) : index_t(width);
    rows_.groups = ceil_div(cols, rows_.width);
    rows_.levels = levels_ = memory.take<std::int8_t>(tokens * rows_.stride);
    rows_.scales = scales_ = memory.take<float>(tokens * rows_.groups);
  }
  /// `values`, rows `stride` apart, get what the levels stand for; null: nothing does.
  template <class Launcher, class T>
  void run(const Launcher& to, const device_int8<A, T>& x, float* values, index_t stride) const {
    launch_on(to, quantize_levels<A>{}, rows_.tokens * rows_.groups, 1, x.x.data(), x.x.stride(),
              rows_, levels_, scales_, values, stride);
  }
  const level_rows& rows() const { return rows_; }

 private:
  level_rows rows_;
  std::int8_t* levels_ = nullptr;
  float* scales_ = nullptr;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
