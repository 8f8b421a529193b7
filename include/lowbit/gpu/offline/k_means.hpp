// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <thrust/sort.h>

#include "../../codebooks/k_means.hpp"
#include "policy.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace offline {

namespace detail {

using lowbit::detail::distance_of;
using lowbit::detail::square_of;
using lowbit::detail::vector_sample;
using lowbit::detail::weighted_costs;

/// The arrays of a run of k-means: of vectors, then of entries.
template <int Width>
struct k_means_arrays {
  index_t count, entries_count;
  const float* vectors;
  const float* weights;
  double* squares;
  float* costs;
  std::uint32_t* nearest;
  double* run_sums;
  float* entries;
  double* half_squares;

  LOWBIT_HD weighted_costs costs_of() const { return {weights, costs, count}; }
  /// As vector_scores has it.
  LOWBIT_HD static double score(double half_square, const float* c, const float* x) {
    double s = half_square;
    for (int i = 0; i < Width; ++i) s -= double(x[i]) * double(c[i]);
    return s;
  }
};

template <int Width>
struct take_sample {
  span<const arr<float, Width>> from;
  span<const float> from_weights;
  vector_sample choice;
  float *vectors, *weights;
  double* squares;
  float* costs;
  LOWBIT_HD void operator()(index_t i) const {
    const index_t j = choice(i);
    for (int k = 0; k < Width; ++k) vectors[i * Width + k] = from[j][k];
    const float w = from_weights.empty() ? 1.f : from_weights[j];
    weights[i] = w < lowbit::detail::most_weight ? w : lowbit::detail::most_weight;
    squares[i] = square_of<Width>(vectors + i * Width);
    costs[i] = 1;  // the first seed: by weight alone
  }
};
struct has_weight {
  const float* weights;
  LOWBIT_HD bool operator()(index_t i) const { return weights[i] != 0; }
};
template <int Width>
struct sum_run {
  k_means_arrays<Width> a;
  LOWBIT_HD void operator()(index_t run) const {
    a.run_sums[run] = a.costs_of().sum_of_run(run);
  }
};
/// The sum of all runs, in order; by one thread.
struct add_runs {
  const double* sums;
  index_t runs;
  LOWBIT_HD double operator()(index_t) const {
    double sum = 0;
    for (index_t r = 0; r < runs; ++r) sum += sums[r];
    return sum;
  }
};
/// Seed k, by one thread: which vector it is, or -1.
template <int Width>
struct draw_seed {
  k_means_arrays<Width> a;
  philox random;
  index_t k;
  index_t* pick;
  LOWBIT_HD void operator()(index_t) const {
    *pick = a.costs_of().draw(a.run_sums, random, std::uint64_t(k));
    if (*pick < 0) return;
    for (int i = 0; i < Width; ++i) a.entries[k * Width + i] = a.vectors[*pick * Width + i];
  }
};
template <int Width>
struct lower_costs {
  k_means_arrays<Width> a;
  index_t k;
  const index_t* pick;
  LOWBIT_HD void operator()(index_t j) const {
    if (*pick < 0) return;
    const double s = a.score(a.squares[j] / 2, a.vectors + j * Width, a.entries + k * Width);
    const float d = distance_of(s, a.squares[*pick]);
    if (j == *pick)
      a.costs[j] = 0;
    else if (k == 0 || d < a.costs[j])
      a.costs[j] = d;
  }
};

template <int Width>
struct square_entry {
  k_means_arrays<Width> a;
  LOWBIT_HD void operator()(index_t k) const {
    a.half_squares[k] = square_of<Width>(a.entries + k * Width) / 2;
  }
};
template <int Width>
struct find_nearest {
  k_means_arrays<Width> a;
  LOWBIT_HD void operator()(index_t j) const {
    const float* const x = a.vectors + j * Width;
    double least = __builtin_inf();
    index_t best = 0;
    for (index_t k = 0; k < a.entries_count; ++k) {
      const double s = a.score(a.half_squares[k], a.entries + k * Width, x);
      if (s < least) {
        least = s;
        best = k;
      }
    }
    a.nearest[j] = std::uint32_t(best);
    a.costs[j] = distance_of(least, a.squares[j]);
  }
};

/// The vectors sorted by their entries, those of one in their order.
struct clusters {
  const std::uint32_t* entry;   // of each place, rising
  const std::uint32_t* vector;  // at each place
  index_t count;
  LOWBIT_HD index_t start(index_t k) const {
    return first_not_below(entry, count, std::uint32_t(k));
  }
};
template <int Width>
struct list_vectors {
  k_means_arrays<Width> a;
  std::uint32_t *entry, *vector;
  LOWBIT_HD void operator()(index_t j) const {
    entry[j] = a.nearest[j];
    vector[j] = std::uint32_t(j);
  }
};
/// Of each entry Width + 2 sums: w x, w and w cost, a thread for each.
template <int Width>
struct sum_cluster {
  k_means_arrays<Width> a;
  clusters by_entry;
  double* sums;
  LOWBIT_HD void operator()(index_t at) const {
    const index_t k = at / (Width + 2), i = at % (Width + 2);
    double sum = 0;
    for (index_t n = by_entry.start(k); n < by_entry.start(k + 1); ++n) {
      const index_t j = by_entry.vector[n];
      const double w = a.weights[j];
      if (i < Width)
        sum += w * double(a.vectors[j * Width + i]);
      else
        sum += i == Width ? w : a.costs_of()(j);
    }
    sums[at] = sum;
  }
};
template <int Width>
struct has_no_mass {
  const double* sums;
  LOWBIT_HD bool operator()(index_t k) const { return sums[k * (Width + 2) + Width] == 0; }
};
template <int Width>
struct move_entry {
  k_means_arrays<Width> a;
  const double* sums;
  LOWBIT_HD void operator()(index_t k) const {
    const double* const s = sums + k * (Width + 2);
    if (s[Width] != 0)
      for (int i = 0; i < Width; ++i) a.entries[k * Width + i] = float(s[i] / s[Width]);
  }
};
/// Entries without vectors go into the clusters of largest error, one after the other.
template <int Width>
struct repair_entries {
  k_means_arrays<Width> a;
  clusters by_entry;
  double* sums;
  LOWBIT_HD double& error(index_t k) const { return sums[k * (Width + 2) + Width + 1]; }
  LOWBIT_HD void operator()(index_t) const {
    const weighted_costs costs = a.costs_of();
    for (index_t k = 0; k < a.entries_count; ++k) {
      if (!has_no_mass<Width>{sums}(k)) continue;
      index_t donor = 0, worst = -1;
      for (index_t e = 1; e < a.entries_count; ++e)
        if (error(donor) < error(e)) donor = e;
      for (index_t n = by_entry.start(donor); n < by_entry.start(donor + 1); ++n) {
        const index_t j = by_entry.vector[n];
        if (costs(j) > (worst < 0 ? 0.0 : costs(worst))) worst = j;
      }
      if (worst < 0) continue;  // every vector is exact: there is nothing to gain
      error(donor) -= costs(worst);
      a.costs[worst] = 0;
      for (int i = 0; i < Width; ++i) a.entries[k * Width + i] = a.vectors[worst * Width + i];
    }
  }
};

/// Vectors of a sample, and the steps of k-means on them; `entries` are the caller's.
template <int Width, class Policy>
class k_means_run {
 public:
  k_means_run(const Policy& policy, span<const arr<float, Width>> vectors,
              span<const float> weights, index_t sample, span<float> entries, const k_means& how)
      : policy_(policy),
        how_(how),
        runs_(weighted_costs::runs_of(sample)),
        numbers_(policy, sample * (Width + 2)),
        doubles_(policy, sample + runs_ + entries.size() / Width * (Width + 3)),
        indices_(policy, 3 * sample) {
    float* const own_weights = numbers_.data() + sample * Width;
    a_.count = sample;
    a_.entries_count = entries.size() / Width;
    a_.vectors = numbers_.data();
    a_.weights = own_weights;
    a_.costs = own_weights + sample;
    a_.squares = doubles_.data();
    a_.run_sums = a_.squares + sample;
    a_.half_squares = a_.run_sums + runs_;
    sums_ = a_.half_squares + a_.entries_count;
    a_.nearest = indices_.data();
    a_.entries = entries.data();
    const vector_sample choice{vectors.size(), sample, {how.seed, 0}};
    for_each(policy, sample,
             take_sample<Width>{vectors, weights, choice, numbers_.data(), own_weights, a_.squares,
                                a_.costs});
    if (count(policy, sample, has_weight{own_weights}) == 0)
      thrust::fill_n(policy, own_weights, sample, 1.f);
  }

