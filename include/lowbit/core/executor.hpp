// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <concepts>

#include "span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Who runs independent pieces of work. `for_each(n, f)` calls f(i) once for every 0 <= i < n, in
/// any order, and returns when all are done; an exception of one call reaches the caller; a call
/// from inside f runs serially. Results of the library never depend on the executor.
template <class E>
concept executor = requires(const E& e, void (*f)(index_t)) {
  { e.concurrency() } -> std::convertible_to<int>;
  e.for_each(index_t{}, f);
};

/// The default: the calling thread, in order.
struct serial {
  int concurrency() const { return 1; }
  template <class F>
  void for_each(index_t n, F&& f) const {
    for (index_t i = 0; i < n; ++i) f(i);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
