// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/half_codec.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <vector>

#include "kernels/device/codec_blocks.hpp"
#include "support/every_decode.hpp"

using namespace lowbit;

namespace {

/// What the halves of Q stand for: the level, or what its rounding to a half leaves of it.
template <class Q, class Codec>
float expected_level(const state_of<Q>& state, code_t code) {
  float level = 0;
  if constexpr (has_state<Q>)
    level = state.decode(code);
  else
    level = level_of<Q>(code);
  return float(float16(level / Codec::post_scale)) * Codec::post_scale;
}

/// Places where a codec is wrong, over all codes in all places. -0 is 0.
template <class Q, class Codec>
index_t wrong_places(const state_of<Q>& state, float zero_g = 0, float zero_g8 = 0) {
  std::vector<words4> memory(std::size_t(Codec::table_words / 4));
  word* const table = memory.empty() ? nullptr : memory.front().items;
  if constexpr (Codec::table_words > 0)
    for (int thread = 0; thread < 96; ++thread) Codec::fill(state, table, thread, 96);
  index_t wrong = 0;
  for (int turn = 0; turn >> Q::bits == 0; ++turn) {
    const auto tile = std::make_unique<code_tile<Q::bits>>(turn);
    for (int lane = turn % 3; lane < 32; lane += Q::bits < 5 ? 1 : 3) {
      const Codec codec(state, table, lane);
      const auto d = codec.displace(zero_g, zero_g8);
      const block_words<Q::bits> words = tile->lane(lane);
      for (int unit = 0; unit < 8; ++unit) {
        const arr<word, 4> a = codec.fragment(words, unit, d);
        each_half(lane, unit, [&](int row, int column, int reg, int which) {
          const code_t code = code_at<Q::bits>(turn, row, column);
          float level = expected_level<Q, Codec>(state, code);
          if (zero_of<Q> == zero_kind::integer) level -= row < 8 ? zero_g : zero_g8;
          const float found = Codec::post_scale * float(float16::from_bits(
                                                      std::uint16_t(a[reg] >> (16 * which))));
          wrong += is_finite(level) && found != level;
        });
      }
    }
  }
  return wrong;
}

template <class Q>
struct name_of {
  static const char* get() {
    if constexpr (has_name<Q>) {
      static const std::string s{std::string_view(Q::name)};
      return s.c_str();
    } else {
      return "unnamed";
    }
  }
};

int exact_sets = 0, all_sets = 0;
struct check {
  template <class Q>
  void operator()() const {
    if constexpr (has_half_codec<Q> && !has_state<Q>) {
      CAPTURE(name_of<Q>::get());
      static_assert(is_power_of_two(half_codec<Q>::post_scale));
      static_assert(std::is_trivially_copyable_v<half_codec<Q>>);
      static_assert(std::is_default_constructible_v<half_codec<Q>>);
      const float last = float((1 << Q::bits) - 1);
      CHECK(wrong_places<Q, half_codec<Q>>({}, 3, last) == 0);
      using shared = half_codec<Q, table_place::shared>;
      if constexpr (shared::table_words != half_codec<Q>::table_words)
        CHECK(wrong_places<Q, shared>({}, 3, last) == 0);
      // Where the levels are not rounded the test above compared with the levels themselves.
      bool exact = true;
      for (code_t c = 0; c >> Q::bits == 0; ++c) {
        const float level = level_of<Q>(c);
        exact = exact && (!is_finite(level) ||
                          expected_level<Q, half_codec<Q>>({}, c) == level);
      }
      if constexpr (std::same_as<strategy_of<Q>, affine_codes> || detail::decodes_as_field<Q>)
        CHECK(exact);
      exact_sets += exact;
      ++all_sets;
    }
  }
};

/// A user's own levels, integers with a zero for each group.
struct squares {
  static constexpr int bits = 4;
  static constexpr zero_kind zero = zero_kind::integer;
  using zero_number = uniform<4, nonnegative>;
  static constexpr float decode(unsigned code) { return float(code * code); }
  static constexpr unsigned encode(float) { return 0; }
};
/// Levels that half of binary16 would lose.
struct tiny {
  static constexpr int bits = 6;
  static constexpr float decode(unsigned code) { return float(code) * 0x1p-40f; }
  static constexpr unsigned encode(float) { return 0; }
};
/// An affine set whose steps are no power of two is a table.
struct thirds {
  using strategy = affine_codes;
  static constexpr int bits = 4;
  static constexpr float slope = 0.375f, intercept = -1;
  [[maybe_unused]] static constexpr float peak = 5;
  LOWBIT_HD static constexpr float decode(code_t code) { return slope * float(code) + intercept; }
  LOWBIT_HD static constexpr code_t encode(float) { return 0; }
};

template <class Q>
void check_learned(const std::vector<float>& levels) {
  const auto owned_state = Q::levels(span<const float>(levels.data(), index_t(levels.size())));
  state_of<Q> state;
  Q::template state<owned>::each(detail::binder{}, path{}, owned_state, state);
  CHECK(wrong_places<Q, half_codec<Q>>(state) == 0);
  CHECK(wrong_places<Q, half_codec<Q, table_place::shared>>(state) == 0);
}

}  // namespace

