// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/per.hpp"
#include "../ranges/matrix_offset.hpp"
#include "one.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The levels of `Number` displaced by one offset for the whole matrix: x = S L + M, with S from
/// the granularity and M in one f32. Made for scales that are quantized in their turn, which lie in
/// a narrow band away from 0. M is found by `matrix_offset`.
template <number Number>
struct displaced : Number {
  static constexpr auto name = "displaced<" + (Number::name + ">");
  static constexpr zero_kind zero = zero_kind::minimum;
  using zero_number = scaled<one, per_tensor::with<f32>>;
  using range = matrix_offset;
};

}  // namespace lowbit::inline LOWBIT_ABI
