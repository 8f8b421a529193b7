// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "per.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Codes of a narrow number with one f32 scale for all of them.
template <class Number>
using tensor_scaled = scaled<Number, per_tensor::with<f32>>;

namespace detail {
template <int G, class ScaleNumber>
struct microscaling_select {
  using type = per_group<G, tensor_scaled<ScaleNumber>>;
};
template <int G>
struct microscaling_select<G, e8m0> {
  using type = per_group<G, e8m0>;
};
}  // namespace detail

/// Blocks of G values along a row with an 8-bit scale: `microscaling<32>` is OCP's MX (a power of
/// two), `microscaling<16, e4m3>` NVFP4 (an e4m3 times one f32 for the matrix; any other number is
/// stored likewise). bits per weight: 8 / G above the codes, and 32 for the matrix.
template <int G, class ScaleNumber = e8m0>
using microscaling = typename detail::microscaling_select<G, ScaleNumber>::type;

}  // namespace lowbit::inline LOWBIT_ABI
