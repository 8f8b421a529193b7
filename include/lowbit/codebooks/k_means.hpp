// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Weighted k-means: how the entries of a codebook are learned.
#pragma once
#include <vector>

#include "../concepts.hpp"
#include "../core/executor.hpp"
#include "../core/float_mode.hpp"
#include "../core/random.hpp"
#include "vector_scores.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// How a codebook is learned: an argument of quantize, `quantize<vq2>(weights, k_means{.rounds =
/// 50})`.
///
/// Seeds by k-means++ (Arthur and Vassilvitskii 2007: each next entry is a vector drawn with
/// probability weight times squared distance to the nearest entry so far), then Lloyd's rounds:
/// every vector to its nearest entry (ties to the first), every entry to the weighted mean of its
/// vectors. An entry that got no vector moves to the vector of largest weighted error in the
/// cluster of largest error, which splits it; so no round makes the error larger. It ends early
/// when a round improves by less than 1e-5 of the error.
///
/// Of a large input a sample is learned from, one random vector of each of `sample` equal runs,
/// sample = vectors_per_entry * entries: beyond some 256 per entry (also FAISS's limit) the error
/// on all vectors falls by well under 1 %. At most as many distinct vectors as entries are kept
/// exactly. Bytes are the same for every compiler, flag and executor. Cost: (rounds + 2) * sample *
/// entries * dim products.
struct k_means : level_source {
  int rounds = 20;
  int vectors_per_entry = 256;
  std::uint64_t seed = 0;

  template <class Q, class Executor>
  state_of<Q, owned> state(span<const block_of<Q>> vectors, span<const float> weights,
                           const Executor& threads) const {
    static_assert(
        requires { Q::learn(vectors, weights, threads, *this); },
        "lowbit::quantize: k_means, but the quantizer does not learn by it");
    return Q::learn(vectors, weights, threads, *this);
  }
};

/// What k-means found.
struct clustering {
  std::vector<float> entries;  // one after the other
  std::vector<double> errors;  // sum of weight * squared distance before each round
};

namespace detail {

/// |x|^2.
template <int Width>
LOWBIT_HD double square_of(const float* x) {
  double sum = 0;
  for (int i = 0; i < Width; ++i) sum += double(x[i]) * double(x[i]);
  return sum;
}
/// |x - c|^2 of a score and |c|^2 or |x|^2, as a float: so weights times it are exact products.
LOWBIT_HD inline float distance_of(double score, double other_square) {
  constexpr float big = 0x1.fffffep127f;
  const double d = 2 * score + other_square;
  return d > double(big) ? big : d > 0 ? float(d) : 0.f;
}

/// Vectors with weights and costs, which are squared distances. Sums are those of runs of 1024.
struct weighted_costs {
  static constexpr index_t run_length = 1024;
  const float *weights, *costs;
  index_t count;

