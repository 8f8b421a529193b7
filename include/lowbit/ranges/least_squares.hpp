// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "extremes.hpp"
#include "group_error.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Alternates codes and parameters: the codes nearest under the parameters, then the parameters
/// that minimise the squared error of these codes (weighted by importance):
///   no zero       S = sum w L x / sum w L^2
///   integer zero  the same with L - Z, Z as it started
///   real zero, minimum   the regression line of x over L
/// Each pair is stored and judged, and the walk ends, at the latest after `rounds`, where the error
/// no longer falls: the result is never worse than that of `start` (absmax or minmax by default;
/// `least_squares{mse_grid{}}` starts at a better place).
/// All zero, empty, or a group that becomes one level: as the start.
template <class Start = extremes>
struct least_squares : range_search {
  Start start;
  int rounds;
  explicit constexpr least_squares(Start s = {}, int most_rounds = 20)
      : start(s), rounds(most_rounds) {}

  template <class Q>
    requires(range_for<Start, Q> && range_for<extremes, Q> && dim_of<Q> == 1 && !has_state<Q> &&
             selectors_of<Q> == 0)
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> best = start.template fit<Q>(g);
    best.scale[0] = g.stored_scale(best.scale[0]);
    double least = group_error(g, best);
    for (int round = 0; round < rounds && least > 0; ++round) {
      const group_params<Q> p = refit<Q>(g, best);
      const double error = group_error(g, p);
      if (!(error < least)) break;
      least = error;
      best = p;
    }
    return best;
  }

 private:
  /// The best parameters for the codes that p gives.
  template <class Q>
  static group_params<Q> refit(const group_values<Q>& g, const group_params<Q>& p) {
    const auto level = [&](index_t i) {
      const code_t code = encode_in<Q>(Q{}, normalize<Q>(g.values[i], p), p);
      const value_of<Q> l = decode_in<Q>(Q{}, code, p);
      if constexpr (zero_of<Q> == zero_kind::integer)
        return sub_rn(l, p.zero);
      else
        return l;
    };
    if constexpr (zero_of<Q> == zero_kind::real || zero_of<Q> == zero_kind::minimum)
      return regression<Q>(g, p, level);
    else {
      const double lx = weighted_sum(g, level, [&](index_t i) { return g.values[i]; });
      const double ll = weighted_sum(g, level, level);
      group_params<Q> better = p;
      if (ll > 0) better.scale[0] = g.stored_scale(float(lx / ll));
      return better;
    }
  }

  /// S and the intercept M of x = S L + M, deviations from the means being taken as binary32.
  template <class Q, class Level>
  static group_params<Q> regression(const group_values<Q>& g, const group_params<Q>& p,
                                    Level level) {
    const auto one_each = [](index_t) { return 1.f; };
    const double total = weighted_sum(g, one_each, one_each);
    if (!(total > 0)) return p;
    const float mean_l = float(weighted_sum(g, one_each, level) / total);
    const float mean_x =
        float(weighted_sum(g, one_each, [&](index_t i) { return g.values[i]; }) / total);
    const auto dl = [&](index_t i) { return sub_rn(level(i), mean_l); };
    const auto dx = [&](index_t i) { return sub_rn(g.values[i], mean_x); };
    const double ll = weighted_sum(g, dl, dl);
    if (!(ll > 0)) return p;
    group_params<Q> better;
    const float s = g.stored_scale(float(weighted_sum(g, dl, dx) / ll));
    better.scale[0] = s;
    if (s == 0) return p;
    if constexpr (zero_of<Q> == zero_kind::minimum) {
      const float m = fma_rn(-s, mean_l, mean_x);
      better.zero = g.stored_zero(g.contains_zero && m > 0 ? 0 : m);
    } else {
      const float z = sub_rn(mean_l, div_rn(mean_x, s));
      better.zero = g.stored_zero(g.contains_zero && z < 0 ? 0 : z);
    }
    return better;
  }

  /// sum w a b; every product is exact in binary64.
  template <class Q, class A, class B>
  static double weighted_sum(const group_values<Q>& g, A a, B b) {
    return ordered_sum(g.values.size(), [&](index_t i) {
      const auto x = a(i), y = b(i);
      const float w = g.weight(i);
      if constexpr (std::same_as<decltype(x), const float>)
        return double(mul_rn(w, x)) * double(y);
      else
        return double(mul_rn(w, x.re)) * double(y.re) + double(mul_rn(w, x.im)) * double(y.im);
    });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
