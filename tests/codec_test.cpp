// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What codec.hpp gives without the rest.
#include <lowbit/codec.hpp>
#if defined(_IMMINTRIN_H_INCLUDED) || defined(__IMMINTRIN_H)
#error "codec.hpp includes the intrinsics"
#endif

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "support/every_decode.hpp"

using namespace lowbit;

namespace {
struct check_levels {
  template <class Q>
  void operator()() const {
    const code_t count = Q::bits >= 12 ? 4096 : code_t(1) << Q::bits;
    for (code_t c = 0; c < count; ++c) {
      const value_of<Q> table = level_of<Q>(c), decoded = Q::decode(c);
      REQUIRE(std::memcmp(&table, &decoded, sizeof(table)) == 0);
    }
  }
};
struct check_view {
  template <class F>
  void operator()() const {
    using view = quantized_view<F>;
    static_assert(quantized_matrix_like<view> && sizeof(view) <= 256);
    CHECK(view{}.shape() == extent{0, 0});
  }
};
}  // namespace

TEST_CASE("codec: every level set, by its table or slope and by its decode") {
  every::plain::for_each(check_levels{});
}

TEST_CASE("codec: views of every way to store a matrix, and one over the caller's memory") {
  every::formats::for_each(check_view{});
  const std::vector<std::uint8_t> codes = {0x21, 0x43, 0x65, 0x07},
                                  scales = {0x00, 0x3c, 0x00, 0x40};  // 1 and 2
  const part parts[] = {{"codes", codes}, {"scales", scales}};
  const auto w = quantized_view<format<every::fib4, per_row>>::from_parts({2, 4}, parts);
  const float expected[2][4] = {{1, 2, 3, 5}, {2 * 8, 2 * 13, 2 * 21, 0}};
  for (index_t r = 0; r < 2; ++r)
    for (index_t c = 0; c < 4; ++c) CHECK(w.at(r, c) == expected[r][c]);
}

TEST_CASE("codec: a caller's levels encode and decode") {
  using Q = learned_table<2, f32>;
  const float levels[] = {-1, 0, 0.25f, 1};
  const auto state = Q::levels(levels);
  CHECK(state.numbers.codes.size() == 4);
  CHECK(af4_table::encode(0.7f) == 14);
  CHECK(uniform<4>::encode(-3) == 5);
}
