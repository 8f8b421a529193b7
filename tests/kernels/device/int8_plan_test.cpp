// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums of integers are tested in tensor_plan_test.cpp, entries in entry_arithmetic_test.cpp.
#include <lowbit/kernels/device/int8_plan.hpp>

#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {
template <class F>
inline constexpr bool has_values =
    kernels::has_values_of_integers<quantized_view<F, mma16, device>>;
}  // namespace

TEST_CASE("levels that int8 holds exactly may be multiplied as values") {
  static_assert(has_values<int4_g32::format_type> && has_values<ternary_g64::format_type>);
  static_assert(has_values<nvfp4::format_type>);   // scales meet codes: runs are long enough
  static_assert(!has_values<nf4::format_type>);    // the host rounds these levels
  static_assert(!has_values<q2_k::format_type>);   // runs of sixteen
}
TEST_CASE("many int8 activations, as integers and as values") {
  using F = format<uniform<4, asymmetric>, per_group<32>, sparse<>>;
  const auto q = quantize<F>(test::random_matrix(70, 300, 3).view());
  for (const bool hopper : {false, true})
    test::check_matrix<mma16, float16>(test::lockstep_runner{lockstep_order::forward, hopper}, q,
                                       33);
}
