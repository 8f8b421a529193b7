// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/code_rule.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>

namespace lb = lowbit;

namespace {

struct fib3 {  // a user's
  static constexpr int bits = 3;
  static constexpr unsigned encode(float x) { return x > 0 ? 1u : 0u; }
  static constexpr float decode(unsigned code) { return float(code); }
};
struct changed_uniform : lb::uniform<4> {
  static constexpr lb::code_t encode(float) { return 3; }
};
struct changed_table : lb::normal_float<4> {
  static constexpr lb::code_t encode(float) { return 3; }
};
struct renamed : lb::uniform<4> {};

}  // namespace

TEST_CASE("the rule of a quantizer: steps, fields or points, whichever is fastest") {
  using namespace lb::kernels;
  static_assert(std::same_as<lb::code_rule_of<lb::uniform<4>>, affine_rule>);
  static_assert(std::same_as<lb::code_rule_of<lb::uniform<8, lb::asymmetric>>, affine_rule>);
  static_assert(std::same_as<lb::code_rule_of<renamed>, affine_rule>);
  static_assert(std::same_as<lb::code_rule_of<lb::fp4_e2m1>, point_rule>);
  static_assert(std::same_as<lb::code_rule_of<lb::ternary>, point_rule>);
  static_assert(std::same_as<lb::code_rule_of<lb::fp8_e4m3>, field_rule>);
  static_assert(std::same_as<lb::code_rule_of<lb::f16>, field_rule>);
  CHECK(lb::has_code_rule<lb::normal_float<3>>);
}

TEST_CASE("no rule where encode is not the library's, or waits for levels") {
  CHECK(!lb::has_code_rule<fib3>);
  CHECK(!lb::has_code_rule<changed_uniform>);
  CHECK(!lb::has_code_rule<changed_table>);
  CHECK(!lb::has_code_rule<lb::learned_table<4>>);
  CHECK(!lb::has_code_rule<lb::f32>);
}

TEST_CASE("points are the largest floats of each code") {
  const lb::kernels::point_rule rule = lb::code_rule<lb::ternary>();
  const auto value = [](std::int32_t key) {
    return lb::bits_as<float>(lb::kernels::ordered_bits(key));
  };
  CHECK(value(rule.points[0]) == -0x1.000002p-1f);  // -1/2 itself becomes 0
  CHECK(value(rule.points[1]) == 0.5f);
  CHECK(rule.codes[0] == 0);
  CHECK(rule.codes[2] == 2);
  CHECK(rule.levels[2] == 1);
  const lb::kernels::point_rule fp4 = lb::code_rule<lb::fp4_e2m1>();
  CHECK(lb::bits_as<lb::code_t>(value(fp4.points[7])) == 0x80000000u);  // -0 has a code of its own
  CHECK(fp4.codes[7] == 8);
  CHECK(fp4.codes[8] == 0);
}
