// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/int8_scale.hpp>
#include <vector>

using namespace lowbit;
using kernels::int8_scale;

namespace {

constexpr float infinity = __builtin_inff();

struct counted_levels {
  const std::vector<float>& levels;
  std::vector<int>& asked;
  float operator[](int i) const {
    ++asked[std::size_t(i)];
    return levels[std::size_t(i)];
  }
};
/// Of levels each of which is asked once.
int8_scale scale_of(const std::vector<float>& levels, bool may_shift = false) {
  std::vector<int> asked(levels.size());
  const int8_scale s =
      kernels::find_int8_scale(counted_levels{levels, asked}, int(levels.size()), may_shift);
  for (const int n : asked) CHECK(n == 1);
  return s;
}
bool same(const int8_scale& s, float unit, float shift, bool exact) {
  return s.unit == unit && s.zero_shift == shift && s.exact == exact;
}

}  // namespace

TEST_CASE("the least power of two that makes integers of all levels, up to 2^6") {
  CHECK(same(scale_of({-128, 0, 127}), 1, 0, true));
  CHECK(same(scale_of({-1.5f, 0.25f}), 0.25f, 0, true));
  CHECK(same(scale_of({0x1p-6f, -1}), 0x1p-6f, 0, true));
  CHECK(scale_of({-1.5f, 0.25f}).value(-1.5f) == -6);
  CHECK(same(scale_of({0, 0}), 1, 0, true));
  CHECK(!scale_of({0x1p-7f, 0}).exact);   // needs 2^7
  CHECK(!scale_of({0x1p-6f, -3}).exact);  // 2^6 takes -3 out of an int8
  CHECK(!scale_of({128, 0}).exact);
  CHECK(!scale_of({-129, 0}).exact);
  CHECK(!scale_of({0x1p126f, 1}).exact);
}

TEST_CASE("other levels are rounded, the largest magnitude to 127") {
  const int8_scale s = scale_of({-2.54f, 0.1f, 2});
  CHECK(same(s, div_rn(2.54f, 127.f), 0, false));
  CHECK(s.value(-2.54f) == -127);
  CHECK(s.value(0.0301f) == 2);  // 1.505 units
  CHECK(s.value(-0.0299f) == -1);
}

TEST_CASE("sets from 0 on are moved by 128 where they may be") {
  CHECK(same(scale_of({0, 255}, true), 1, 128, true));
  CHECK(scale_of({0, 255}, true).value(255) == 127);
  CHECK(scale_of({0, 255}, true).value(0) == -128);
  CHECK(same(scale_of({0, 127}, true), 1, 0, true));
  CHECK(!scale_of({0, 255}, false).exact);
  CHECK(!scale_of({-1, 255}, true).exact);
}

TEST_CASE("codes of infinity and NaN are zeros") {
  const int8_scale s = scale_of({infinity, -infinity, __builtin_nanf(""), 3, -4});
  CHECK(same(s, 1, 0, true));
  CHECK(s.value(infinity) == 0);
  CHECK(s.value(__builtin_nanf("")) == 0);
}
