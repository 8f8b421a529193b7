// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums are tested beside each other in tile_product_test.cpp.
#include <lowbit/kernels/device/byte_arithmetic.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/formats/known.hpp>

using namespace lowbit;

namespace {

template <class F, int Width>
using arithmetic = kernels::byte_arithmetic<quantized_view<F, mma16, device>, Width>;

/// What one sum becomes: 100 products' sum with activations of sum 37, scales 2 and 0.5.
template <class F>
float added(std::int32_t sum, float zero) {
  using A = arithmetic<F, 32>;
  const typename A::codec_type codec(state_of<typename F::quantizer_type>{}, nullptr, 0);
  const float sums[8] = {37, 0, 0, 0, 0, 0, 0, 0}, scales[8] = {0.5f, 0, 0, 0, 0, 0, 0, 0};
  kernels::byte_columns x{};
  x.sums = sums;
  x.scales = scales;
  arr<float, 4> to{};
  arr<std::int32_t, 4> part{};
  for (std::int32_t& p : part.items) p = A::start();
  part[0] += sum;
  A::add(codec, to, part, {{{2, 2}}, {{zero, zero}}}, x, 0, 0, 0);
  return to[0];
}

}  // namespace

TEST_CASE("a run ends with the activations' group, and both units of an instruction") {
  static_assert(arithmetic<int4_g128::format_type, 32>::run == 32);
  static_assert(arithmetic<int4_g128::format_type, whole>::run == 128);
  static_assert(arithmetic<nvfp4::format_type, 32>::units_of_mma == 1);
  CHECK(arithmetic<int4_g128::format_type, 32>::units_of_mma == 2);
}
TEST_CASE("codes and zeros are displaced exactly, by halves too") {
  // Codes stand for levels less 8 (symmetric), less the zero, or less 7.5 (centred).
  CHECK(added<format<uniform<4>, per_group<32>>>(1000, 0) == 2 * 0.5f * (1000 - 8 * 37));
  CHECK(added<format<uniform<4, asymmetric>, per_group<32>>>(1000, 5) ==
        2 * 0.5f * (1000 - 5 * 37));
  CHECK(added<format<uniform<4, centred>, per_group<32>>>(1000, 0) ==
        2 * 0.5f * (1000 - 7.5f * 37));
}