  LOWBIT_HD static index_t runs_of(index_t count) { return ceil_div(count, run_length); }
  LOWBIT_HD double operator()(index_t j) const { return double(weights[j]) * double(costs[j]); }
  LOWBIT_HD double sum_of_run(index_t run) const {
    double sum = 0;
    for (index_t j = run * run_length; j < min_of(count, (run + 1) * run_length); ++j)
      sum += (*this)(j);
    return sum;
  }
  /// The first of largest cost among those that pass; -1 where none costs anything.
  LOWBIT_TRUST_CALLEES
  template <class Where>
  LOWBIT_HD index_t largest(Where where) const {
    index_t worst = -1;
    for (index_t j = 0; j < count; ++j)
      if ((*this)(j) > (worst < 0 ? 0.0 : (*this)(worst)) && where(j)) worst = j;
    return worst;
  }
  /// A vector drawn with probability weight * cost, by the sums of runs; -1 when all costs are 0.
  LOWBIT_HD index_t draw(const double* sums, const philox& random, std::uint64_t i) const {
    const index_t runs = runs_of(count);
    double total = 0;
    for (index_t r = 0; r < runs; ++r) total += sums[r];
    if (!(total > 0)) return -1;
    const std::uint64_t bits = std::uint64_t(random.word(2 * i)) << 32 | random.word(2 * i + 1);
    double rest = mul_rn(total, double(bits >> 11) * 0x1p-53);
    index_t run = 0;
    while (run + 1 < runs && rest >= sums[run]) rest -= sums[run++];
    const index_t first = run * run_length;
    index_t found = -1;
    for (index_t j = first; j < min_of(count, first + run_length) && rest >= 0; ++j)
      if (const double cost = (*this)(j); cost > 0) {
        found = j;
        rest -= cost;
      }
    return found >= 0 ? found : largest([](index_t) { return true; });
  }
};

/// A sample of the vectors: number i is a random one of run i of equal runs.
struct vector_sample {
  index_t vectors, size;
  philox random;
  LOWBIT_HD index_t operator()(index_t i) const {
    const index_t first = i * vectors / size, run = (i + 1) * vectors / size - first;
    return run == 1 ? first : first + random.below(std::uint64_t(i), std::uint32_t(run));
  }
};
/// The largest weight that counts.
inline constexpr float most_weight = 0x1.fffffep127f;

/// Throws error bad_argument.
inline void check_k_means(const k_means& how, index_t vectors, index_t entries) {
  if (how.rounds < 0 || how.vectors_per_entry < 1)
    fail(errc::bad_argument, "k_means",
         message(how.rounds, " rounds with ", how.vectors_per_entry,
                 " vectors per entry, expected at least 0 and at least 1"));
  if (vectors > 0 && vectors < entries)
    fail(errc::bad_argument, "codebook",
         message(entries, " entries cannot be learned from ", vectors,
                 " vectors, expected at least as many vectors as entries (take fewer index bits, "
                 "or give the entries by given_levels)"));
}
/// Whether another round is worth its cost.
inline bool improves(const std::vector<double>& errors) {
  const std::size_t n = errors.size();
  return errors[n - 1] < (n < 2 ? __builtin_inf() : errors[n - 2]) * (1 - 1e-5);
}

/// The vectors that take part, and what is known about each. All sums are binary64 sums of exact
/// products of two floats: of an entry in the order of its vectors, of all vectors in runs.
template <int Width, class Executor>
class k_means_run {
 public:
  k_means_run(std::vector<float> vectors, std::vector<float> weights, index_t entries,
              const k_means& how, const Executor& threads)
      : vectors_(std::move(vectors)),
        weights_(std::move(weights)),
        entries_count_(entries),
        how_(how),
        threads_(threads),
        count_(index_t(weights_.size())),
        points_(span<const float>(vectors_)),
        cost_(std::size_t(count_), 1.f),
        nearest_(std::size_t(count_), 0) {
    bool some = false;
    for (const float w : weights_) some = some || w != 0;
    if (!some) weights_.assign(weights_.size(), 1.f);
    squares_.reserve(std::size_t(count_));
    for (index_t j = 0; j < count_; ++j)
      squares_.push_back(square_of<Width>(vectors_.data() + j * Width));
  }

  /// Lloyd's rounds from given entries.
  clustering run(std::vector<float> start) {
    clustering found;
    found.entries = std::move(start);
    for (int round = 0; round < how_.rounds; ++round) {
      assign(found.entries);
      found.errors.push_back(total_error());
      if (!improves(found.errors)) break;
      move_entries(found.entries);
    }
    return found;
  }

  /// k-means++. Vectors and entries change places in the scores: one entry against all vectors.
  std::vector<float> seeds() {
    std::vector<float> entries(std::size_t(entries_count_ * Width), 0.f);
    std::vector<double> runs(std::size_t(ceil_div(points_.tiles(), run_tiles)));
    for (index_t j = 0; j < count_; ++j) cost_[std::size_t(j)] = 1;  // the first: by weight alone
    sum_runs(runs);
    const philox random{how_.seed, 1};
    for (index_t k = 0; k < entries_count_; ++k) {
      const index_t pick = costs().draw(runs.data(), random, std::uint64_t(k));
      if (pick < 0) break;  // no distinct vectors are left: the other entries stay 0
      const float* const x = vectors_.data() + pick * Width;
      __builtin_memcpy(entries.data() + k * Width, x, Width * sizeof(float));
      const double x_square = squares_[std::size_t(pick)];
      for_tiles([&](index_t run, index_t first, index_t last) {
        double sum = 0;
        for (index_t t = first; t < last; ++t) {
          double s[tile];
          points_.score(t, x, s);
          for (index_t j = t * tile; j < min_of(count_, (t + 1) * tile); ++j) {
            const float d = distance_of(s[j - t * tile], x_square);
            float& cost = cost_[std::size_t(j)];
            cost = j == pick ? 0 : (k == 0 || d < cost) ? d : cost;
            sum += costs()(j);
          }
        }
        runs[std::size_t(run)] = sum;
      });
    }
    return entries;
  }

 private:
  // Vectors are handed to threads by the run.
  static constexpr index_t run_tiles = weighted_costs::run_length / vector_scores<Width>::tile;