  /// k-means++; entries beyond the distinct vectors stay as they are.
  void seed_entries() const {
    const policy_array<index_t, Policy> pick(policy_, 1);
    sum_runs();
    for (index_t k = 0; k < a_.entries_count; ++k) {
      for_each(policy_, 1, draw_seed<Width>{a_, {how_.seed, 1}, k, pick.data()});
      for_each(policy_, a_.count, lower_costs<Width>{a_, k, pick.data()});
      sum_runs();
    }
  }
  /// Lloyd's rounds; the errors before each.
  std::vector<double> improve_entries() const {
    const index_t n = a_.count, entries = a_.entries_count;
    std::uint32_t *const entry = indices_.data() + n, *const vector = entry + n;
    const clusters by_entry{entry, vector, n};
    std::vector<double> errors;
    for (int round = 0; round < how_.rounds; ++round) {
      for_each(policy_, entries, square_entry<Width>{a_});
      for_each(policy_, n, find_nearest<Width>{a_});
      sum_runs();
      errors.push_back(reduce(policy_, 1, add_runs{a_.run_sums, runs_}, 0.0, sum_of_two{}));
      if (!lowbit::detail::improves(errors)) break;
      for_each(policy_, n, list_vectors<Width>{a_, entry, vector});
      thrust::stable_sort_by_key(policy_, entry, entry + n, vector);
      for_each(policy_, entries * (Width + 2), sum_cluster<Width>{a_, by_entry, sums_});
      for_each(policy_, entries, move_entry<Width>{a_, sums_});
      if (count(policy_, entries, has_no_mass<Width>{sums_}) > 0)
        for_each(policy_, 1, repair_entries<Width>{a_, by_entry, sums_});
    }
    return errors;
  }

