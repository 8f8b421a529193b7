// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products from shared memory, in lockstep: the results of batch_product, bit for bit.
#include <lowbit/kernels/device/tensor_plan.hpp>
#include <lowbit/kernels/device/wide_product.hpp>

#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

/// Results of a kernel that has 16 * Tiles rows in each of its warps and Columns columns.
template <int Tiles, int Columns, class Kernel, class View, class T>
std::vector<float> product(const Kernel& kernel, int column_group, const View& w,
                           const std::vector<T>& x, int tokens, int warps, int splits,
                           lockstep_order order) {
  using arithmetic = kernels::half_arithmetic<View>;
  using prepare = kernels::prepare_halves<T, kernels::no_factors>;
  const lockstep_launcher to(order);
  const index_t blocks = mma16::blocks(w.cols());
  kernels::half_columns columns;
  columns.group = column_group;
  columns.parts = prepare::parts;
  columns.columns = tokens * prepare::parts;
  columns.stride = int(ceil_div(columns.columns, Columns)) * Columns;
  std::vector<words4> fragments(
      std::size_t(kernels::half_columns::words(w.cols(), columns.stride)) / 4);
  std::vector<float> factors(std::size_t(tokens), 0.f),
      sums(std::size_t(blocks * (128 / arithmetic::run) * columns.stride + 2));
  columns.fragments = fragments.data()->items;
  columns.factors = factors.data();
  columns.sums = sums.data() + (bits_as<std::uintptr_t>(sums.data()) % 8 != 0);
  const kernels::device_rows<T> rows{x.data(), w.cols(), w.cols(), tokens};
  to.launch(prepare{}, columns.stride / columns.parts, 4, 64, rows, kernels::no_factors{}, columns,
            arithmetic::run, 1);
  const index_t groups =
      ceil_div(ceil_div(w.rows(), 16), Tiles * warps) * ceil_div(columns.columns, Columns);
  std::vector<float> y(std::size_t(tokens * w.rows()), -1.f),
      partial(std::size_t(groups * splits * warps * 16 * Tiles * Columns));
  std::vector<unsigned> counters(std::size_t(groups), 0u);
  to.launch(kernel, groups * splits, warps, kernel.shared_bytes(warps), w, columns,
            kernels::device_results{{y.data(), w.rows()}, {}, partial.data(), counters.data()},
            splits);
  for (unsigned c : counters) CHECK(c == 0);
  return y;
}

template <class F, class T = float16>
void check(extent shape, int tokens, int splits = 1) {
  CAPTURE(tokens);
  CAPTURE(splits);
  const test::lockstep_runner::matrix w(
      repack<mma16>(quantize<F>(test::random_matrix(shape.rows, shape.cols, 3).view())));
  const auto view = w.view();
  const auto x = test::activations<T>(tokens, shape.cols);
  using arithmetic = kernels::half_arithmetic<std::remove_cvref_t<decltype(view)>>;
  const auto right = product<2, 64>(kernels::batch_product<arithmetic, 2, 8>{}, 0, view, x, tokens,
                                    4, splits, lockstep_order::forward);
  const bool large = shape.rows * shape.cols * tokens > 1000000;  // then an order for each kernel
  for (const auto order :
       {lockstep_order::forward, lockstep_order::reverse, lockstep_order::strided}) {
    if (!large || order == lockstep_order::reverse)
      CHECK(test::same_bits(right, product<1, 64>(kernels::wide_product<arithmetic, 1, 8>{}, 64,
                                                  view, x, tokens, 8, splits, order)));
    if (!large || order == lockstep_order::strided)
      CHECK(test::same_bits(right, product<2, 128>(kernels::wide_product<arithmetic, 2, 16>{}, 128,
                                                   view, x, tokens, 8, splits, order)));
  }
}

}  // namespace

TEST_CASE("products from shared memory have the bits of those from registers") {
  check<format<uniform<4>, per_group<128>>>({270, 900}, 130);
  check<format<uniform<4>, per_group<128>>>({16, 128}, 1);
  check<format<uniform<3, asymmetric>, per_group<64>>>({150, 700}, 70);
  check<format<uniform<8>, per_row>>({33, 900}, 65);
  check<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>({140, 700}, 33);
  check<format<normal_float<4>, per_group<64>>, float>({40, 300}, 40);
  check<format<fp8_e4m3, microscaling<32>>>({20, 300}, 40);
}
TEST_CASE("blocks that share tiles") {
  check<format<uniform<4>, per_group<32>>>({270, 900}, 66, 3);
  check<format<uniform<4>, per_group<128>>>({50, 2500}, 129, 2);
}
