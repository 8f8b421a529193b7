// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/thread_pool.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <lowbit/core/random.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace lowbit;

static_assert(executor<thread_pool>);

TEST_CASE("concurrency is the number of threads asked for, the caller among them") {
  for (const int n : {1, 2, 3, 8}) CHECK(thread_pool(n).concurrency() == n);
  CHECK(thread_pool().concurrency() >= 1);
}

TEST_CASE("a negative number of threads is an error that says so") {
  try {
    thread_pool pool(-2);
    FAIL("no error");
  } catch (const error& e) {
    CHECK(e.code() == errc::bad_argument);
    CHECK(e.what() == std::string("lowbit: threads: -2, expected at least 0"));
  }
}

TEST_CASE("every index is called exactly once, in round after round of every size") {
  const thread_pool pool(4);
  for (index_t round = 0; round < 2000; ++round) {
    const index_t n = round % 67;
    std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
    pool.for_each(n, [&](index_t i) { ++calls[static_cast<std::size_t>(i)]; });
    for (const auto& c : calls) REQUIRE(c == 1);
  }
}

TEST_CASE("all writes of a round are visible after it, and none happens later") {
  const thread_pool pool(3);
  std::vector<int> values(1000);  // plain integers: a race would be seen by ThreadSanitizer
  for (int round = 1; round <= 200; ++round) {
    pool.for_each(1000, [&](index_t i) { values[static_cast<std::size_t>(i)] += round; });
    for (const int v : values) REQUIRE(v == round * (round + 1) / 2);
  }
}

TEST_CASE("results do not depend on the number of threads") {
  const auto compute = [](const auto& executor) {
    std::vector<float> y(257);
    executor.for_each(257, [&](index_t r) {
      float sum = 0;
      for (std::uint64_t c = 0; c < 50; ++c)
        sum = add_rn(sum, philox{1}.normal(std::uint64_t(r) * 50 + c));
      y[static_cast<std::size_t>(r)] = sum;
    });
    return y;
  };
  const std::vector<float> expected = compute(serial{});
  for (const int threads : {1, 2, 5}) CHECK(compute(thread_pool(threads)) == expected);
}

TEST_CASE("an exception of one call reaches the caller, and the pool works on") {
  const thread_pool pool(4);
  for (int round = 0; round < 200; ++round) {
    const index_t culprit = round % 40;
    CHECK_THROWS_WITH_AS(pool.for_each(40,
                                       [&](index_t i) {
                                         if (i == culprit) throw std::out_of_range("index");
                                       }),
                         "index", std::out_of_range);
    std::atomic<int> calls = 0;
    pool.for_each(40, [&](index_t) { ++calls; });
    REQUIRE(calls == 40);
  }
}

TEST_CASE("when all calls throw exactly one exception arrives") {
  const thread_pool pool(4);
  for (int round = 0; round < 50; ++round)
    CHECK_THROWS_AS(pool.for_each(100, [](index_t i) { throw int(i); }), int);
}

TEST_CASE("a call from inside runs on the calling thread, whatever the pool") {
  const thread_pool pool(3), other(2);
  std::atomic<int> calls = 0;
  pool.for_each(8, [&](index_t) {
    const std::thread::id me = std::this_thread::get_id();
    pool.for_each(5, [&](index_t) {
      ++calls;
      if (std::this_thread::get_id() != me) calls += 1000;
    });
    other.for_each(5, [&](index_t) {
      ++calls;
      if (std::this_thread::get_id() != me) calls += 1000;
    });
  });
  CHECK(calls == 80);
}

TEST_CASE("after an exception a call from outside is parallel again") {
  // The mark "inside" must not stay behind on the caller's thread.
  const thread_pool pool(2);
  CHECK_THROWS(pool.for_each(4, [](index_t) { throw 1; }));
  std::atomic<int> arrived = 0;
  pool.for_each(2, [&](index_t) {  // both calls must be running at once to finish
    ++arrived;
    while (arrived < 2) std::this_thread::yield();
  });
  CHECK(arrived == 2);
}

TEST_CASE("copies share the threads; callers of several threads take turns") {
  const thread_pool pool(3);
  std::atomic<int> calls = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([copy = pool, &calls] {
      for (int round = 0; round < 100; ++round) copy.for_each(10, [&](index_t) { ++calls; });
    });
  for (std::thread& c : callers) c.join();
  CHECK(calls == 4000);
}

TEST_CASE("pools come and go without work") {
  for (int i = 0; i < 100; ++i) thread_pool pool(4);
}