TEST_CASE("every code in every place of a fragment becomes its level") {
  every::plain::for_each(check{});
  CHECK(all_sets > 80);
  CHECK(exact_sets > 50);
}

TEST_CASE("a user's own levels are a table; zeros that are integers are subtracted exactly") {
  CHECK(wrong_places<squares, half_codec<squares>>({}, 7, 15) == 0);
  CHECK(wrong_places<squares, half_codec<squares, table_place::shared>>({}, 7, 15) == 0);
  static_assert(half_codec<thirds>::table_words == 0 && !detail::decodes_as_affine<thirds>);
  CHECK(wrong_places<thirds, half_codec<thirds>>({}) == 0);
  static_assert(half_codec<tiny>::post_scale == 0x1p-49f);
  CHECK(wrong_places<tiny, half_codec<tiny>>({}) == 0);
}

TEST_CASE("levels that a matrix carries") {
  for (const int turn : {0, 1}) {
    std::vector<float> levels;
    for (int i = 0; i < 128; ++i) levels.push_back(float(i - 50) / 77 + float(turn));
    const auto first = [&](int n) {
      return std::vector<float>(levels.begin(), levels.begin() + n);
    };
    check_learned<learned_table<1>>(first(2));
    check_learned<learned_table<2, f32>>(first(4));
    check_learned<learned_table<3>>(first(8));
    check_learned<learned_table<4, f32>>(first(16));
    check_learned<learned_table<5>>(first(32));
    check_learned<learned_table<7, f32>>(first(128));
  }
}

TEST_CASE("levels with a sign bit are looked up by magnitude") {
  static_assert(detail::is_mirrored<post<4>> && detail::is_mirrored<bnb_fp4>);
  static_assert(!detail::is_mirrored<normal_float<4>> && !detail::is_mirrored<post<3>>);
  static_assert(!detail::is_mirrored<learned_table<4>>);
}

TEST_CASE("powers of two need no table") {
  static_assert(half_codec<pot<5>>::table_words == 0 && detail::decodes_as_power<pot<5>>);
  static_assert(detail::decodes_as_power<pot<4, without_zero>>);
  static_assert(detail::decodes_as_power<logarithmic<4>>);
  static_assert(detail::decodes_as_power<logarithmic<3, base_2, symmetric, without_zero>>);
  static_assert(!detail::decodes_as_power<post<4>> && !detail::decodes_as_power<pot<6>>);
}

TEST_CASE("sets without a codec") {
  static_assert(!has_half_codec<twin_log<4>>);         // scales of its own
  static_assert(!has_half_codec<complex_unit>);
  static_assert(!has_half_codec<f16>);                 // more than 8 bits
  static_assert(!has_half_codec<every::two_tables>);
  static_assert(has_half_codec<displaced<fp4_e2m1>>);  // the kernel adds the minimum
}
