// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../core/complex.hpp"
#include "../exec/warp.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// reduce_add of values of a matrix: complex ones part by part.
template <warp W, class Var>
LOWBIT_HD Var sum_of_lanes(const W& w, const Var& v) {
  using T = std::remove_cvref_t<decltype(v[0])>;
  if constexpr (std::same_as<T, complex32>) {
    typename W::template var<float> re, im;
    w.lanes([&](int l) {
      re[l] = v[l].re;
      im[l] = v[l].im;
    });
    re = reduce_add(w, re);
    im = reduce_add(w, im);
    Var sum;
    w.lanes([&](int l) { sum[l] = {re[l], im[l]}; });
    return sum;
  } else {
    return reduce_add(w, v);
  }
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
