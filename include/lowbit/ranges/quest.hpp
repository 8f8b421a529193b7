// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantizers/minifloat.hpp"
#include "std_const.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Which of QuEST's constants: as released, or the exact optima for normal values (from 6 bits on
/// the released ones stopped short of them, for 0.2 % of squared error at most).
enum class quest_constants { released, exact };

/// QuEST's clip as a multiple of the RMS, for centred levels of 1..8 bits (1: +-1).
constexpr float quest_clip(int bits, quest_constants which = quest_constants::released) {
  constexpr float released[] = {0.7978845587f, 1.4935346200f, 2.0510683541f, 2.5139305786f,
                                2.9160938835f, 3.2765972826f, 3.6010497188f, 3.8849386788f};
  constexpr float exact[] = {0.797885f, 1.493530f, 2.051068f, 2.514005f,
                             2.916151f, 3.277985f, 3.611097f, 3.922204f};
  return which == quest_constants::released ? released[bits - 1] : exact[bits - 1];
}

namespace detail {
/// The levels of Q, or what QuEST has a constant for: -1 for ternary, -2 for E2M1, else bits; 0:
/// none.
template <class Q>
constexpr int quest_case() {
  if constexpr (std::same_as<Q, fp4_e2m1>)
    return -2;
  else if constexpr (std::same_as<strategy_of<Q>, affine_codes> && Q::bits <= 8) {
    // centred: levels on both sides in steps, none of them zero
    if (2 * Q::intercept == -float((1 << Q::bits) - 1) * Q::slope) return Q::bits;
    if (Q::bits == 2 && Q::intercept == -Q::slope && peak_of<Q> == Q::slope) return -1;
    return 0;
  } else
    return 0;
}
}  // namespace detail

/// QuEST's fixed clip: S = alpha RMS / peak with the constant of the level set: uniform<B, centred>
/// of 2..8 bits (step 2 alpha RMS / (2^B - 1)), binary, ternary and fp4_e2m1. The 1e-8 that the
/// release adds to the clip only keeps an all-zero row from dividing by 0; here it has S = 0 and is
/// exact. QuEST means the values to be Hadamard-transformed first.
/// Source: QuEST (arXiv 2502.05003), src/models/quantization/base_linear.py.
struct quest : range_search {
  quest_constants constants;
  explicit constexpr quest(quest_constants which = quest_constants::released) : constants(which) {}

  template <class Q>
    requires(range_for<rms, Q> && detail::quest_case<Q>() != 0)
  group_params<Q> fit(const group_values<Q>& g) const {
    return std_const(clip<Q>()).fit<Q>(g);
  }

 private:
  template <class Q>
  constexpr float clip() const {
    constexpr int which = detail::quest_case<Q>();
    if constexpr (which == -2)  // the release scales E2M1 by 0.48707976 RMS
      return constants == quest_constants::released ? 6 * 0.48707976f : 2.92248f;
    else if constexpr (which == -1)
      return constants == quest_constants::released ? 1.2240089519f : 1.224006f;
    else
      return quest_clip(which, constants);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
