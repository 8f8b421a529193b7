// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <thrust/copy.h>

#include "../../outliers/criteria/n_sigma.hpp"
#include "../../outliers/criteria/top_fraction.hpp"
#include "../../outliers/criteria/top_k.hpp"
#include "../../outliers/sparse.hpp"
#include "policy.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace offline {

namespace detail {

/// Scores w |x|^2 as integers of the same order.
struct outlier_scores {
  matrix_view<const float> values, weights;  // weights: one row, one per element, or null: 1

  /// How many bits they have.
  int bits() const { return weights.data() == nullptr ? 31 : 63; }
  LOWBIT_HD std::uint64_t operator()(index_t r, index_t c) const {
    if (weights.data() == nullptr) return bits_as<std::uint32_t>(magnitude(values(r, c)));
    const float w = weights(weights.rows() == 1 ? 0 : r, c);
    const double score = lowbit::detail::energy(values(r, c), w);
    return score == 0 ? 0 : bits_as<std::uint64_t>(score);  // a weight may be -0
  }
  /// Element i of the matrix.
  LOWBIT_HD std::uint64_t operator()(index_t i) const {
    const position at = place_of(i, values.cols());
    return (*this)(at.row, at.col);
  }
};

/// Kept are the elements of a run with a score above `score`, and those of it before `ties_end`.
struct outlier_cut {
  std::uint64_t score = 0;
  index_t ties_end = 0;
  LOWBIT_HD bool keeps(std::uint64_t s, index_t place) const {
    return s > score || (s == score && place < ties_end);
  }
};
/// Asks how many elements have a score of low .. high and stand before `end`.
struct score_range {
  std::uint64_t low, high;
  index_t end;
  LOWBIT_HD bool contains(std::uint64_t s, index_t place) const {
    return low <= s && s <= high && place < end;
  }
};
/// The cut that keeps the k best of n, of equal ones the earlier. Bit by bit the largest score that
/// k elements reach; then, by halving, how far equal scores are kept: no memory, no sorting, and
/// nothing but counts, which no order changes.
LOWBIT_TRUST_CALLEES
template <class Count>
LOWBIT_HD outlier_cut find_cut(index_t n, index_t k, int bits, Count count_in) {
  constexpr std::uint64_t most = ~std::uint64_t(0);
  if (k <= 0) return {most, 0};
  if (k >= n) return {0, n};
  std::uint64_t score = 0;
  for (int bit = bits - 1; bit >= 0; --bit) {
    const std::uint64_t higher = score | std::uint64_t(1) << bit;
    if (count_in(score_range{higher, most, n}) >= k) score = higher;
  }
  const index_t wanted = k - count_in(score_range{score + 1, most, n});
  if (count_in(score_range{score, score, n}) == wanted) return {score, n};
  index_t low = 0, high = n;  // the least end with enough of them
  while (low < high) {
    const index_t middle = low + (high - low) / 2;
    if (count_in(score_range{score, score, middle}) < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return {score, low};
}

struct is_in_range {
  outlier_scores scores;
  score_range range;
  LOWBIT_HD bool operator()(index_t i) const { return range.contains(scores(i), i); }
};
template <class Policy>
struct count_in_matrix {
  const Policy& policy;
  outlier_scores scores;
  index_t operator()(score_range range) const {
    return count(policy, range.end, is_in_range{scores, range});
  }
};
struct cut_row {
  outlier_scores scores;
  index_t kept;
  int bits;
  outlier_cut* cuts;
  LOWBIT_HD void operator()(index_t r) const {
    cuts[r] = find_cut(scores.values.cols(), kept, bits, [&](score_range range) {
      index_t n = 0;
      for (index_t c = 0; c < range.end; ++c)
        if (range.contains(scores(r, c), c)) ++n;
      return n;
    });
  }
};
struct is_kept {
  outlier_scores scores;
  outlier_cut of_matrix;
  const outlier_cut* of_rows;  // null: the matrix has one
  LOWBIT_HD bool operator()(index_t i) const {
    const position at = place_of(i, scores.values.cols());
    const std::uint64_t s = scores(at.row, at.col);
    return of_rows == nullptr ? of_matrix.keeps(s, i) : of_rows[at.row].keeps(s, at.col);
  }
};

/// Of n_sigma: runs of rows, and what is known of each.
struct sigma_runs {
  matrix_view<const float> values;
  index_t length;           // elements of a run
  double* parts;            // 16 for each
  float *means, *limits;    // one for each

  LOWBIT_HD float value(index_t run, index_t i) const {
    const position at = place_of(run * length + i, values.cols());
    return values(at.row, at.col);
  }
  LOWBIT_HD float distance(float x, index_t run) const { return magnitude(sub_rn(x, means[run])); }
  /// What ordered_sum makes of the partial sums.
  LOWBIT_HD double total(index_t run) const {
    return ordered_sum(16, [&](index_t k) { return parts[16 * run + k]; });
  }
};
/// The partial sums of ordered_sum, a thread for each.
template <bool Squares>
struct sum_parts {
  sigma_runs runs;
  LOWBIT_HD void operator()(index_t i) const {
    const index_t run = i / 16;
    double sum = 0;
    for (index_t k = i % 16; k < runs.length; k += 16) {
      const float x = runs.value(run, k);
      const float d = Squares ? runs.distance(x, run) : x;
      sum += Squares ? double(d) * double(d) : double(d);
    }
    runs.parts[i] = sum;
  }
};
struct find_mean {
  sigma_runs runs;
  LOWBIT_HD void operator()(index_t run) const {
    runs.means[run] = float(runs.total(run) / double(runs.length));
  }
};
struct find_limit {
  sigma_runs runs;
  float multiple;
  LOWBIT_HD void operator()(index_t run) const {
    const double variance = runs.total(run) / double(runs.length);
    runs.limits[run] = mul_rn(multiple, float(sqrt_rn(variance)));
  }
};
struct is_far {
  sigma_runs runs;
  LOWBIT_HD bool operator()(index_t i) const {
    const position at = place_of(i, runs.values.cols());
    const index_t run = i / runs.length;
    return runs.distance(runs.values(at.row, at.col), run) > runs.limits[run];
  }
};

template <class Test>
struct flag_where {
  Test test;
  std::uint8_t* flags;
  LOWBIT_HD void operator()(index_t i) const { flags[i] = test(i) ? 1 : 0; }
};
/// The elements that pass the test: how many, and where, in order.
template <class Policy, class Test>
index_t collect(const Policy& policy, index_t n, Test test, span<index_t> out) {
  const policy_array<std::uint8_t, Policy> flags(policy, n);
  for_each(policy, n, flag_where<Test>{test, flags.data()});
  const is_set kept{flags.data()};
  const index_t found = count(policy, n, kept);
  if (out.data() == nullptr) return found;
  if (out.size() < found)
    fail(errc::bad_argument, "out",
         message("room for ", out.size(), " positions, expected at least ", found));
  const thrust::counting_iterator<index_t> first(0);
  if (found > 0) thrust::copy_if(policy, first, first + n, out.data(), kept);
  return found;
}

template <class Policy>
index_t select_best(const Policy& policy, matrix_view<const float> values, index_t k,
                    outlier_scope scope, span<index_t> out, matrix_view<const float> weights) {
  if (weights.data() != nullptr)
    lowbit::detail::check_importance_shape(weights.shape(), values.shape());
  check_finite(policy, values);
  const float_mode_guard mode;
  const index_t n = values.rows() * values.cols();
  const outlier_scores scores{values, weights};
  if (scope == outlier_scope::matrix) {
    const outlier_cut cut =
        find_cut(n, k, scores.bits(), count_in_matrix<Policy>{policy, scores});
    return collect(policy, n, is_kept{scores, cut, nullptr}, out);
  }
  const policy_array<outlier_cut, Policy> cuts(policy, values.rows());
  for_each(policy, values.rows(), cut_row{scores, k, scores.bits(), cuts.data()});
  return collect(policy, n, is_kept{scores, {}, cuts.data()}, out);
}

}  // namespace detail

/// The elements that a criterion keeps apart: how many they are; and where, as r * cols + c in
/// rising order, in `out`. Without an `out` (null data) they are only counted. They are the
/// positions that the criterion picks on the host, ties included; values, weights and `out` are
/// memory that the policy can reach. `weights` is importance: one per column or per element,
/// finite and not negative (which is not checked), or nothing.
///
/// top_k and top_fraction count scores instead of sorting them: some 35 passes over the matrix (70
/// with weights) and log2(n) more where ties must be broken; of rows, a thread for each. n_sigma
/// adds in the host's order, with 16 threads for the matrix or for each row.
/// Memory of the policy: a byte for each element, and some for each row.
/// Throws error not_finite naming row and column, shape_mismatch of the weights, bad_argument for
/// an `out` that is too small.
template <class Policy>
index_t select_outliers(const Policy& policy, matrix_view<const float> values, const top_k& how,
                        span<index_t> out = {}, matrix_view<const float> weights = {}) {
  return detail::select_best(policy, values, how.count, how.scope, out, weights);
}
template <class Policy>
index_t select_outliers(const Policy& policy, matrix_view<const float> values,
                        const top_fraction& how, span<index_t> out = {},
                        matrix_view<const float> weights = {}) {
  const index_t candidates =
      how.scope == outlier_scope::row ? values.cols() : values.rows() * values.cols();
  return detail::select_best(policy, values, lowbit::detail::share_of(how.fraction, candidates),
                             how.scope, out, weights);
}
template <class Policy>
index_t select_outliers(const Policy& policy, matrix_view<const float> values, const n_sigma& how,
                        span<index_t> out = {}) {
  detail::check_finite(policy, values);
  const float_mode_guard mode;
  const index_t n = values.rows() * values.cols();
  if (n == 0) return 0;
  const index_t count = how.scope == outlier_scope::row ? values.rows() : 1;
  const detail::policy_array<double, Policy> parts(policy, 16 * count);
  const detail::policy_array<float, Policy> numbers(policy, 2 * count);
  const detail::sigma_runs runs{values, n / count, parts.data(), numbers.data(),
                                numbers.data() + count};
  detail::for_each(policy, 16 * count, detail::sum_parts<false>{runs});
  detail::for_each(policy, count, detail::find_mean{runs});
  detail::for_each(policy, 16 * count, detail::sum_parts<true>{runs});
  detail::for_each(policy, count, detail::find_limit{runs, how.multiple});
  return detail::collect(policy, n, detail::is_far{runs}, out);
}

/// The arrays of `sparse<Index>`: rows + 1 row starts, a column and an f16 for each element.
template <class Index>
struct sparse_arrays {
  std::uint32_t* row_starts;
  Index* columns;
  std::uint16_t* values;
};

namespace detail {
template <class Index>
struct compress_element {
  matrix_view<const float> values;
  const index_t* positions;
  sparse_arrays<Index> out;
  LOWBIT_HD void operator()(index_t i) const {
    const position at = place_of(positions[i], values.cols());
    out.columns[i] = Index(at.col);
    out.values[i] = std::uint16_t(f16::encode(values(at.row, at.col)));
  }
};
struct start_row {
  span<const index_t> positions;
  index_t cols;
  std::uint32_t* row_starts;
  LOWBIT_HD void operator()(index_t r) const {
    row_starts[r] = std::uint32_t(first_not_below(positions.data(), positions.size(), r * cols));
  }
};
struct is_beyond_half {
  matrix_view<const float> values;
  const index_t* positions;
  LOWBIT_HD bool operator()(index_t i) const {
    const position at = place_of(positions[i], values.cols());
    return magnitude(values(at.row, at.col)) > f16::peak;
  }
};
}  // namespace detail

/// Compressed sparse rows of the elements at `positions`, which rise (select_outliers): the bytes
/// that `sparse<Index>` stores of them. `values` are what is added to the codes: the matrix itself
/// where kept elements decode to 0, else its difference from what they decode to. All of it is
/// memory that the policy can reach. Cost: a thread for each element, and for each row a search.
/// Throws error out_of_range, before anything is written: for more columns than Index can count,
/// more elements than 32 bits, a value beyond f16 (naming row and column).
template <class Index, class Policy>
void compress_rows(const Policy& policy, matrix_view<const float> values,
                   span<const index_t> positions, const sparse_arrays<Index>& out) {
  sparse<Index>::check_columns(values.cols());
  sparse<Index>::check_count(positions.size());
  const index_t wrong = detail::first_where(
      policy, positions.size(), detail::is_beyond_half{values, positions.data()});
  if (wrong < positions.size()) {
    const position at =
        detail::place_of(detail::fetch(policy, positions.data() + wrong), values.cols());
    lowbit::detail::check_half(detail::fetch(policy, values.row(at.row) + at.col), at.row, at.col);
  }
  const float_mode_guard mode;
  detail::for_each(policy, positions.size(),
                   detail::compress_element<Index>{values, positions.data(), out});
  detail::for_each(policy, values.rows() + 1,
                   detail::start_row{positions, values.cols(), out.row_starts});
}

}  // namespace offline
}  // namespace lowbit::inline LOWBIT_ABI
