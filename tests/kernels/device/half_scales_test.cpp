// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/half_scales.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/e8m0.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>

using namespace lowbit;

namespace {

/// Every level times every scale, as codecs and arithmetics take them.
template <class Q, class N>
void check_products() {
  using scales = half_scales<Q, N>;
  static_assert(scales::exact);
  index_t wrong = 0;
  for (code_t s = 0; s >> N::bits == 0; ++s) {
    const float scale = level_of<N>(s) * exp2_int(scales::exponent);
    if (!is_finite(scale)) continue;
    wrong += !detail::is_half(scale);
    for (code_t c = 0; c >> Q::bits == 0; ++c) {
      const float level = level_of<Q>(c) / half_codec<Q>::post_scale;
      wrong += !detail::is_half(level * scale) && level * scale != 0;
    }
  }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("levels times scales are halves, all of them") {
  check_products<fp4_e2m1, e4m3>();
  check_products<uniform<4>, uniform<6>>();
  check_products<uniform<4>, uniform<8>>();
  check_products<uniform<3>, uniform<6>>();
  check_products<ternary, e4m3>();
}
TEST_CASE("others are not") {
  static_assert(!half_scales<uniform<6>, uniform<8>>::exact);     // 5 + 7 bits
  static_assert(!half_scales<fp4_e2m1, e8m0>::exact);             // out of range
  static_assert(!half_scales<normal_float<4>, e4m3>::exact);      // levels that are no halves
  static_assert(!half_scales<uniform<4, asymmetric>, e4m3>::exact);  // a zero first
}
