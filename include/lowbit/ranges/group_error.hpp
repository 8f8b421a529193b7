// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a group loses under given parameters: what searches compare.
#pragma once
#include "../kernels/host/encoders.hpp"
#include "../quantizers/code_rule.hpp"
#include "group_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// Kernels know how Q encodes and decodes.
template <class Q>
concept sums_errors = std::same_as<code_rule_of<Q>, kernels::affine_rule> ||
    (std::same_as<code_rule_of<Q>, kernels::point_rule> && !has_zero<Q>);
}  // namespace detail

/// What the value x of a group becomes under given parameters.
template <class Q>
LOWBIT_HD value_of<Q> coded_value(value_of<Q> x, const group_params<Q>& p) {
  static_assert(!has_state<Q>,
                "lowbit: a search that tries levels needs them in the type; learned levels come "
                "after the ranges");
  const code_t code = encode_in<Q>(Q{}, normalize<Q>(x, p), p);
  return reconstruct<Q>(decode_in<Q>(Q{}, code, p), p);
}

/// Weighted squared error of value i under given parameters, as a product that is exact in
/// binary64.
template <class Q>
LOWBIT_HD double value_error(const group_values<Q>& g, const group_params<Q>& p, index_t i) {
  const float weight = g.weight(i);
  const auto square = [&](float d) { return double(mul_rn(weight, d)) * double(d); };
  const value_of<Q> x = g.values[i], y = coded_value<Q>(x, p);
  if constexpr (std::same_as<value_of<Q>, float>)
    return square(sub_rn(x, y));
  else
    return square(sub_rn(x.re, y.re)) + square(sub_rn(x.im, y.im));
}

namespace detail {
template <class Q>
double error_by_kernel(const group_values<Q>& g, const group_params<Q>& p) {
  static const auto rule = code_rule<Q>();
  return kernels::sum_errors<zero_of<Q>, code_rule_of<Q>>(g.target)(
      g.values.data(), g.importance.empty() ? nullptr : g.importance.data(), g.values.size(),
      g.moderate, p.scale[0], p.zero, rule);
}
}  // namespace detail

/// Squared error of a group under given parameters, weighted; in binary64, in a fixed order.
LOWBIT_TRUST_CALLEES
template <class Q>
LOWBIT_HD double group_error(const group_values<Q>& g, const group_params<Q>& p) {
#if !defined(__CUDA_ARCH__)  // kernels are the host's
  if constexpr (detail::sums_errors<Q>)
    if (g.target != arch::runtime) return detail::error_by_kernel(g, p);
#endif
  return ordered_sum(g.values.size(), [&](index_t i) { return value_error(g, p, i); });
}

}  // namespace lowbit::inline LOWBIT_ABI
