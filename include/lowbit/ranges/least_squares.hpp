// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "extremes.hpp"
#include "group_error.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The level L that a value of a group gets under given parameters, less the zero where that is an
/// integer.
template <class Q>
LOWBIT_HD float coded_level(float x, const group_params<Q>& p) {
  const float level = decode_in<Q>(Q{}, encode_in<Q>(Q{}, normalize<Q>(x, p), p), p);
  return zero_of<Q> == zero_kind::integer ? sub_rn(level, p.zero) : level;
}

/// The levels L of the values x of a group, and sums with the weights w: exact products in
/// binary64, added up in a fixed order (ordered_sum).
template <class Q>
class coded_levels {
 public:
  coded_levels(const group_values<Q>& g, const group_params<Q>& p)
      : x_(g.values.data()),
        w_(g.importance.empty() ? nullptr : g.importance.data()),
        n_(g.values.size()),
        sum_(kernels::sum_products(g.target)) {
    if (n_ > most) many_.resize(std::size_t(n_ + room));
    float* const to = n_ > most ? many_.data() : few_;
    levels_ = to;
    if constexpr (sums_errors<Q>)
      if (g.target != arch::runtime) {
        static const auto rule = code_rule<Q>();
        kernels::find_levels<zero_of<Q>, code_rule_of<Q>>(g.target)(x_, n_, g.moderate, p.scale[0],
                                                                    p.zero, rule, to);
        return;
      }
    for (index_t i = 0; i < n_; ++i) to[i] = coded_level<Q>(x_[i], p);
  }
  coded_levels(const coded_levels&) = delete;
  coded_levels& operator=(const coded_levels&) = delete;

  /// sum w (L - l0)^2 and sum w (L - l0) (x - x0).
  double squares(float l0) const { return sum_(levels_, l0, levels_, l0, w_, n_); }
  double products(float l0, float x0) const { return sum_(levels_, l0, x_, x0, w_, n_); }
  /// sum w, sum w L and sum w x.
  double total_weight() const { return w_ == nullptr ? double(n_) : weighted(nullptr); }
  double total() const { return weighted(levels_); }
  double total_x() const { return weighted(x_); }

 private:
  static constexpr index_t most = 256, room = 64;

  double weighted(const float* v) const {
    return w_ == nullptr ? sum_(v, 0, nullptr, 0, nullptr, n_) : sum_(w_, 0, v, 0, nullptr, n_);
  }

  const float *x_, *w_, *levels_;
  index_t n_;
  kernels::product_kernel* sum_;
  alignas(64) float few_[most + room];
  std::vector<float> many_;
};

/// The same sums without memory, for any machine: every level is found anew for each of them.
template <class Q>
struct levels_by_value {
  const group_values<Q>& g;
  const group_params<Q>& p;

  LOWBIT_HD double squares(float l0) const {
    return sum([&](index_t i) {
      const float d = sub_rn(level(i), l0);
      return double(mul_rn(g.weight(i), d)) * double(d);
    });
  }
  LOWBIT_HD double products(float l0, float x0) const {
    return sum([&](index_t i) {
      return double(mul_rn(g.weight(i), sub_rn(level(i), l0))) * double(sub_rn(g.values[i], x0));
    });
  }
  LOWBIT_HD double total_weight() const {
    return sum([&](index_t i) { return double(g.weight(i)); });
  }
  LOWBIT_HD double total() const {
    return sum([&](index_t i) { return double(g.weight(i)) * double(level(i)); });
  }
  LOWBIT_HD double total_x() const {
    return sum([&](index_t i) { return double(g.weight(i)) * double(g.values[i]); });
  }

 private:
  LOWBIT_HD float level(index_t i) const { return coded_level<Q>(g.values[i], p); }
  template <class Term>
  LOWBIT_HD double sum(Term term) const {
    return ordered_sum(g.values.size(), term);
  }
};

}  // namespace detail

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
  static constexpr bool fits_anywhere = runs_anywhere<Start>;
  Start start;
  int rounds;
  explicit constexpr least_squares(Start s = {}, int most_rounds = 20)
      : start(s), rounds(most_rounds) {}

  template <class Q>
    requires(range_for<Start, Q>&& range_for<extremes, Q>&& dim_of<Q> == 1 && !has_state<Q> &&
             selectors_of<Q> == 0)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g)
  const {
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
  LOWBIT_TRUST_CALLEES
  template <class Q>
  LOWBIT_HD static group_params<Q> refit(const group_values<Q>& g, const group_params<Q>& p) {
    if constexpr (std::same_as<value_of<Q>, float>) {
#if !defined(__CUDA_ARCH__)  // kernels are the host's
      if (g.target != arch::runtime) return refit(g, p, detail::coded_levels<Q>(g, p));
#endif
      return refit(g, p, detail::levels_by_value<Q>{g, p});
    } else {
      const auto level = [&](index_t i) {
        return decode_in<Q>(Q{}, encode_in<Q>(Q{}, normalize<Q>(g.values[i], p), p), p);
      };
      return scaled(g, p, complex_products(g, level, [&](index_t i) { return g.values[i]; }),
                    complex_products(g, level, level));
    }
  }
  template <class Q, class Levels>
  LOWBIT_HD static group_params<Q> refit(const group_values<Q>& g, const group_params<Q>& p,
                                         const Levels& levels) {
    if constexpr (zero_of<Q> == zero_kind::real || zero_of<Q> == zero_kind::minimum)
      return regression(g, p, levels);
    else
      return scaled(g, p, levels.products(0, 0), levels.squares(0));
  }
  /// p with the scale lx / ll.
  template <class Q>
  LOWBIT_HD static group_params<Q> scaled(const group_values<Q>& g, group_params<Q> p, double lx,
                                          double ll) {
    if (ll > 0) p.scale[0] = g.stored_scale(float(lx / ll));
    return p;
  }

  /// S and the intercept M of x = S L + M, deviations from the means being taken as binary32.
  template <class Q, class Levels>
  LOWBIT_HD static group_params<Q> regression(const group_values<Q>& g, const group_params<Q>& p,
                                              const Levels& levels) {
    const double total = levels.total_weight();
    if (!(total > 0)) return p;
    const float mean_l = float(levels.total() / total), mean_x = float(levels.total_x() / total);
    const double ll = levels.squares(mean_l);
    if (!(ll > 0)) return p;
    group_params<Q> better;
    const float s = g.stored_scale(float(levels.products(mean_l, mean_x) / ll));
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

  /// sum w Re(a conj(b)); every product is exact in binary64.
  template <class Q, class A, class B>
  LOWBIT_HD static double complex_products(const group_values<Q>& g, A a, B b) {
    return ordered_sum(g.values.size(), [&](index_t i) {
      const auto x = a(i), y = b(i);
      const float w = g.weight(i);
      return double(mul_rn(w, x.re)) * double(y.re) + double(mul_rn(w, x.im)) * double(y.im);
    });
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
