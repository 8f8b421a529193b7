// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/default.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/cross.hpp>
#include <lowbit/quantizers/displaced.hpp>
#include <lowbit/quantizers/ternary.hpp>

using namespace lowbit;

template <class Q, class G, class Range>
constexpr bool has_default = std::same_as<decltype(default_range<Q, G>()), Range>;

TEST_CASE("which range search quantize uses when it is given none") {
  // the quantizer's own
  CHECK(has_default<ternary, per_group<64>, ternary::range>);
  CHECK(has_default<ternary, microscaling<32>, ternary::range>);
  CHECK(has_default<displaced<uniform<8>>, per_group<256, f32>, matrix_offset>);
  // the granularity's own
  CHECK(has_default<uniform<8>, cross<15>, cross<15>::range>);
  // that of the way scales are stored
  CHECK(has_default<fp4_e2m1, microscaling<32>, e8m0_floor>);
  CHECK(has_default<uniform<8>, per_row::with<e8m0>, e8m0_floor>);
  CHECK(has_default<fp4_e2m1, microscaling<16, e4m3>, nvfp4_absmax>);
  // none of these fits a quantizer with a zero
  CHECK(has_default<uniform<4, minimum>, microscaling<32>, minmax>);
  CHECK(has_default<uniform<4, asymmetric>, microscaling<16, e4m3>, minmax>);
  CHECK(has_default<uniform<4, asymmetric>, cross<15>, minmax>);
  // else
  CHECK(has_default<uniform<4>, per_group<32>, absmax>);
  CHECK(has_default<uniform<4>, unscaled, absmax>);
  CHECK(has_default<uniform<4, real_zero>, per_group<32>, minmax>);
}
