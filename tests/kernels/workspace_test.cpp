// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/workspace.hpp>

#include <doctest/doctest.h>

#include <cstring>

using namespace lowbit;

TEST_CASE("a workspace grows to the largest need and stays, aligned to 64 bytes") {
  workspace w;
  CHECK(w.size() == 0);
  void* const first = w.reserve(100);
  CHECK(reinterpret_cast<std::uintptr_t>(first) % 64 == 0);
  CHECK(w.size() == 100);
  CHECK(w.reserve(50) == first);
  CHECK(w.size() == 100);
  std::memset(w.reserve(1000), 1, 1000);
  CHECK(w.size() == 1000);
}

TEST_CASE("what is nested is kept and counted") {
  workspace w;
  w.reserve(10);
  workspace* const inner = &w.nested();
  inner->reserve(20);
  CHECK(&w.nested() == inner);
  CHECK(w.size() == 10 + 20 + index_t(sizeof(workspace)));
}

TEST_CASE("a workspace that was moved from is empty and can be used again") {
  workspace a;
  a.reserve(64);
  workspace b = std::move(a);
  CHECK(b.size() == 64);
  CHECK(a.size() == 0);
  std::memset(a.reserve(32), 1, 32);
  b = std::move(a);
  CHECK(b.size() == 32);
}

TEST_CASE("a carver hands out what it counted") {
  detail::carver count;
  CHECK(count.take<float>(3) == nullptr);
  CHECK(count.take<double>(9) == nullptr);
  CHECK(count.used() == 64 + 128);
  workspace w;
  detail::carver memory(w.reserve(count.used()));
  float* const a = memory.take<float>(3);
  double* const b = memory.take<double>(9);
  CHECK(static_cast<void*>(a) == w.reserve(0));
  CHECK(reinterpret_cast<char*>(b) - reinterpret_cast<char*>(a) == 64);
  CHECK(memory.used() == count.used());
}
