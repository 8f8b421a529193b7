// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products of complex matrices on tensor cores, axis by axis.
#pragma once
#include "tensor_plan.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Complex rows as real ones, two for each: `plain` are the real and the imaginary parts, `turned`
/// those of i x.
struct split_axes {
  static constexpr int max_warps = 8, min_blocks = 1;

  template <class Block>
  LOWBIT_HD void operator()(Block& block, const device_rows<complex32> x, float* plain,
                            float* turned) const {
    using W = typename Block::warp;
    block.phase_nosync([&](W w, int i) {
      w.lanes([&](int l) {
        const index_t step = index_t(block.count()) * block.warps() * warp_size;
        index_t e = (index_t(block.index()) * block.warps() + i) * warp_size + l;
        for (; e < x.tokens * x.cols; e += step) {
          const index_t t = e / x.cols, c = e % x.cols;
          const complex32 v = x.data[t * x.stride + c];
          const index_t re = 2 * t * x.cols + c, im = re + x.cols;
          plain[re] = v.re;
          plain[im] = v.im;
          turned[re] = -v.im;
          turned[im] = v.re;
        }
      });
    });
  }
};

/// W X = (real parts of W) X + (imaginary parts of W) (i X): two products with the same codes, each
/// of real levels, for twice the tokens.
template <class View>
class axis_plan {
 public:
  axis_plan(const View& w, index_t tokens, detail::carver& memory)
      : re_(axis_view<View, 0>(w), 2 * tokens, memory),
        im_(axis_view<View, 1>(w), 2 * tokens, memory) {
    plain_ = memory.take<float>(2 * tokens * w.cols());
    turned_ = memory.take<float>(2 * tokens * w.cols());
  }
  template <class Launcher>
  void run(const Launcher& to, const device_real<complex32>& x, matrix_view<complex32> y,
           update factors, unsigned* counters) const {
    const device_rows<complex32> rows{x.x.data(), x.x.stride(), x.x.cols(), int(x.x.rows())};
    launch_on(to, split_axes{}, x.x.rows() * x.x.cols(), warp_size, rows, plain_, turned_);
    const auto real_rows = [&](const float* from) {
      return device_real<float>{
          matrix_view<const float>(from, 2 * x.x.rows(), x.x.cols())};
    };
    re_.run(to, real_rows(plain_), y, factors, counters);
    im_.run(to, real_rows(turned_), y, {factors.alpha, 1}, counters);
  }

 private:
  real_tensor_plan<axis_view<View, 0>, float> re_;
  real_tensor_plan<axis_view<View, 1>, float> im_;
  float* plain_;
  float* turned_;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
