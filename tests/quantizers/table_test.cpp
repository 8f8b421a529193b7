// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/table.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <lowbit/quantize.hpp>
#include <vector>

#include "quantizers/laws.hpp"

using namespace lowbit;

namespace {

struct shuffled {  // not a power of two, not ascending, no name
  static constexpr float levels[] = {4, -1, 0.5f, -8, 1};
};
struct two_levels {
  static constexpr auto name = text("two");
  static constexpr arr<float, 2> levels{{-1, 3}};
};
struct whole_byte {
  static constexpr auto name = text("squares");
  static constexpr auto levels = [] {
    arr<float, 256> l{};
    for (int i = 0; i < 256; ++i) l[i] = float((i - 128) * (i < 128 ? 128 - i : i - 128));
    return l;
  }();
};
using five = table<shuffled>;
using two = table<two_levels>;
using squares = table<whole_byte>;

}  // namespace

static_assert(five::bits == 3 && two::bits == 1 && squares::bits == 8);
static_assert(five::decode(0) == 4 && five::decode(1) == -1 && five::decode(2) == 0.5f &&
              five::decode(3) == -8 && five::decode(4) == 1);
static_assert(five::decode(5) == 0 && five::decode(6) == 0 && five::decode(7) == 0);
static_assert(five::valid(4) && !five::valid(5) && !five::valid(7));
static_assert(laws::levels<five>() == 5 && laws::codes_round_trip<five>());
static_assert(laws::levels<two>() == 2 && laws::codes_round_trip<two>());
static_assert(laws::levels<squares>() == 256 && laws::codes_round_trip<squares>());
template <class Q>
concept has_invalid_codes = requires {
  Q::valid(0);
};
static_assert(has_invalid_codes<five> && !has_invalid_codes<two>);
static_assert(!has_name<five> && two::name == std::string_view("table<two>"));
static_assert(std::same_as<strategy_of<five>, table_codes> && is_tabulated<five> && number<five>);
static_assert(peak_of<five> == 8 && five::signed_peak == -8);
static_assert(peak_of<two> == 3 && two::signed_peak == 3);
static_assert(five::encode(-4.5f) == 3 && five::encode(-4.4999995f) == 1);  // a tie goes down
static_assert(five::encode(0.75f) == 2 && five::encode(2.5f) == 4);

TEST_CASE("table: encode finds the nearest level in any order of the list") {
  for (const float x : laws::sweep<five>(12)) REQUIRE(laws::encodes_to_nearest<five>(x));
  for (const float x : laws::sweep<two>(5)) REQUIRE(laws::encodes_to_nearest<two>(x));
  for (const float x : laws::sweep<squares>(17000, 2000))
    REQUIRE(laws::encodes_to_nearest<squares>(x));
}

TEST_CASE("table: infinities clamp, NaN is the lowest level") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(five::encode(infinity) == 0);
  CHECK(five::encode(-infinity) == 3);
  CHECK(five::encode(std::nanf("")) == 3);
}

TEST_CASE("table: the value of largest magnitude lands on the level of largest magnitude") {
  const std::vector<float> w = {-2, 16, 1, -8};
  const auto q = quantize<format<five, per_tensor>>(matrix_view<const float>(w.data(), 1, 4));
  CHECK(q.view().at(0, 1) == 16);  // scale -2, level -8
  CHECK(q.view().at(0, 0) == -2);
  CHECK(q.view().at(0, 3) == -8);
}

TEST_CASE("table: a stored code past the list is rejected, and named") {
  const std::vector<float> w = {4, 1, 0.5f, -8};
  const auto q =
      quantize<format<five, per_row::with<f32>>>(matrix_view<const float>(w.data(), 1, 4));
  std::vector<std::uint8_t> codes = q.data().main.codes;
  const std::vector<std::uint8_t> scale = q.data().main.groups.scale[0].codes;
  const auto bind = [&] {
    const part parts[] = {{"codes", codes}, {"scales", scale}};
    return decltype(q.view())::from_parts({1, 4}, parts);
  };
  CHECK(bind().at(0, 3) == -8);
  codes[0] = 7;
  CHECK_THROWS_WITH_AS(bind(), "lowbit: codes: code 7 at (0, 0) stands for no finite value", error);
}
