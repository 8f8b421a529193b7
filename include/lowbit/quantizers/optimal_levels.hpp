// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "level_sample.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The cut of an ascending sample into Count cells whose means, as levels, have the least squared
/// error, among the cuts at given edges. Dynamic programming over the cells; because the best cut
/// never moves back as a prefix grows, each half of the prefixes bounds the other (Wang and Song,
/// "Ckmeans.1d.dp", 2011, and its divide and conquer).
template <int Count>
class best_cells {
 public:
  /// `edges`: 0, ..., sample.size(), at least Count + 1 of them.
  best_cells(const level_sample& sample, std::vector<index_t> edges)
      : edges_(std::move(edges)), runs_(int(edges_.size()) - 1) {
    double weight = 0, sum = 0;
    std::size_t next = 0;
    for (index_t i = 0; i <= sample.size(); ++i) {
      if (edges_[next] == i) {
        weight_.push_back(weight);
        sum_.push_back(sum);
        ++next;
      }
      if (i == sample.size()) break;
      weight += double(sample.weight(i));
      sum += double(sample.weight(i)) * double(sample.value(i));
    }
    gain_.resize(edges_.size());
    for (int j = 1; j <= runs_; ++j) gain_[std::size_t(j)] = gain(0, j);
    for (int cell = 1; cell < Count; ++cell) {
      before_ = gain_;
      starts_[cell].resize(edges_.size());
      solve(starts_[cell], cell + 1, runs_, cell, runs_ - 1);
    }
  }

  /// Where each cell starts in the sample, and the end.
  arr<index_t, Count + 1> boundaries() const {
    arr<index_t, Count + 1> all{};
    int j = runs_;
    all[Count] = edges_.back();
    for (int cell = Count - 1; cell > 0; --cell) {
      j = starts_[cell][std::size_t(j)];
      all[cell] = edges_[std::size_t(j)];
    }
    return all;
  }

 private:
  /// By how much the mean of runs first .. last - 1, as their level, lowers the squared error below
  /// that of the level 0. A weight lost in the rounding of the sums counts as none.
  double gain(int first, int last) const {
    const double weight = weight_[std::size_t(last)] - weight_[std::size_t(first)];
    const double sum = sum_[std::size_t(last)] - sum_[std::size_t(first)];
    return weight > 0 ? sum * sum / weight : 0;
  }
  /// The prefixes of first .. last runs, whose last cell starts at lowest .. highest.
  void solve(std::vector<int>& starts, int first, int last, int lowest, int highest) {
    if (first > last) return;
    const int middle = (first + last) / 2;
    int best = lowest;
    double most = -1;
    for (int i = lowest; i <= highest && i < middle; ++i) {
      const double g = before_[std::size_t(i)] + gain(i, middle);
      if (g > most) {
        most = g;
        best = i;
      }
    }
    gain_[std::size_t(middle)] = most;
    starts[std::size_t(middle)] = best;
    solve(starts, first, middle - 1, lowest, best);
    solve(starts, middle + 1, last, best, highest);
  }

  std::vector<index_t> edges_;
  int runs_;
  std::vector<double> weight_, sum_;   // before each edge
  std::vector<double> gain_, before_;  // of each prefix of runs, with this many cells and one less
  arr<std::vector<int>, Count> starts_;  // where the last cell of each prefix starts
};

/// Where runs of equal values begin, and the end.
template <class Sample>
std::vector<index_t> edges_of_values(const Sample& sample) {
  std::vector<index_t> edges{0};
  for (index_t i = 1; i < sample.size(); ++i)
    if (sample.value(i) != sample.value(i - 1)) edges.push_back(i);
  edges.push_back(sample.size());
  return edges;
}
/// Fewer of many edges: no run that is left has more than 1/4096 of the distinct values, or is
/// wider than 1/4096 of the range, unless it is one value.
template <class Sample>
std::vector<index_t> thinned(const Sample& sample, const std::vector<index_t>& edges) {
  constexpr std::size_t parts = 4096;
  const std::size_t distinct = edges.size() - 1, longest = distinct / parts;
  if (distinct <= 2 * parts) return edges;
  const auto value = [&](std::size_t i) { return double(sample.value(edges[i])); };
  const double widest = (value(distinct - 1) - value(0)) / double(parts);
  std::vector<index_t> left{0};
  for (std::size_t i = 1, first = 0; i < distinct; ++i)
    if (i - first == longest || value(i) - value(first) > widest) {
      first = i;
      left.push_back(edges[i]);
    }
  left.push_back(edges.back());
  return left;
}

}  // namespace detail

/// The Count levels of least weighted squared error for a sample, ascending.
///
/// Optimal among all cuts of the sample for up to 8192 distinct values; of more, among all cuts
/// into runs of at most 1/4096 of them or of their range, and then by Lloyd's rounds over all
/// values (each level to the mean of its cell) until nothing moves, at most 100.
/// No more distinct values than levels: the values themselves, the last one repeated. No values:
/// equal steps from -1 to 1. Cost: edges * levels * log(edges) divisions: for a million values 0.1
/// s, with 256 levels twice that.
template <int Count>
arr<float, Count> optimal_levels(const level_sample& sample) {
  arr<float, Count> levels{};
  if (sample.empty()) {
    for (int i = 0; i < Count; ++i)
      levels[i] = Count == 1 ? 0 : div_rn(float(2 * i - (Count - 1)), float(Count - 1));
    return levels;
  }
  const std::vector<index_t> edges = detail::edges_of_values(sample);
  const int distinct = int(edges.size()) - 1;
  if (distinct <= Count) {
    for (int i = 0; i < Count; ++i)
      levels[i] = sample.value(edges[std::size_t(i < distinct ? i : distinct - 1)]);
    return levels;
  }
  arr<index_t, Count + 1> cells =
      detail::best_cells<Count>(sample, detail::thinned(sample, edges)).boundaries();
  for (int round = 0; round < 100; ++round) {
    bool moved = false;
    for (int i = 0; i < Count; ++i) {
      if (cells[i] == cells[i + 1]) continue;  // an empty cell keeps its level
      const float mean = sample.mean(cells[i], cells[i + 1]);
      moved = moved || round == 0 || mean != levels[i];
      levels[i] = mean;
    }
    if (!moved) break;
    for (int i = 1; i < Count; ++i)
      cells[i] = sample.first_above(level_sample::middle(levels[i - 1], levels[i]));
  }
  return levels;
}
/// The same of values, each with its weight (none: all 1).
template <int Count>
arr<float, Count> optimal_levels(span<const float> values, span<const float> weights) {
  return optimal_levels<Count>(level_sample(values, weights));
}

}  // namespace lowbit::inline LOWBIT_ABI
