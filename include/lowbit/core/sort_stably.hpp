// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Sorts by less(a, b) and keeps the order of equals, so that what is summed in that order has the
/// same bits everywhere. (<algorithm> would cost every user of a quantizer a tenth of a second.)
/// Merges runs of 16 that insertion has sorted: n log n comparisons, one copy of the values.
template <class T, class Less>
void sort_stably(std::vector<T>& values, Less less) {
  const index_t n = index_t(values.size());
  constexpr index_t first_run = 16;
  T* from = values.data();
  for (index_t start = 0; start < n; start += first_run)
    for (index_t i = start + 1; i < min_of(start + first_run, n); ++i) {
      const T x = from[i];
      index_t at = i;
      for (; at > start && less(x, from[at - 1]); --at) from[at] = from[at - 1];
      from[at] = x;
    }
  if (n <= first_run) return;
  std::vector<T> copy(values);
  T* to = copy.data();
  bool in_copy = false;
  for (index_t run = first_run; run < n; run *= 2) {
    for (index_t start = 0; start < n; start += 2 * run) {
      index_t a = start, b = min_of(start + run, n), out = start;
      const index_t a_end = b, b_end = min_of(start + 2 * run, n);
      while (a < a_end && b < b_end) {
        const bool second = less(from[b], from[a]);
        to[out++] = second ? from[b++] : from[a++];
      }
      while (a < a_end) to[out++] = from[a++];
      while (b < b_end) to[out++] = from[b++];
    }
    T* const swap = from;
    from = to;
    to = swap;
    in_copy = !in_copy;
  }
  if (in_copy) values.swap(copy);
}

}  // namespace lowbit::inline LOWBIT_ABI
