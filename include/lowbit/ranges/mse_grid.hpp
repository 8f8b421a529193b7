// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/power.hpp"
#include "extremes.hpp"
#include "group_error.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// ordered_sum(n, f) of terms f(i) >= 0, or `limit` as soon as the sum is known to reach it. Adding
/// what is not negative never makes a rounded sum smaller, so that giving up early changes no
/// comparison with the limit.
LOWBIT_TRUST_CALLEES
template <class F>
LOWBIT_HD double sum_below(double limit, index_t n, F f) {
  double part[16] = {};
  const auto total = [&part] { return ordered_sum(16, [&part](index_t j) { return part[j]; }); };
  for (index_t i = 0; i < n; ++i) {
    part[i & 15] += f(i);
    if ((i & 31) == 31 && total() >= limit) return limit;
  }
  return total();
}

}  // namespace detail

/// The best of `steps` ranges: the whole range times 1 - k / grid for k = 0, 1, ... Both ends
/// shrink together, scale and zero follow and are judged as they will be stored (as they are where
/// they are quantized in their turn). The error is sum w |x - y|^exponent; ties keep the larger
/// range. The defaults are those of GPTQ's --mse but for the exponent, which is 2.4 there.
/// All zero or empty: as absmax and minmax. Throws bad_argument unless 0 < exponent <= 4 and
/// 1 <= steps <= grid.
/// Cost: a group is encoded at most `steps` times, usually a third of that: a range is given up
/// where the error of its ends reaches the least so far, and with it those that follow, where
/// their ends can only lose more.
struct mse_grid : range_search {
  static constexpr bool fits_anywhere = true;
  float exponent;
  int steps, grid;
  explicit constexpr mse_grid(float exponent_of_error = 2, int candidates = 80, int fineness = 100)
      : exponent(exponent_of_error), steps(candidates), grid(fineness) {
    if (!(exponent > 0 && exponent <= 4))
      fail(errc::bad_argument, "mse_grid",
           message("exponent ", exponent, ", expected more than 0 and at most 4"));
    if (steps < 1 || steps > grid)
      fail(errc::bad_argument, "mse_grid",
           message(steps, " steps of 1 / ", grid, ", expected 1 to ", grid));
  }

  template <class Q>
    requires(range_for<extremes, Q> && dim_of<Q> == 1 && !has_state<Q> && selectors_of<Q> == 0)
  LOWBIT_HD group_params<Q> fit(const group_values<Q>& g) const {
    if constexpr (std::same_as<value_of<Q>, float>)
      if (exponent != 2) {
        const auto error = [&](const group_params<Q>& p, index_t i) {
          const float distance = magnitude(sub_rn(g.values[i], coded_value<Q>(g.values[i], p)));
          return mul_rn(power(distance, exponent), double(g.weight(i)));
        };
        return search<Q>(g, error, by_value(g, error));
      }
    const auto error = [&](const group_params<Q>& p, index_t i) { return value_error<Q>(g, p, i); };
    if (g.target == arch::runtime) return search<Q>(g, error, by_value(g, error));
    return search<Q>(g, error,
                     [&](const group_params<Q>& p, double) { return group_error<Q>(g, p); });
  }

 private:
  /// total(p, limit): the error of a group, or `limit` where it is no less.
  template <class Q, class Error>
  LOWBIT_HD static auto by_value(const group_values<Q>& g, Error error) {
    return [&g, error](const group_params<Q>& p, double limit) {
      return detail::sum_below(limit, g.values.size(), [&](index_t i) { return error(p, i); });
    };
  }

  template <class Q, class Error, class Total>
  LOWBIT_HD group_params<Q> search(const group_values<Q>& g, Error error, Total total) const {
    if (g.values.empty()) return {};
    const ends<Q> whole_range(g);
    const index_t low = whole_range.low, high = whole_range.high;
    group_params<Q> best = whole_range.shrunk(g, 1), last = best;
    double least = total(best, __builtin_inf());
    for (int k = 1; k < steps && least > 0; ++k) {
      const group_params<Q> p = whole_range.shrunk(g, div_rn(float(grid - k), float(grid)));
      if (p.scale[0] == last.scale[0] && p.zero == last.zero) continue;
      last = p;
      const double at_high = error(p, high);
      if ((low == high ? at_high : error(p, low) + at_high) >= least) {
        if (whole_range.only_loses(g, p)) break;
        continue;
      }
      const double sum = total(p, least);
      if (sum < least) {
        least = sum;
        best = p;
      }
    }
    return best;
  }

  /// The outermost values of a group, by index, and the parameters of a part of their range.
  template <class Q>
  struct ends {
    index_t low = 0, high = 0;

    LOWBIT_HD explicit ends(const group_values<Q>& g) {
      if constexpr (std::same_as<value_of<Q>, float>)
        if (g.find_extremes != nullptr) {
          float least, most;
          g.find_extremes(g.values.data(), g.values.size(), &least, &most);
          const float top = -least > most ? -least : most;
          const auto first = [&](auto is) {
            index_t i = 0;
            while (!is(g.values[i])) ++i;
            return i;
          };
          if constexpr (has_zero<Q>) {
            low = first([&](float x) { return x == least; });
            high = first([&](float x) { return x == most; });
          } else {
            low = high = first([&](float x) { return magnitude(x) == top; });
          }
          return;
        }
      for (index_t i = 0; i < g.values.size(); ++i) {
        const value_of<Q> x = g.values[i];
        if constexpr (has_zero<Q>) {
          if (x < g.values[low]) low = i;
          if (x > g.values[high]) high = i;
        } else if (magnitude(x) > magnitude(g.values[high]))
          low = high = i;
      }
    }
    /// Whether the error of the outermost value can only grow with each smaller range: it has got
    /// the outermost level, which moves away from it.
    LOWBIT_HD bool only_loses(const group_values<Q>& g, const group_params<Q>& p) const {
      if constexpr (detail::encodes_in_steps<Q> || detail::encodes_in_order<Q>)
        if (!has_zero<Q> && g.scales_in_order) {
          const float x = g.values[high];
          const float level = decode_in<Q>(Q{}, encode_in<Q>(Q{}, normalize<Q>(x, p), p), p);
          const float y = reconstruct<Q>(level, p);
          constexpr float above = detail::outermost<Q>[0], below = detail::outermost<Q>[1];
          return magnitude(level) == (level < 0 ? below : above) && (x < 0) == (y < 0) &&
                 magnitude(y) <= magnitude(x);
        }
      return false;
    }
    LOWBIT_HD group_params<Q> shrunk(const group_values<Q>& g, float part) const {
      if constexpr (has_zero<Q>)
        return minmax::from_range<Q>(g, mul_rn(part, g.values[low]), mul_rn(part, g.values[high]));
      else {
        group_params<Q> p;
        p.scale[0] = g.stored_scale(mul_rn(part, absmax::scale_for<Q>(g, g.values[high])));
        return p;
      }
    }
  };
};

}  // namespace lowbit::inline LOWBIT_ABI
