// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/random.hpp"
#include "../core/sort_stably.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The values that levels are learned from, ascending, each with its weight in the squared error.
///
/// Of more values than `limit` a sample is taken, one random value of each of `limit` equal runs,
/// always the same. Values of weight 0 are left out; if all are, every weight counts as 1. Equal
/// values stay in the order in which they came, so that sums have the same bits everywhere.
class level_sample {
 public:
  static constexpr index_t default_limit = index_t(1) << 20;

  /// `weights` has one weight per value, or is empty: all 1. Infinite ones count as the largest.
  /// `draw` chooses the sample.
  template <class Random = philox>
  explicit level_sample(span<const float> values, span<const float> weights = {},
                        index_t limit = default_limit, const Random& draw = {}) {
    constexpr float largest = 0x1.fffffep127f;
    const index_t n = values.size(), taken = min_of(n, limit);
    bool some_weight = weights.empty();
    for (index_t i = 0; i < n && !some_weight; ++i) some_weight = weights[i] != 0;
    points_.reserve(std::size_t(taken));
    for (index_t i = 0; i < taken; ++i) {
      const index_t first = fraction_of(n, i, taken), next = fraction_of(n, i + 1, taken);
      const index_t at = first + index_t(draw.below(std::uint64_t(i), std::uint32_t(next - first)));
      const float weight = weights.empty() || !some_weight ? 1.f : weights[at];
      if (weight != 0) points_.push_back({values[at], weight < largest ? weight : largest});
    }
    sort_stably(points_, [](const point& a, const point& b) { return a.value < b.value; });
  }

  bool empty() const { return points_.empty(); }
  index_t size() const { return index_t(points_.size()); }
  float value(index_t i) const { return points_[std::size_t(i)].value; }
  float weight(index_t i) const { return points_[std::size_t(i)].weight; }

  /// Index of the first value above x.
  index_t first_above(double x) const {
    index_t low = 0, high = size();
    while (low < high) {
      const index_t middle = (low + high) / 2;
      if (double(value(middle)) <= x)
        low = middle + 1;
      else
        high = middle;
    }
    return low;
  }
  /// The weighted mean of values first .. last - 1, at least one. Every product is exact.
  float mean(index_t first, index_t last) const {
    double sum = 0, total = 0;
    for (index_t i = first; i < last; ++i) {
      sum += double(weight(i)) * double(value(i));
      total += double(weight(i));
    }
    return float(sum / total);
  }
  /// Sum of weight * (value - nearest level)^2; `levels` ascending, at least one.
  double error(span<const float> levels) const {
    double sum = 0;
    index_t l = 0;
    for (const point& p : points_) {
      while (l + 1 < levels.size() && double(p.value) > middle(levels[l], levels[l + 1])) ++l;
      const double d = double(sub_rn(p.value, levels[l]));
      sum += mul_rn(double(p.weight), d * d);
    }
    return sum;
  }

  static double middle(float a, float b) { return (double(a) + double(b)) * 0.5; }

 private:
  struct point {
    float value, weight;
  };
  /// floor(n i / parts), without overflow.
  static index_t fraction_of(index_t n, index_t i, index_t parts) {
    return n / parts * i + n % parts * i / parts;
  }
  std::vector<point> points_;
};

}  // namespace lowbit::inline LOWBIT_ABI
