// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/shared.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using lowbit::shared;

namespace {

std::atomic<int> alive = 0;
struct base {
  base() { ++alive; }
  base(const base&) = delete;
  virtual ~base() { --alive; }
  virtual int value() const { return 1; }
};
struct derived final : base {
  int number;
  explicit derived(int n) : number(n) {
    if (n < 0) throw std::invalid_argument("negative");
  }
  int value() const override { return number; }
};

}  // namespace

TEST_CASE("the last owner frees the object") {
  {
    shared<const base> a = shared<const base>::make<derived>(7);
    CHECK(alive == 1);
    shared<const base> b = a, c;
    CHECK_FALSE(c);
    c = b;
    CHECK(c.get() == a.get());
    a = {};
    CHECK_FALSE(a);
    b = std::move(c);
    CHECK_FALSE(c);  // NOLINT: it is null once moved from
    CHECK(alive == 1);
    CHECK(b->value() == 7);
    CHECK((*b).value() == 7);
    b = *&b;
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}

TEST_CASE("what throws while it is made leaves nothing behind") {
  CHECK_THROWS_AS(shared<base>::make<derived>(-1), std::invalid_argument);
  CHECK(alive == 0);
}

TEST_CASE("threads may copy and drop at the same time") {
  {
    const shared<base> one = shared<base>::make();
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([mine = one] {
        for (int i = 0; i < 10000; ++i) {
          const shared<base> copy = mine;
          if (copy->value() != 1) throw std::logic_error("another object");
        }
      });
    for (std::thread& t : threads) t.join();
    CHECK(alive == 1);
  }
  CHECK(alive == 0);
}
