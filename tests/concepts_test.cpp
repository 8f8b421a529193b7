// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is deduced of a part that does not say it, and which contracts it keeps. Decode strategies:
// core/strategy_test.cpp; parts that break a contract: compile_fail/.
#include <lowbit/concepts.hpp>

#include <doctest/doctest.h>

#include <lowbit/codebooks/trits5.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/transforms/channel_scale.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/widely_linear.hpp>

using namespace lowbit;

namespace {

/// The least that a user writes.
struct fib3 {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) {
    constexpr float levels[] = {-5, -3, -2, -1, 0, 1, 2, 3};
    return levels[code];
  }
  static constexpr unsigned encode(float x) {
    unsigned best = 0;
    for (unsigned c = 1; c < 8; ++c)
      if (magnitude(x - decode(c)) < magnitude(x - decode(best))) best = c;
    return best;
  }
};
struct one_code : fib3 {
  static constexpr int bits = 0;
};
struct too_many_bits : fib3 {
  static constexpr int bits = 33;
};
struct encodes_nothing {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned) { return 0; }
};
struct decodes_double {
  static constexpr int bits = 3;
  static constexpr double decode(unsigned) { return 0; }
  static constexpr unsigned encode(double) { return 0; }
};
struct two_tables {
  static constexpr int bits = 2, selectors = 2;
  static constexpr float decode(unsigned code, unsigned table) { return float(code + table); }
  static constexpr unsigned encode(float, unsigned) { return 0; }
};
struct forgets_the_table : two_tables {
  static constexpr float decode(unsigned code) { return float(code); }
};
struct two_scales : fib3 {
  static constexpr int scales = 2;
};

}  // namespace

// A plain quantizer: one value of one scale, a table, its peak by scanning the codes.
static_assert(code_set<fib3> && quantizer<fib3> && number<fib3> && !codebook<fib3>);
static_assert(dim_of<fib3> == 1 && scales_of<fib3> == 1 && selectors_of<fib3> == 0);
static_assert(zero_of<fib3> == zero_kind::none && !has_zero<fib3> && !has_state<fib3>);
static_assert(std::same_as<value_of<fib3>, float> && std::same_as<state_of<fib3>, fib3>);
static_assert(peak_of<fib3> == 5 && !has_name<fib3>);

// Codes that stand for NaN or infinity are no peak; one that a quantizer names is taken.
static_assert(peak_of<fp8_e4m3> == 448 && peak_of<fp8_e5m2> == 57344);
static_assert(peak_of<uniform<4>> == 7 && peak_of<uniform<4, full_range>> == 8);

static_assert(has_bits<one_code> && !has_bits<too_many_bits>);
static_assert(has_decode<encodes_nothing> && !has_encode<encodes_nothing>);
static_assert(has_decode<decodes_double> && !decodes_values<decodes_double>);
static_assert(!code_set<encodes_nothing> && !code_set<decodes_double>);

// Several level sets: decode takes the selector, and only so.
static_assert(code_set<two_tables> && has_selectors<two_tables> && !number<two_tables>);
static_assert(std::same_as<value_of<two_tables>, float> && !has_decode<forgets_the_table>);

// Several scales must be applied by the quantizer itself.
static_assert(!applies_its_scales<two_scales> && !code_set<two_scales>);
static_assert(scales_of<complex_unit> == 2 && code_set<complex_unit> && !number<complex_unit>);
static_assert(std::same_as<value_of<complex_unit>, complex32>);

// Codebooks, and levels that travel with a matrix.
static_assert(codebook<trits5> && dim_of<trits5> == 5 && !quantizer<trits5>);
static_assert(std::same_as<block_of<trits5>, arr<float, 5>>);
using vq = vector_codebook<4, 8>;
static_assert(codebook<vq> && has_state<vq> && std::same_as<value_of<vq>, float>);
static_assert(!std::same_as<state_of<vq, owned>, state_of<vq, borrowed>>);
static_assert(quantizer<learned_table<3>> && has_state<learned_table<3>>);
static_assert(!number<learned_table<3>> && !number<uniform<4, asymmetric>>);

// Codes stay in their group.
static_assert(codes_stay_in_a_group<per_group<40>, trits5>);
static_assert(!codes_stay_in_a_group<per_group<32>, trits5>);
static_assert(codes_stay_in_a_group<per_row, trits5>);  // 0 columns: all of them
static_assert(granularity_for<per_group<32>, fib3> && granularity_for<unscaled, fib3>);
static_assert(!granularity_for<unscaled, two_tables> && granularity_for<per_row, two_tables>);
static_assert(!has_blocks<int> && !scales_columns<per_row> && scales_columns<cross<15>>);

static_assert(outliers_for<sparse<>, float> && outliers_for<sparse<>, complex32>);
static_assert(outliers_for<low_rank<2>, float> && !outliers_for<low_rank<2>, complex32>);

static_assert(orthogonal_transform<hadamard> && row_transform_of<hadamard, complex32>);
static_assert(!orthogonal_transform<channel_scale> && row_transform_of<channel_scale, float>);
static_assert(transform<widely_linear> && !row_transform_of<widely_linear, float>);
static_assert(std::same_as<transformed<widely_linear, float>, complex32>);
static_assert(std::same_as<transformed<hadamard, float>, float>);

static_assert(!format_like<int> && !format_like<fib3>);

TEST_CASE("a group without parameters has scales of 0") {
  const group_params<complex_unit> p{};
  CHECK(p.scale[0] == 0);
  CHECK(p.scale[1] == 0);
  CHECK(p.zero == 0);
  CHECK(p.selector == 0);
}
