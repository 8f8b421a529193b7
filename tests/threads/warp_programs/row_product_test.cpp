// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole calls of the generic products with a thread for each lane: the same bits as in lockstep,
// and, watched, no race.
#include <lowbit/kernels/device/row_product.hpp>

#include <lowbit/kernels/exec/spmd.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/quantizers/learned_table.hpp>

#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

struct spmd_launcher {
  int multiprocessors() const { return 1; }
  index_t shared_bytes() const { return 227 * 1024; }
  template <class Kernel, class... Arguments>
  void launch(const Kernel& kernel, index_t blocks, int warps, index_t shared_bytes,
              const Arguments&... arguments) const {
    run_spmd(int(blocks), warps, std::size_t(shared_bytes), kernel, arguments...);
  }
};
struct spmd_runner : test::lockstep_runner {
  spmd_launcher launcher() const { return {}; }
};

template <template <class> class Input, class F>
void check(index_t rows, index_t cols, index_t tokens) {
  const auto q = quantize<F>(test::random_matrix(rows, cols, 5).view());
  const test::lockstep_runner::matrix<quantized_matrix<F>> w(q);
  const auto x = test::activations<float>(tokens, cols);
  CHECK(test::same_bits(test::device_product<Input>(spmd_runner{}, w, x, tokens),
                        test::device_product<Input>(test::lockstep_runner{}, w, x, tokens)));
}

}  // namespace

TEST_CASE("products of rows with a thread for each lane") {
  check<test::real_input, format<uniform<4>, per_group<32>, low_rank<2>>>(9, 40, 2);
  check<test::a8_input, format<uniform<4>, per_group<32>>>(3, 38, 2);
  check<test::a8_input, format<learned_table<3>, per_row>>(2, 33, 1);
}
