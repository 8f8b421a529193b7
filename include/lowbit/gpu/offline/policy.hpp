// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What offline work asks of a Thrust execution policy: loops, reductions, memory for a while.
#pragma once
#include <thrust/binary_search.h>
#include <thrust/count.h>
#include <thrust/execution_policy.h>
#include <thrust/fill.h>
#include <thrust/find.h>
#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/memory.h>
#include <thrust/transform_reduce.h>

#include "../../core/float_mode.hpp"
#include "../../solvers/encode_plane.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace offline::detail {

using lowbit::detail::fail_not_finite;

/// Numbers in memory of the policy's system, which the policy allocates and gets back.
template <class T, class Policy>
class policy_array {
 public:
  policy_array(const Policy& policy, index_t size)
      : policy_(policy),
        memory_(thrust::get_temporary_buffer<T>(policy, size > 0 ? size : 1)) {
    if (memory_.second < size)
      fail(errc::device, "policy", message("no memory for ", size, " numbers of ", sizeof(T),
                                           " bytes"));
  }
  ~policy_array() { thrust::return_temporary_buffer(policy_, memory_.first, memory_.second); }
  policy_array(const policy_array&) = delete;
  policy_array& operator=(const policy_array&) = delete;

  T* data() const { return thrust::raw_pointer_cast(memory_.first); }

 private:
  const Policy& policy_;
  decltype(thrust::get_temporary_buffer<T>(std::declval<const Policy&>(),
                                           std::ptrdiff_t{})) memory_;
};

/// f(i) for i = 0 .. n - 1, in any order.
template <class Policy, class F>
void for_each(const Policy& policy, index_t n, F f) {
  if (n > 0) thrust::for_each_n(policy, thrust::counting_iterator<index_t>(0), n, f);
}
/// The numbers f(i) put together in any order, beginning with `start`.
template <class Policy, class F, class T, class Operation>
T reduce(const Policy& policy, index_t n, F f, T start, Operation operation) {
  const thrust::counting_iterator<index_t> first(0);
  return n > 0 ? thrust::transform_reduce(policy, first, first + n, f, start, operation) : start;
}

struct sum_of_two {
  template <class T>
  LOWBIT_HD T operator()(T a, T b) const {
    return a + b;
  }
};
struct largest_of_two {
  template <class T>
  LOWBIT_HD T operator()(T a, T b) const {
    return a < b ? b : a;
  }
};

/// How many i of 0 .. n - 1 pass the test.
template <class Policy, class Test>
index_t count(const Policy& policy, index_t n, Test test) {
  const thrust::counting_iterator<index_t> first(0);
  return n > 0 ? index_t(thrust::count_if(policy, first, first + n, test)) : 0;
}
/// The first i that passes, or n.
template <class Policy, class Test>
index_t first_where(const Policy& policy, index_t n, Test test) {
  const thrust::counting_iterator<index_t> first(0);
  return n > 0 ? index_t(thrust::find_if(policy, first, first + n, test) - first) : 0;
}

struct is_set {
  const std::uint8_t* flags;
  LOWBIT_HD bool operator()(index_t i) const { return flags[i] != 0; }
};

template <class T>
struct element_at {
  const T* from;
  LOWBIT_HD T operator()(index_t i) const { return from[i]; }
};
/// One number of the policy's memory.
template <class Policy, class T>
T fetch(const Policy& policy, const T* from) {
  return reduce(policy, 1, element_at<T>{from}, T(0), sum_of_two{});
}

/// The first of n rising numbers that is not below x.
template <class T>
LOWBIT_HD index_t first_not_below(const T* sorted, index_t n, T x) {
  return thrust::lower_bound(thrust::seq, sorted, sorted + n, x) - sorted;
}

/// Element i of a matrix, row by row.
LOWBIT_HD inline position place_of(index_t i, index_t cols) { return {i / cols, i % cols}; }
struct is_no_number {
  matrix_view<const float> values;
  LOWBIT_HD bool operator()(index_t i) const {
    const position at = place_of(i, values.cols());
    return !is_finite(values(at.row, at.col));
  }
};
/// Throws error not_finite that names the first, as quantize does.
template <class Policy>
void check_finite(const Policy& policy, matrix_view<const float> values) {
  const index_t n = values.rows() * values.cols();
  const index_t first = first_where(policy, n, is_no_number{values});
  if (first < n) fail_not_finite(place_of(first, values.cols()));
}

}  // namespace offline::detail
}  // namespace lowbit::inline LOWBIT_ABI
