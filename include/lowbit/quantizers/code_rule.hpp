// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a quantizer's encode is computed for many values at a time.
#pragma once
#include "../kernels/host/encode_ops.hpp"
#include "minifloat.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

// A rule is about one encode: a quantizer that derives from another and has its own has no rule.

/// encode(u) = clamp(round(u + rounding_shift) + zero_code, lowest_code, 2^bits - 1).
template <class Q>
concept encodes_in_steps = std::same_as<strategy_of<Q>, affine_codes> && Q::bits <= 8 && requires {
  requires Q::encodes_in_steps == &Q::encode;
};
/// Of two positions, in the order of their bits, the larger never gets the code of a lower level.
template <class Q>
concept encodes_in_order = dim_of<Q>
== 1 && !has_state<Q> && !has_selectors<Q> && requires {
  requires Q::encodes_in_order == &Q::encode;
};
template <class Q>
concept encodes_fields =
    encodes_in_order<Q> && std::same_as<strategy_of<Q>, field_codes> && requires {
  Q::peak_code;
  requires Q::mantissa_bits >
  0 && (Q::bits <= 8 || Q::bits == 16);
};

/// The points of a quantizer that encodes in order, found by halving.
template <class Q>
kernels::point_rule find_points() {
  const auto code_at = [](std::int32_t key) {
    const std::int32_t bits = kernels::ordered_bits(key);
    return Q{}.encode(bits_as<float>(bits));
  };
  constexpr std::int32_t last = 0x7f800000, first = kernels::ordered_bits(std::int32_t(0xff800000));
  kernels::point_rule rule;
  std::int32_t low = first;
  for (int i = 0; i < 16; ++i) {
    const code_t code = code_at(low);
    std::int32_t point = last;
    if (code_at(last) != code) {
      std::int32_t inside = low, outside = last;
      while (std::int64_t(outside) - inside > 1) {
        const auto middle = std::int32_t((std::int64_t(inside) + outside) >> 1);
        (code_at(middle) == code ? inside : outside) = middle;
      }
      point = inside;
      low = outside;
    }
    rule.points[i] = point;
    rule.codes[i] = std::uint8_t(code);
    rule.levels[i] = Q{}.decode(code);
  }
  return rule;
}

/// No rule: code by code.
struct no_rule {};

}  // namespace detail

/// The rule by which kernels encode Q: detail::no_rule, where they know none.
template <class Q>
auto code_rule() {
  if constexpr (detail::encodes_in_steps<Q>) {
    constexpr float zero = float(Q::zero_code);
    return kernels::affine_rule{Q::rounding_shift, float(Q::lowest_code) - zero,
                                float((1 << Q::bits) - 1) - zero, zero + Q::intercept,
                                Q::zero_code};
  } else if constexpr (detail::encodes_in_order<Q> && Q::bits <= 4) {
    static const kernels::point_rule rule = detail::find_points<Q>();
    return rule;
  } else if constexpr (detail::encodes_fields<Q>) {
    return kernels::field_rule{Q::exponent_bits, Q::mantissa_bits, Q::bias, Q::is_signed,
                               std::int32_t(Q::peak_code)};
  } else {
    return detail::no_rule{};
  }
}
template <class Q>
using code_rule_of = decltype(code_rule<Q>());
template <class Q>
inline constexpr bool has_code_rule = !std::same_as<code_rule_of<Q>, detail::no_rule>;

}  // namespace lowbit::inline LOWBIT_ABI
