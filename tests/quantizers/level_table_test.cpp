// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>
#include <vector>

using namespace lowbit;

namespace {
/// What a user writes: plain constexpr, no name, no base, no macro, no strategy, no peak.
struct fib3 {
  static constexpr int bits = 3;
  static constexpr float decode(unsigned code) {
    constexpr float level[] = {0, 1, 2, 3, 5, 8, 13, 21};
    return level[code];
  }
  static constexpr unsigned encode(float x) {
    unsigned best = 0;
    for (unsigned c = 1; c < 8; ++c)
      if ((decode(c) - x) * (decode(c) - x) < (decode(best) - x) * (decode(best) - x)) best = c;
    return best;
  }
};

/// Named affine: readers use slope and intercept, never decode.
struct odd_levels {
  static constexpr int bits = 2;
  using strategy = affine_codes;
  static constexpr float slope = 2, intercept = -3;
  static constexpr float decode(code_t code) { return 2 * float(code) - 3; }
  static constexpr code_t encode(float x) { return x < -2 ? 0u : x < 0 ? 1u : x < 2 ? 2u : 3u; }
};

/// A complex level set of one's own: 0, 1, i, -1 - i.
struct three_phases {
  static constexpr int bits = 2;
  static constexpr complex32 decode(code_t c) {
    return c == 0   ? complex32{0, 0}
           : c == 1 ? complex32{1, 0}
           : c == 2 ? complex32{0, 1}
                    : complex32{-1, -1};
  }
  static constexpr code_t encode(complex32 x) {
    return x.re > 0.5f ? 1u : x.im > 0.5f ? 2u : x.re < -0.5f ? 3u : 0u;
  }
};
}  // namespace

static_assert(quantizer<fib3> && number<fib3> && !has_name<fib3>);
static_assert(std::same_as<strategy_of<fib3>, table_codes> && peak_of<fib3> == 21);
static_assert(is_tabulated<fib3> && !is_tabulated<uniform<4>> && !is_tabulated<f16>);
static_assert(level_table<fib3>[5] == 8 && level_of<fib3>(5) == 8 && level_of<fib3>(8 + 5) == 8);
static_assert(level_of<odd_levels>(3) == 3 && level_of<uniform<4>>(1) == -7);
static_assert(is_tabulated<three_phases> && level_of<three_phases>(3) == complex32{-1, -1});

TEST_CASE("level_table: a user's plain quantizer goes through quantize and comes back by at()") {
  const std::vector<float> w = {0, 1, 2, 4, 21, 10, 6, 2.9f, 8, 13, 0.4f, 42};
  const matrix_view<const float> m(w.data(), 2, 6);
  const auto q = quantize<format<fib3, per_row::with<f32>>>(m);
  for (index_t r = 0; r < 2; ++r) {
    const float s = r == 0 ? 1.f : 2.f;  // absmax over the looked-up peak of 21
    for (index_t c = 0; c < 6; ++c)
      CHECK(q.view().at(r, c) == s * fib3::decode(fib3::encode(m(r, c) / s)));
  }
  CHECK(q.bytes() == 2 * 3 + 2 * 4);
}

TEST_CASE("level_table: affine and complex sets of a user work too") {
  const std::vector<float> w = {-3, -1, 1, 3, 2.9f, 0.1f};
  const auto q = quantize<format<odd_levels, per_tensor>>(matrix_view<const float>(w.data(), 1, 6));
  CHECK(q.view().at(0, 0) == -3);
  CHECK(q.view().at(0, 4) == 3);
  CHECK(q.view().at(0, 5) == 1);
  const std::vector<complex32> z = {{2, 0}, {0, 2}, {-2, -2}, {0.5f, 0.5f}};
  const auto p =
      quantize<format<three_phases, per_tensor>>(matrix_view<const complex32>(z.data(), 1, 4));
  for (index_t c = 0; c < 3; ++c) CHECK(p.view().at(0, c) == z[std::size_t(c)]);
  CHECK(p.view().at(0, 3) == complex32{0, 0});
}
