// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <type_traits>

#include "executor.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Any executor behind one type: what a virtual function takes. It must not outlive its executor.
class executor_ref {
 public:
  template <executor E>
    requires(!std::same_as<E, executor_ref>)
  executor_ref(const E& e)
      : executor_(&e),
        concurrency_(e.concurrency()),
        run_([](const void* self, index_t n, const void* f, call c) {
          static_cast<const E*>(self)->for_each(n, [f, c](index_t i) { c(f, i); });
        }) {}

  int concurrency() const { return concurrency_; }
  template <class F>
  void for_each(index_t n, F&& f) const {
    using Function = std::remove_reference_t<F>;
    run_(executor_, n, &f, [](const void* g, index_t i) {
      (*static_cast<Function*>(const_cast<void*>(g)))(i);
    });
  }

 private:
  using call = void (*)(const void* function, index_t i);
  const void* executor_;
  int concurrency_;
  void (*run_)(const void*, index_t, const void*, call);
};

}  // namespace lowbit::inline LOWBIT_ABI
