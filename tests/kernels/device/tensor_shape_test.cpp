// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/tensor_shape.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

TEST_CASE("a workspace counted for any device holds the partial sums on each") {
  for (const int dim : {1, 4, 16})
    for (const extent w : {extent{16, 128}, {160, 4096}, {4096, 4096}, {1000, 28672}, {70000, 64}})
      for (int columns : {1, 8, 9, 16, 17, 32, 33, 64, 65, 256, 1000}) {
        const kernels::tensor_shape shape{w, columns, dim};
        for (int multiprocessors = 1; multiprocessors <= 256; ++multiprocessors)
          for (int fewer : {1, 8, 16, 32, 64, columns}) {
            if (fewer > columns) continue;
            const kernels::tensor_shape s{w, fewer, dim};
            const kernels::tensor_launch l = s.launch(multiprocessors);
            const index_t cells = 16 * s.tiles(multiprocessors) * s.of_block() *
                                  (s.is_small(multiprocessors) ? 1 : l.warps);
            const index_t used = l.splits > 1 ? l.items * cells : 0;
            if (used > shape.partial_sums()) FAIL(columns, " ", fewer, " ", multiprocessors);
            if (l.blocks % l.splits != 0 || l.items % l.splits != 0) FAIL("splits");
          }
      }
}
