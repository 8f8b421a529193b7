// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/executor_ref.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/thread_pool.hpp>
#include <stdexcept>
#include <vector>

using namespace lowbit;

namespace {
/// Remembers how it was used.
struct backwards {
  std::vector<index_t>* sizes;
  int concurrency() const { return 7; }
  template <class F>
  void for_each(index_t n, F&& f) const {
    sizes->push_back(n);
    for (index_t i = n; i-- > 0;) f(i);
  }
};
}  // namespace

static_assert(executor<executor_ref>);

TEST_CASE("calls go to the executor behind it, of whatever type") {
  std::vector<index_t> sizes, seen;
  const backwards e{&sizes};
  const executor_ref ref = e;
  const executor_ref copy = ref;  // refers to the executor, not to the reference
  CHECK(copy.concurrency() == 7);
  copy.for_each(3, [&](index_t i) { seen.push_back(i); });
  copy.for_each(0, [&](index_t) { FAIL("nothing to do"); });
  CHECK(sizes == std::vector<index_t>{3, 0});
  CHECK(seen == std::vector<index_t>{2, 1, 0});
}

TEST_CASE("functions keep their state, and constant ones work too") {
  int sum = 0;
  auto add = [sum = 0, out = &sum](index_t i) mutable { *out = sum += int(i); };
  const serial one;
  const executor_ref ref = one;
  ref.for_each(5, add);
  CHECK(sum == 10);
  ref.for_each(2, add);
  CHECK(sum == 11);
  const auto constant = [&](index_t i) { sum -= int(i); };
  ref.for_each(3, constant);
  CHECK(sum == 8);
}

TEST_CASE("an exception of one call reaches the caller") {
  const thread_pool pool(3);
  const executor_ref ref = pool;
  CHECK(ref.concurrency() == 3);
  CHECK_THROWS_AS(ref.for_each(100,
                               [](index_t i) {
                                 if (i == 50) throw std::logic_error("stop");
                               }),
                  std::logic_error);
  std::vector<int> values(100);
  ref.for_each(100, [&](index_t i) { values[static_cast<std::size_t>(i)] = int(i); });
  for (int i = 0; i < 100; ++i) CHECK(values[static_cast<std::size_t>(i)] == i);
}
