// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/random.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/ranges/group_error.hpp>
#include <vector>

namespace test {

/// A group that owns its values and weights, for range searches.
template <class Q>
struct group {
  std::vector<lowbit::value_of<Q>> values;
  std::vector<float> weights;
  bool contains_zero = lowbit::group_values<Q>{}.contains_zero;
  float (*stored_scale)(float) = lowbit::group_values<Q>{}.stored_scale;
  float (*stored_zero)(float) = lowbit::group_values<Q>{}.stored_zero;

  lowbit::group_values<Q> view() const {
    lowbit::group_values<Q> g;
    g.values = values;
    g.importance = weights;
    g.contains_zero = contains_zero;
    g.stored_scale = stored_scale;
    g.stored_zero = stored_zero;
    return g;
  }
  template <class Range>
  lowbit::group_params<Q> fit(const Range& range) const {
    return range.template fit<Q>(view());
  }
  double error(const lowbit::group_params<Q>& p) const { return lowbit::group_error(view(), p); }
  /// What value i becomes.
  lowbit::value_of<Q> coded(std::size_t i, const lowbit::group_params<Q>& p) const {
    return lowbit::coded_value<Q>(values[i], p);
  }
};

/// What storing as f16 does.
inline float as_f16(float x) { return lowbit::f16::decode(lowbit::f16::encode(x)); }

/// n normal values; every `period`-th one `factor` times as large, so that clipping pays.
inline std::vector<float> normal_values(std::size_t n, std::uint64_t seed, std::size_t period = 0,
                                        float factor = 6) {
  const lowbit::philox random{seed};
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = random.normal(i) * (period != 0 && i % period == 0 ? factor : 1);
  return x;
}
inline std::vector<float> positive_weights(std::size_t n, std::uint64_t seed) {
  const lowbit::philox random{seed, 1};
  std::vector<float> w(n);
  for (std::size_t i = 0; i < n; ++i) w[i] = 0.25f + random.uniform(i);
  return w;
}

}  // namespace test