  weighted_costs costs() const { return {weights_.data(), cost_.data(), count_}; }
  double total_error() const {
    std::vector<double> runs(std::size_t(weighted_costs::runs_of(count_)));
    sum_runs(runs);
    double sum = 0;
    for (const double r : runs) sum += r;
    return sum;
  }
  template <class F>
  void for_tiles(F f) const {
    threads_.for_each(ceil_div(points_.tiles(), run_tiles), [&](index_t i) {
      const float_mode_guard mode;
      f(i, i * run_tiles, min_of(points_.tiles(), (i + 1) * run_tiles));
    });
  }

  void sum_runs(std::vector<double>& runs) const {
    for_tiles(
        [&](index_t run, index_t, index_t) { runs[std::size_t(run)] = costs().sum_of_run(run); });
  }

  void assign(const std::vector<float>& entries) {
    const vector_scores<Width> scores{span<const float>(entries)};
    for_tiles([&](index_t, index_t first, index_t last) {
      for (index_t j = first * tile; j < min_of(count_, last * tile); ++j) {
        const auto best = scores.nearest(vectors_.data() + j * Width);
        nearest_[std::size_t(j)] = best.index;
        cost_[std::size_t(j)] = distance_of(best.score, squares_[std::size_t(j)]);
      }
    });
  }

  void move_entries(std::vector<float>& entries) {
    std::vector<double> sum(entries.size(), 0.0), mass(std::size_t(entries_count_), 0.0),
        error(std::size_t(entries_count_), 0.0);
    for (index_t j = 0; j < count_; ++j) {
      const index_t k = nearest_[std::size_t(j)];
      const double w = weights_[std::size_t(j)];
      mass[std::size_t(k)] += w;
      error[std::size_t(k)] += costs()(j);
      for (index_t i = 0; i < Width; ++i)
        sum[std::size_t(k * Width + i)] += w * double(vectors_[std::size_t(j * Width + i)]);
    }
    for (index_t k = 0; k < entries_count_; ++k) {
      if (mass[std::size_t(k)] == 0)
        repair(k, entries, error);
      else
        for (index_t i = k * Width; i < (k + 1) * Width; ++i)
          entries[std::size_t(i)] = float(sum[std::size_t(i)] / mass[std::size_t(k)]);
    }
  }
  /// Moves entry k, which has no vectors, into the cluster of largest error.
  void repair(index_t k, std::vector<float>& entries, std::vector<double>& error) {
    index_t donor = 0;
    for (index_t e = 1; e < index_t(error.size()); ++e)
      if (error[std::size_t(e)] > error[std::size_t(donor)]) donor = e;
    const index_t j = costs().largest([&](index_t v) { return nearest_[std::size_t(v)] == donor; });
    if (j < 0) return;  // every vector is exact: there is nothing to gain
    error[std::size_t(donor)] -= costs()(j);
    cost_[std::size_t(j)] = 0;
    __builtin_memcpy(entries.data() + k * Width, vectors_.data() + j * Width,
                     Width * sizeof(float));
  }

  static constexpr index_t tile = vector_scores<Width>::tile;
  std::vector<float> vectors_, weights_;
  index_t entries_count_;
  const k_means& how_;
  const Executor& threads_;
  index_t count_;
  vector_scores<Width> points_;
  std::vector<double> squares_;   // |x|^2
  std::vector<float> cost_;       // squared distance from the nearest entry
  std::vector<index_t> nearest_;  // that entry
};

}  // namespace detail

/// The entries of least weighted squared error that k-means finds for vectors of Width floats (all
/// finite). `weights` has one finite weight of at least 0 per vector, or is empty; weights that are
/// all 0 count as all 1. No vectors at all give entries of 0.
/// Throws error: bad_argument for fewer vectors than entries, or for nonsense in `how`.
template <int Width, class Executor = serial>
clustering cluster(span<const arr<float, Width>> vectors, span<const float> weights,
                   index_t entries, const k_means& how = {}, const Executor& threads = {}) {
  detail::check_k_means(how, vectors.size(), entries);
  const index_t n = vectors.size();
  if (n == 0) return {std::vector<float>(std::size_t(entries * Width), 0.f), {}};
  const float_mode_guard mode;
  const index_t sample = min_of(n, entries * how.vectors_per_entry);
  const detail::vector_sample choice{n, sample, {how.seed, 0}};
  std::vector<float> points, masses;
  points.reserve(std::size_t(sample * Width));
  masses.reserve(std::size_t(sample));
  for (index_t i = 0; i < sample; ++i) {
    const index_t j = choice(i);
    points.insert(points.end(), vectors[j].items, vectors[j].items + Width);
    masses.push_back(weights.empty() ? 1.f : std::min(weights[j], detail::most_weight));
  }
  detail::k_means_run<Width, Executor> run(std::move(points), std::move(masses), entries, how,
                                           threads);
  return run.run(run.seeds());
}

}  // namespace lowbit::inline LOWBIT_ABI
