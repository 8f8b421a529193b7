// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/launch.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

namespace {

struct kernel_of_three_warps {
  static constexpr int max_warps = 3;
};
struct recorder {
  int multiprocessors() const { return 2; }
  template <class Kernel>
  void launch(const Kernel&, index_t b, int w, index_t s, int argument) const {
    blocks = b, warps = w, shared = s;
    CHECK(argument == 5);
  }
  mutable index_t blocks = -1, shared = -1;
  mutable int warps = -1;
};

}  // namespace

TEST_CASE("as many blocks as there is work for, at most 32 for each multiprocessor") {
  const auto blocks_for = [](index_t things, index_t each) {
    const recorder to;
    kernels::launch_on(to, kernel_of_three_warps{}, things, each, 5);
    CHECK(to.warps == 3);
    CHECK(to.shared == 0);
    return to.blocks;
  };
  CHECK(blocks_for(0, 32) == 0);
  CHECK(blocks_for(1, 32) == 1);
  CHECK(blocks_for(96, 32) == 1);
  CHECK(blocks_for(97, 32) == 2);
  CHECK(blocks_for(10, 1) == 4);
  CHECK(blocks_for(192, 1) == 64);
  CHECK(blocks_for(index_t(1) << 40, 1) == 64);
}
