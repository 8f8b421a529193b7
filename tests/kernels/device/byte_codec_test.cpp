// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/device/byte_codec.hpp>
#include <lowbit/kernels/int8_levels.hpp>
#include <memory>
#include <vector>

#include "kernels/device/codec_blocks.hpp"
#include "support/every_decode.hpp"

using namespace lowbit;

namespace {

struct found_byte {
  code_t code;
  float level;  // unit * (byte + bias)
  int value;    // the byte
};
/// f(found_byte) for every code in every place.
template <class Q, class F>
void each_byte(const state_of<Q>& state, F f) {
  using codec_type = byte_codec<Q>;
  std::vector<words4> memory(std::size_t(codec_type::table_words / 4));
  word* const table = memory.empty() ? nullptr : memory.front().items;
  if constexpr (codec_type::table_words > 0)
    for (int thread = 0; thread < 64; ++thread) codec_type::fill(state, table, thread, 64);
  index_t unequal = 0;
  for (int turn = 0; turn >> Q::bits == 0; ++turn) {
    const auto tile = std::make_unique<code_tile<Q::bits>>(turn);
    for (int lane = turn % 3; lane < 32; lane += Q::bits < 5 ? 1 : 3) {
      const codec_type codec(state, table, lane);
      const block_words<Q::bits> words = tile->lane(lane);
      for (int unit = 0; unit < 8; ++unit) {
        const arr<word, 2> a = codec.fragment(words, unit);
        const arr<word, 2> scaled = codec.scaled_fragment(words, unit);
        // An upper byte that ran over into the next one would show.
        unequal += scaled[0] != a[0] || scaled[1] != a[1] * word(codec_type::upper_factor);
        for (int row = 0; row < 2; ++row)
          for (int i = 0; i < 4; ++i) {
            const int place = i == 1 ? 2 : i == 2 ? 1 : i;  // bytes hold the codes 0, 2, 1, 3
            const word byte = a[row] >> (8 * place) & 255;
            const int value =
                codec_type::kind == mma_kind::s8s8 ? int(std::int8_t(byte)) : int(byte);
            const code_t code =
                code_at<Q::bits>(turn, lane / 4 + 8 * row, 16 * unit + lane % 4 * 4 + i);
            f(found_byte{code, codec.unit() * (float(value) + codec.bias()), value});
          }
      }
    }
  }
  CHECK(unequal == 0);
}

/// Bytes stand for the host's int8 levels, in the host's unit where they are no codes.
template <class Q>
void check_set(const state_of<Q>& state) {
  kernels::int8_table_for<Q> host{};
  kernels::make_int8_levels<Q>(state, 0, host);
  constexpr bool plain = byte_codec<Q>::kind == mma_kind::u8s8;
  index_t wrong = 0, places = 0;
  each_byte<Q>(state, [&](const found_byte& b) {
    const int value = host.level(b.code, 0);
    const float level = host.unit * (float(value) + host.zero_shift);
    wrong += b.level != level || b.value != (plain ? int(b.code) : value);
    ++places;
  });
  CHECK(wrong == 0);
  CHECK(places > 0);
  if constexpr (!plain) CHECK(byte_codec<Q>(state, nullptr, 0).unit() == host.unit);
}

int sets = 0, plain_sets = 0;
struct check {
  template <class Q>
  void operator()() const {
    if constexpr (has_byte_codec<Q> && !has_state<Q>) {
      static_assert(std::is_trivially_copyable_v<byte_codec<Q>>);
      static_assert(std::is_default_constructible_v<byte_codec<Q>>);
      check_set<Q>({});
      plain_sets += byte_codec<Q>::kind == mma_kind::u8s8;
      ++sets;
    }
  }
};

template <class Q>
void check_learned(std::vector<float> levels) {
  const auto owned_state = Q::levels(span<const float>(levels.data(), index_t(levels.size())));
  state_of<Q> state;
  Q::template state<owned>::each(detail::binder{}, path{}, owned_state, state);
  check_set<Q>(state);
}

/// Whole levels with a zero for each group, past an int8.
struct squares {
  static constexpr int bits = 4;
  static constexpr zero_kind zero = zero_kind::integer;
  using zero_number = uniform<8, nonnegative>;
  static constexpr float decode(unsigned code) { return float(code * code); }
  static constexpr unsigned encode(float) { return 0; }
};
/// Affine, but steps that no int8 has: the host rounds, and so does the device.
struct fine_steps {
  using strategy = affine_codes;
  static constexpr int bits = 4;
  [[maybe_unused]] static constexpr float slope = 0x1p-9f, intercept = -0.75f, peak = 0.75f;
  LOWBIT_HD static constexpr float decode(code_t code) { return slope * float(code) + intercept; }
  LOWBIT_HD static constexpr code_t encode(float) { return 0; }
};

}  // namespace

TEST_CASE("every code in every place of a fragment becomes the host's int8 level") {
  every::plain::for_each(check{});
  CHECK(sets > 80);
  CHECK(plain_sets > 40);
}

TEST_CASE("codes of two rows that share bytes are taken as they lie there") {
  static_assert(byte_codec<uniform<4>>::upper_factor == 16);
  static_assert(byte_codec<ternary>::upper_factor == 4 && byte_codec<binary>::upper_factor == 2);
  static_assert(byte_codec<uniform<3>>::upper_factor == 1);
  static_assert(byte_codec<normal_float<4>>::upper_factor == 1);
}

TEST_CASE("levels of a user's own") {
  check_set<squares>({});
  CHECK(byte_codec<squares>(squares{}).bias() == 128);
  static_assert(byte_codec<fine_steps>::kind == mma_kind::s8s8);
  check_set<fine_steps>({});
}

TEST_CASE("levels that a matrix carries") {
  std::vector<float> levels;
  for (int i = 0; i < 128; ++i) levels.push_back(float(i - 50) / 77);
  const auto first = [&](int n) {
    return std::vector<float>(levels.begin(), levels.begin() + n);
  };
  check_learned<learned_table<1>>(first(2));
  check_learned<learned_table<2, f32>>(first(4));
  check_learned<learned_table<3>>(first(8));
  check_learned<learned_table<4, f32>>(first(16));
  check_learned<learned_table<5>>(first(32));
  check_learned<learned_table<7, f32>>(first(128));
  check_learned<learned_table<4, uniform<8>>>({-128, -90, -66, -50, -39, -21, -10, -3, 0, 4, 9, 17,
                                               30, 55, 80, 127});
}
