// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <lowbit/transforms/hadamard_order.hpp>

using namespace lowbit;

namespace {

/// Every two rows are orthogonal, and rows and columns tell the same matrix.
template <int M>
constexpr bool is_hadamard() {
  using H = hadamard_factor<M>;
  for (int a = 0; a < M; ++a)
    for (int b = 0; b < M; ++b) {
      int product = 0;
      for (int j = 0; j < M; ++j)
        product += H::is_negative(a, j) == H::is_negative(b, j) ? 1 : -1;
      if (product != (a == b ? M : 0)) return false;
      if ((H::row(a) >> b & 1) != H::is_negative(a, b)) return false;
      if ((H::column(b) >> a & 1) != H::is_negative(a, b)) return false;
    }
  return true;
}

}  // namespace

TEST_CASE("the factors are Hadamard matrices") {
  CHECK(is_hadamard<12>());
  CHECK(is_hadamard<20>());
  CHECK(is_hadamard<28>());
  CHECK(is_hadamard<36>());
  for (int i = 0; i < 28; ++i) CHECK(hadamard_factor<28>::row(i) == hadamard_factor<28>::column(i));
}

TEST_CASE("orders: powers of two, and 12, 20, 28, 36 times one") {
  index_t found = 0;
  for (index_t n = -3; n <= 200; ++n) {
    const hadamard_order order = hadamard_order::of(n);
    if (order.factor == 0) continue;
    ++found;
    CHECK(order.size() == n);
    CHECK(order.norm() == float(1 / std::sqrt(double(n))));
  }
  CHECK(found == 8 + 5 + 4 + 3 + 3);  // 1 .. 128; 12 .. 192; 20 .. 160; 28 .. 112; 36 .. 144
  CHECK(hadamard_order::of(40).factor == 20);
  CHECK(hadamard_order::of(28672).factor == 28);
  for (const index_t n : {3, 6, 7, 9, 11, 18, 44, 52, 60, 100})
    CHECK(hadamard_order::of(n).factor == 0);
}
