// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/executor.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <vector>

using namespace lowbit;

namespace {
/// What a user may bring: any class with these two functions.
struct backwards {
  int concurrency() const { return 1; }
  template <class F>
  void for_each(index_t n, F&& f) const {
    for (index_t i = n; i-- > 0;) f(i);
  }
};
struct no_executor {
  int concurrency() const { return 1; }
};
}  // namespace

static_assert(executor<serial> && executor<backwards>);
static_assert(!executor<no_executor> && !executor<int>);

TEST_CASE("serial calls f once for every index, in order") {
  std::vector<index_t> seen;
  serial{}.for_each(5, [&](index_t i) { seen.push_back(i); });
  CHECK(seen == std::vector<index_t>{0, 1, 2, 3, 4});
  serial{}.for_each(0, [&](index_t) { FAIL("nothing to do"); });
  CHECK(serial{}.concurrency() == 1);
}

TEST_CASE("an exception reaches the caller at once") {
  int calls = 0;
  CHECK_THROWS_AS(serial{}.for_each(5,
                                    [&](index_t i) {
                                      ++calls;
                                      if (i == 2) throw std::logic_error("stop");
                                    }),
                  std::logic_error);
  CHECK(calls == 3);
}
