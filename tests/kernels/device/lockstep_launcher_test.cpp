// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/lockstep_launcher.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

namespace {

/// Writes down who ran, in turn.
struct log_warps {
  [[maybe_unused]] static constexpr int max_warps = 8, min_blocks = 1;
  template <class Block>
  void operator()(Block& b, std::vector<int>* log, int add) const {
    b.phase([&](auto, int i) { log->push_back(100 * b.index() + i + add); });
  }
};

std::vector<int> order_of(lockstep_order order, index_t blocks) {
  std::vector<int> log;
  lockstep_launcher(order).launch(log_warps{}, blocks, 2, 0, &log, 5);
  return log;
}

}  // namespace

TEST_CASE("a launch runs every warp of every block, in the launcher's order") {
  CHECK(order_of(lockstep_order::forward, 2) == std::vector<int>{5, 6, 105, 106});
  CHECK(order_of(lockstep_order::reverse, 2) == std::vector<int>{106, 105, 6, 5});
  CHECK(order_of(lockstep_order::strided, 3).size() == 6);
  CHECK(order_of(lockstep_order::forward, 0).empty());
  CHECK(lockstep_launcher(lockstep_order::forward, 7).multiprocessors() == 7);
}
