// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/executor.hpp"
#include "../core/float_mode.hpp"
#include "nearest_level.hpp"
#include "optimal_levels.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// k-means over runs of values whose centres are sets of levels: every run to the set of least
/// error, every level to the mean of the values that it codes.
template <int Levels, class Executor>
class level_sets_search {
 public:
  level_sets_search(span<const float> values, span<const float> weights, span<const index_t> starts,
                    span<float> sets, const Executor& threads)
      : levels_(sets), sets_(int(sets.size()) / Levels), threads_(threads) {
    take_sample(values, weights, starts);
    set_of_.resize(starts_.size() - 1);
    error_of_.resize(set_of_.size());
  }

  void run() {
    start_by_spread();
    learn_each();
    double before = assign();
    for (int round = 0; round < 20; ++round) {
      move_levels();
      const double after = assign();
      if (!(after < before * (1 - 1e-4))) break;
      before = after;
    }
    learn_each();
  }

 private:
  index_t runs() const { return index_t(set_of_.size()); }

  /// Whole runs, one random run of each of equal parts; some 2048 values for every level.
  void take_sample(span<const float> values, span<const float> weights,
                   span<const index_t> starts) {
    constexpr float largest = 0x1.fffffep127f;
    const index_t all = starts.size() - 1, n = values.size();
    index_t taken = all;
    const index_t enough = 2048 * levels_.size();
    if (n > enough) taken = min_of(all, enough / (n / all) + sets_);
    const philox draw{};
    bool weighted = false;
    starts_.push_back(0);
    for (index_t i = 0; i < taken; ++i) {
      const index_t first = i * all / taken, next = (i + 1) * all / taken;
      const index_t run =
          first + index_t(draw.below(std::uint64_t(i), std::uint32_t(next - first)));
      for (index_t k = starts[run]; k < starts[run + 1]; ++k) {
        values_.push_back(values[k]);
        weights_.push_back(weights.empty() ? 1.f : weights[k] < largest ? weights[k] : largest);
        weighted = weighted || weights_.back() != 0;
      }
      starts_.push_back(index_t(values_.size()));
    }
    if (!weighted) weights_.assign(values_.size(), 1.f);
  }

  /// Runs of alike mean square start in the same set.
  void start_by_spread() {
    struct run_spread {
      float spread;
      index_t run;
    };
    std::vector<run_spread> ordered;
    for (index_t r = 0; r < runs(); ++r) {
      double sum = 0, total = 0;
      for_values(r, [&](float x, float w) {
        sum += double(mul_rn(w, x)) * double(x);
        total += double(w);
      });
      ordered.push_back({total > 0 ? float(sum / total) : 0.f, r});
    }
    sort_stably(ordered,
                [](const run_spread& a, const run_spread& b) { return a.spread < b.spread; });
    for (index_t i = 0; i < runs(); ++i)
      set_of_[std::size_t(ordered[std::size_t(i)].run)] = int(i * sets_ / runs());
  }

  /// The optimal levels of the runs of each set; a set without runs keeps its own.
  void learn_each() {
    for (int s = 0; s < sets_; ++s) {
      std::vector<float> values, weights;
      for (index_t r = 0; r < runs(); ++r)
        if (set_of_[std::size_t(r)] == s)
          for_values(r, [&](float x, float w) {
            values.push_back(x);
            weights.push_back(w);
          });
      if (values.empty() && runs() != 0) continue;
      const arr<float, Levels> best = optimal_levels<Levels>(level_sample(values, weights));
      for (int i = 0; i < Levels; ++i) levels_[s * Levels + i] = best[i];
    }
  }

  using points = arr<float, Levels - 1>;
  points points_of(int set) const {
    points p{};
    for (int i = 1; i < Levels; ++i)
      p[i - 1] = decision_point(levels_[set * Levels + i - 1], levels_[set * Levels + i]);
    return p;
  }

  /// Every run to the set of least error, ties to the first. Returns the whole error.
  double assign() {
    std::vector<points> between;
    for (int s = 0; s < sets_; ++s) between.push_back(points_of(s));
    constexpr index_t piece = 256;
    threads_.for_each(ceil_div(runs(), piece), [&](index_t i) {
      const float_mode_guard mode;
      for (index_t r = i * piece; r < min_of(runs(), (i + 1) * piece); ++r) {
        double least = 0;
        int best = -1;
        for (int s = 0; s < sets_; ++s) {
          const float* const levels = levels_.data() + s * Levels;
          const points& p = between[std::size_t(s)];
          double error = 0;
          for_values(r, [&](float x, float w) {
            const float d = sub_rn(x, levels[count_below(p, x)]);
            error += double(mul_rn(w, d)) * double(d);
          });
          if (best < 0 || error < least) {
            best = s;
            least = error;
          }
        }
        set_of_[std::size_t(r)] = best;
        error_of_[std::size_t(r)] = least;
      }
    });
    double sum = 0;
    for (const double e : error_of_) sum += e;
    return sum;
  }

  /// Every level to the mean of the values that it codes; one that codes none stays.
  void move_levels() {
    std::vector<double> sum(std::size_t(levels_.size())), total(sum.size());
    std::vector<points> between;
    for (int s = 0; s < sets_; ++s) between.push_back(points_of(s));
    for (index_t r = 0; r < runs(); ++r) {
      const int set = set_of_[std::size_t(r)];
      for_values(r, [&](float x, float w) {
        const auto at = std::size_t(set * Levels + count_below(between[std::size_t(set)], x));
        sum[at] += double(w) * double(x);
        total[at] += double(w);
      });
    }
    for (std::size_t i = 0; i < sum.size(); ++i)
      if (total[i] > 0) levels_[index_t(i)] = float(sum[i] / total[i]);
  }

  template <class F>
  void for_values(index_t run, F f) const {
    for (index_t i = starts_[std::size_t(run)]; i < starts_[std::size_t(run) + 1]; ++i)
      f(values_[std::size_t(i)], weights_[std::size_t(i)]);
  }

  span<float> levels_;
  int sets_;
  const Executor& threads_;
  std::vector<float> values_, weights_;
  std::vector<index_t> starts_;
  std::vector<int> set_of_;
  std::vector<double> error_of_;
};

}  // namespace detail

/// Several sets of levels for runs of values, each of which uses one set: those of least weighted
/// squared error that k-means over runs finds. `starts` are the first values of the runs, and the
/// end; `sets` takes the levels, set after set, each ascending.
///
/// It starts from runs of alike mean square, gives each set the optimal levels of its runs, then
/// moves runs to their best set and levels to their means in turn, until a round improves by less
/// than 1e-4 of the error, at most 20; at last each set gets the optimal levels of its runs again.
/// No round makes the error larger. A set without runs keeps what it has. Of many values a sample
/// of runs is taken, some 2048 values for every level. Bytes are the same for every compiler, flag
/// and executor. Cost: 20 * sample * sets * log(levels) comparisons.
template <int Levels, class Executor>
void optimal_level_sets(span<const float> values, span<const float> weights,
                        span<const index_t> starts, span<float> sets, const Executor& threads) {
  const float_mode_guard mode;
  detail::level_sets_search<Levels, Executor>(values, weights, starts, sets, threads).run();
}

}  // namespace lowbit::inline LOWBIT_ABI
