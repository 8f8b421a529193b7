// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/device/entry_codec.hpp>
#include <lowbit/kernels/int8_levels.hpp>
#include <memory>
#include <vector>

#include "kernels/device/codec_blocks.hpp"

using namespace lowbit;

namespace {

/// A codebook with entries of its own, all values different, the largest not the first.
template <class Q>
struct book {
  state_of<Q, owned> levels;
  state_of<Q> state;
  book() {
    const index_t n = (index_t(1) << Q::bits) * Q::dim;
    for (index_t i = 0; i < n; ++i) {
      const int x = int(i * 7919 % n) - int(n / 2);
      levels.table.push_back(std::uint16_t(f16::encode(float(x) / float(n) * 3 + 0.001f)));
    }
    Q::template state<owned>::each(detail::binder{}, path{}, levels, state);
  }
};

template <int Bits>
code_t wide_code_at(int turn, int row, int column) {
  if constexpr (Bits <= 8)
    return code_at<Bits>(turn, row, column);
  else
    return code_at<8>(turn, row, column) | code_at<Bits - 8>(turn / 3 + 1, row, column) << 8;
}
template <int Bits>
struct wide_tile {
  code_tile<(Bits < 8 ? Bits : 8)> low;
  code_tile<(Bits > 8 ? Bits - 8 : 1)> high;
  explicit wide_tile(int turn) : low(turn), high(turn / 3 + 1) {}
  wide_block_words<Bits> lane(int l) const {
    wide_block_words<Bits> words;
    words.low = low.lane(l);
    if (Bits > 8) words.high = high.lane(l);
    return words;
  }
};

/// f(turn, lane, unit, i, row in the tile, code, row of the fragment, words, codec)
template <class Q, class Codec, class F>
void each_code(const word* table, F f) {
  constexpr int turns = Q::bits <= 8 ? 1 << Q::bits : 700;
  for (int turn = 0; turn < turns; turn += Q::bits < 6 ? 1 : 5) {
    const auto tile = std::make_unique<wide_tile<Q::bits>>(turn);
    for (int lane = turn % 4; lane < 32; lane += 5) {
      const Codec codec(table, lane);
      const wide_block_words<Q::bits> words = tile->lane(lane);
      for (int unit = 0; unit < 8; ++unit)
        for (int i = 0; i < 4; ++i) {
          const auto a = codec.fragment(words, unit, i);
          for (int row = 0; row < 2; ++row)
            f(wide_code_at<Q::bits>(turn, lane / 4 + 8 * row, 16 * unit + lane % 4 * 4 + i), row,
              a);
        }
    }
  }
}

template <class Q>
void check_halves() {
  const book<Q> b;
  using codec_type = entry_codec<Q>;
  std::vector<words4> memory(std::size_t(codec_type::table_words / 4));
  word* const table = memory.front().items;
  for (int t = 0; t < 64; ++t) codec_type::fill(b.state, table, t, 64);
  index_t wrong = 0, seen = 0;
  each_code<Q, codec_type>(table, [&](code_t code, int row, const arr<word, Q::dim>& a) {
    const auto entry = b.state.decode(code);
    for (int k = 0; k < Q::dim; ++k) {
      const int reg = k / 4 * 4 + k % 4 / 2 * 2 + row;
      wrong += float(float16::from_bits(std::uint16_t(a[reg] >> (k % 2 * 16)))) != entry[k];
    }
    ++seen;
  });
  CHECK(wrong == 0);
  CHECK(seen > 0);
}

template <class Q>
void check_bytes() {
  const book<Q> b;
  using codec_type = entry_byte_codec<Q>;
  const auto host = std::make_unique<kernels::int8_table_for<Q>>();
  kernels::make_int8_levels<Q>(b.state, 0, *host);
  CHECK(codec_type::unit_of(b.state) == host->unit);
  float top = 0;
  for (int t = 0; t < 7; ++t) {
    const float part = codec_type::peak_of_part(b.state, t, 7);
    top = part > top ? part : top;
  }
  CHECK(div_rn(top, 127.f) == host->unit);
  std::vector<words4> memory(std::size_t(codec_type::table_words / 4));
  word* const table = memory.front().items;
  for (int t = 0; t < 96; ++t) codec_type::fill(b.state, host->unit, table, t, 96);
  index_t wrong = 0;
  each_code<Q, codec_type>(table, [&](code_t code, int row, const arr<word, Q::dim / 2>& a) {
    for (int k = 0; k < Q::dim; ++k) {
      const int byte = k % 4 == 1 ? 2 : k % 4 == 2 ? 1 : k % 4;
      wrong += std::int8_t(a[k / 4 * 2 + row] >> (8 * byte)) != host->level(code, k);
    }
  });
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("entries of every code in every place, as halves") {
  check_halves<vector_codebook<4, 4>>();
  check_halves<vector_codebook<4, 8>>();
  check_halves<vector_codebook<8, 8>>();
  check_halves<vector_codebook<8, 6>>();
  check_halves<vector_codebook<16, 5>>();
  check_halves<vector_codebook<4, 10>>();
  check_halves<vector_codebook<8, 12>>();
}

TEST_CASE("entries as the host's int8") {
  check_bytes<vector_codebook<4, 3>>();
  check_bytes<vector_codebook<4, 8>>();
  check_bytes<vector_codebook<8, 8>>();
  check_bytes<vector_codebook<16, 7>>();
  check_bytes<vector_codebook<8, 11>>();
}

TEST_CASE("what fits") {
  static_assert(has_entry_codec<vector_codebook<8, 12>>);
  static_assert(!has_entry_codec<vector_codebook<8, 13>>);
  static_assert(!has_entry_codec<vector_codebook<6, 8>>);
  static_assert(!has_entry_codec<vector_codebook<4, 8, f16, complex32>>);
  static_assert(!has_entry_codec<uniform<4>>);
  using sum = residual<vector_codebook<4, 4>, vector_codebook<4, 4>>;
  static_assert(has_entry_codec<sum> && !has_entry_byte_codec<sum>);
  static_assert(entry_codec<vector_codebook<8, 8>>::table_words == 8192);    // 32 KB
  static_assert(entry_codec<vector_codebook<8, 12>>::table_words == 16384);  // one copy
}
