// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/cuda_launcher.hpp>

#include "runner.hpp"

using namespace lowbit;

namespace {

/// Every lane says which it is, through as much shared memory as it was given.
struct count_lanes {
  static constexpr int max_warps = 8, min_blocks = 1;
  template <class Block>
  LOWBIT_HD void operator()(Block& b, int* out, int last_word) const {
    using warp = typename Block::warp;
    int* const shared = b.template shared<int>();
    b.phase([&](const warp& w, int i) {
      w.lanes([&](int l) {
        if (i == 0 && l == 0) shared[last_word] = 7;
      });
    });
    b.phase_nosync([&](const warp& w, int i) {
      w.lanes([&](int l) {
        out[(b.index() * b.warps() + i) * warp_size + l] = shared[last_word] + b.count();
      });
    });
  }
};

}  // namespace

TEST_CASE("a launch has the blocks, warps and shared memory that it asked for") {
  if (!test::has_gpu()) return;
  const gpu::cuda_launcher to(nullptr);
  CHECK(to.multiprocessors() > 0);
  for (const index_t shared : {index_t(1024), to.shared_bytes()}) {
    const test::device_array<int> out(std::vector<int>(3 * 2 * 32 + 1, -1));
    to.launch(count_lanes{}, 3, 2, shared, out.data(), int(shared / 4) - 1);
    std::vector<int> expected(3 * 2 * 32, 7 + 3);
    expected.push_back(-1);
    CHECK(out.read() == expected);
  }
}
TEST_CASE("what the device cannot launch is an error with CUDA's text, and nothing stays behind") {
  if (!test::has_gpu()) return;
  const gpu::cuda_launcher to(nullptr);
  const test::device_array<int> out(std::vector<int>(64));
  try {
    to.launch(count_lanes{}, 1, 1, 100 * to.shared_bytes(), out.data(), 0);
    FAIL("no error");
  } catch (const error& e) {
    CHECK(e.code() == errc::device);
    CHECK(std::string(e.what()).find("lowbit: launch: cudaError") == 0);
  }
  CHECK(cudaGetLastError() == cudaSuccess);
}
