// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums are tested beside each other in tile_product_test.cpp.
#include <lowbit/kernels/device/half_arithmetic.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>

using namespace lowbit;

TEST_CASE("formats whose scales meet codes: groups of sixteen alone") {
  using kernels::inner_scales;
  static_assert(inner_scales<nvfp4::format_type>::run == 128);
  static_assert(inner_scales<q3_k::format_type>::used);
  static_assert(inner_scales<format<uniform<3>, two_level<16, 4, uniform<4>>>>::run == 64);
  static_assert(!inner_scales<mxfp4::format_type>::used && !inner_scales<q4_k::format_type>::used);
}