 private:
  void sum_runs() const { for_each(policy_, runs_, sum_run<Width>{a_}); }

  const Policy& policy_;
  const k_means& how_;
  index_t runs_;
  policy_array<float, Policy> numbers_;
  policy_array<double, Policy> doubles_;
  policy_array<std::uint32_t, Policy> indices_;
  k_means_arrays<Width> a_{};
  double* sums_ = nullptr;  // Width + 2 for each entry
};

}  // namespace detail

/// Learns the entries that `cluster` finds on the host, bit for bit, in memory that the policy can
/// reach: vectors (all finite), weights (one per vector, finite and not negative, or none) and
/// `out`, entries * Width floats. Returns the errors before each round, as `clustering` has them.
///
/// Every vector looks for its entry by itself, the sums of an entry run over its vectors in their
/// order (a stable sort brings them together), and all other sums over runs of 1024. Seeds follow
/// one another, two passes over the sample each. Cost: as for `cluster`, (rounds + 2) * sample *
/// entries * dim products; entries with many vectors take longest in a round.
/// Memory of the policy: some 4 Width + 40 bytes for each vector of the sample.
/// Throws error bad_argument as `cluster` does, and for an `out` of another size.
template <int Width, class Policy>
std::vector<double> cluster(const Policy& policy, span<const arr<float, Width>> vectors,
                            span<const float> weights, index_t entries, const k_means& how,
                            span<float> out) {
  lowbit::detail::check_k_means(how, vectors.size(), entries);
  if (out.size() != entries * Width)
    fail(errc::bad_argument, "out",
         message(out.size(), " floats, expected ", entries, " entries of ", Width));
  const index_t sample = min_of(vectors.size(), entries * how.vectors_per_entry);
  if (sample > index_t(std::uint32_t(-1)))
    fail(errc::bad_argument, "k_means",
         message("a sample of ", sample, " vectors, expected less than 2^32"));
  const float_mode_guard mode;
  thrust::fill_n(policy, out.data(), out.size(), 0.f);
  if (sample == 0) return {};
  const detail::k_means_run<Width, Policy> run(policy, vectors, weights, sample, out, how);
  run.seed_entries();
  return run.improve_entries();
}

}  // namespace offline
}  // namespace lowbit::inline LOWBIT_ABI
