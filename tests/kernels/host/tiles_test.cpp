// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operations on tiles of sixteen rows: layouts, and integer products.
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/core/bits.hpp>
#include <lowbit/packing/host_layout.hpp>
#include <vector>

#include "kernels/host/every_target.hpp"
#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"

namespace lb = lowbit;
using namespace test;

TEST_CASE("rows of dwords become a tile, element by element") {
  hashed random;
  std::vector<std::uint32_t> rows(16 * 80), tile(16 * 64);
  for (std::uint32_t& v : rows) v = random();
  for (const row_ops* t : all_targets()) {
    t->transpose(rows.data(), 80 * 4, 64, tile.data());
    int wrong = 0;
    for (std::size_t r = 0; r < 16; ++r)
      for (std::size_t d = 0; d < 64; ++d) wrong += tile[16 * d + r] != rows[80 * r + d];
    CHECK(wrong == 0);
  }
}

TEST_CASE("packed tiles hold every code, in the same bytes on every target") {
  hashed random;
  for (int bits = 1; bits <= 8; ++bits) {
    CAPTURE(bits);
    const index_t blocks = 3;
    std::vector<std::uint8_t> codes(512 * 3), back(codes);
    std::int8_t table[256];
    for (std::int8_t& level : table) level = std::int8_t(random());
    std::int8_t floats[256];  // as those of eight bits are: the same with both signs, 0 far down
    for (int i = 0; i < 128; ++i) {
      floats[i] = std::int8_t(i < 48 ? 0 : random() % 128);
      floats[128 + i] = std::int8_t(-floats[i]);
    }
    for (std::uint8_t& c : codes) c = std::uint8_t(random() % (1u << bits));
    std::vector<std::uint8_t> first;
    for (const row_ops* t : all_targets()) {
      const test::guarded_bytes packed(std::size_t(64 * bits * blocks));
      with_bits(bits, [&](auto width) {
        lb::kernels::pack_tile<width>(t->target)(codes.data(), blocks, packed.data());
        lb::kernels::unpack_tile<width>(t->target)(packed.data(), blocks, nullptr, back.data());
        CHECK(back == codes);
        lb::kernels::unpack_tile<width>(t->target)(packed.data(), blocks, floats, back.data());
      });
      int wrong = 0;
      for (std::size_t i = 0; i < codes.size(); ++i)
        wrong += std::int8_t(back[i]) != floats[codes[i]];
      with_bits(bits, [&](auto width) {
        lb::kernels::unpack_tile<width>(t->target)(packed.data(), blocks, table, back.data());
      });
      for (std::size_t i = 0; i < codes.size(); ++i)
        wrong += std::int8_t(back[i]) != table[codes[i]];
      CHECK(wrong == 0);
      const std::vector<std::uint8_t> bytes(packed.data(), packed.data() + 64 * bits * blocks);
      if (first.empty()) first = bytes;
      CHECK(bytes == first);
    }
    for (index_t q = 0; q < 8 * blocks; ++q)  // as the layout says
      for (int r = 0; r < 16; ++r)
        for (int c = 0; c < 4; ++c)
          CHECK(lb::host_layout::code_in_tile(first.data(), bits, r, 4 * q + c) ==
                codes[std::size_t(64 * q + 4 * r + c)]);
  }
}

TEST_CASE("words of canonical codes turn into those of tiles and back, on every target") {
  hashed random;
  const auto check = [&](auto bits) {
    CAPTURE(bits.value);
    constexpr index_t words = 3, cols = words * 32 / bits;
    std::vector<std::uint8_t> stream(words * 64), tile(stream), back(stream);
    for (std::uint8_t& b : stream) b = std::uint8_t(random());
    for (const row_ops* t : all_targets()) {
      lb::kernels::turn_fields<bits, false>(t->target)(stream.data(), words, tile.data());
      int wrong = 0;
      for (index_t c = 0; c < cols; ++c)
        for (index_t r = 0; r < 16; ++r) {
          const auto word = (c * bits / 32 * 16 + r) * 32 + c * bits % 32;
          const auto plane = std::size_t((c * bits / 32 * 16 + r) * 4 + c % 4);
          const int shift = int(c % (32 / bits) / 4 * bits);
          wrong += lb::read_bits(stream.data(), std::uint64_t(word), bits) !=
                   (lb::code_t(tile[plane]) >> shift & ((1u << bits) - 1));
        }
      CHECK(wrong == 0);
      lb::kernels::turn_fields<bits, true>(t->target)(tile.data(), words, back.data());
      CHECK(back == stream);
    }
  };
  check(std::integral_constant<int, 1>{});
  check(std::integral_constant<int, 2>{});
  check(std::integral_constant<int, 4>{});
  check(std::integral_constant<int, 8>{});
}

namespace {
/// A tile of random or extreme levels, its activations, and the exact results.
struct tile_case {
  static constexpr index_t cols = 256, runs_stride = 70;
  int bits;
  index_t tokens, run;
  std::vector<int> codes, levels;  // [row][column]
  std::vector<std::int8_t> x;
  std::vector<float> scales, zeros, minima, outer_scales, outer_minima, x_scales, x_sums;
  std::vector<std::int8_t> whole_scales, whole_minima;
  std::vector<std::int32_t> halved_sums;
  std::vector<row_ops::run_place> places;  // two runs share parameters, four outer ones
  std::int8_t table[256];

  /// Levels: random ones of -128 .. 127 for `level` 0; with `most` of 0 .. most, or all `most`.
  tile_case(int b, index_t n, index_t run_cols, int level, int input, int most = 0)
      : bits(b),
        tokens(n),
        run(run_cols),
        codes(16 * cols),
        levels(16 * cols),
        x(std::size_t(n * cols)),
        scales(16 * 64),
        zeros(scales.size()),
        minima(scales.size()),
        outer_scales(scales.size()),
        outer_minima(scales.size()),
        x_scales(std::size_t(n * runs_stride)),
        x_sums(x_scales.size()),
        whole_scales(scales.size()),
        whole_minima(scales.size()),
        halved_sums(x_scales.size()) {
    hashed random;
    for (int i = 0; i < 256; ++i)
      table[i] = std::int8_t(level != 0 ? level
                             : most > 0 ? int(random() % unsigned(most + 1))
                                        : int(random() % 256) - 128);
    for (std::size_t i = 0; i < codes.size(); ++i) {
      codes[i] = level == 0 ? int(random() % (1u << bits)) : (1 << bits) - 1;
      levels[i] = table[codes[i]];
    }
    for (std::int8_t& v : x) v = std::int8_t(input == 0 ? int(random() % 255) - 127 : input);
    for (std::size_t i = 0; i < scales.size(); ++i) {  // small numbers: every sum is exact
      scales[i] = float(1 + random() % 2);
      zeros[i] = float(random() % 16);
      minima[i] = float(random() % 3);
      outer_scales[i] = float(1 + random() % 2);
      outer_minima[i] = float(random() % 3) - 1;
      whole_scales[i] = std::int8_t(scales[i] = i % 5 == 0 ? -scales[i] : scales[i]);
      whole_minima[i] = std::int8_t(minima[i]);
    }
    for (index_t i = 0; i < cols / run; ++i) {
      const bool last = i + 1 == cols / run;
      places.push_back(
          {std::int32_t(i / 2), std::int32_t(i / 4), i % 2 == 1 || last, i % 4 == 3 || last});
    }
    for (index_t t = 0; t < tokens; ++t)
      for (index_t i = 0; i < cols / run; ++i) {
        int sum = 0;
        for (index_t c = i * run; c < (i + 1) * run; ++c) sum += x[std::size_t(t * cols + c)];
        x_scales[std::size_t(t * runs_stride + i)] = i / 2 % 2 == 0 ? 1.f : 0.5f;
        x_sums[std::size_t(t * runs_stride + i)] = float(sum);
        const std::int16_t halves[2] = {std::int16_t(sum / 2), std::int16_t(sum - sum / 2)};
        std::memcpy(&halved_sums[std::size_t(t * runs_stride + i)], halves, 4);
      }
  }
  row_ops::tile_inputs inputs() const {
    return {x.data(), cols, x_scales.data(), x_sums.data(), runs_stride, halved_sums.data()};
  }
  /// `nested`: 1 outer scales, 2 outer minima too.
  template <class Value>
  float exact(index_t t, index_t row, bool zero, bool minimum, int nested, Value value) const {
    double y = 0;
    for (index_t c = 0; c < cols; ++c) {
      const row_ops::run_place place = places[std::size_t(c / run)];
      const std::size_t at = std::size_t(place.group * 16 + row);
      const std::size_t outer = std::size_t(place.outer * 16 + row);
      const double w = (nested > 0 ? outer_scales[outer] : 1) * double(scales[at]) *
                           (value(row, c) - (zero ? double(zeros[at]) : 0)) +
                       (nested > 1 ? outer_minima[outer] : 1) * (minimum ? double(minima[at]) : 0);
      y += w * x_scales[std::size_t(t * runs_stride + c / run)] * x[std::size_t(t * cols + c)];
    }
    return float(y);
  }
};
}  // namespace

TEST_CASE("integer products of tiles are exact, at the extremes of both operands too") {
  // Small levels are their own bytes, and may be summed in 16 bits.
  struct levels_of_tile {
    int level, most;
  };
  for (const auto [level, most] : {levels_of_tile{0, 0},
                                   {-128, 0},
                                   {-127, 0},
                                   {127, 0},
                                   {0, 15},
                                   {15, 15},
                                   {0, 24},
                                   {24, 24},
                                   {31, 31},
                                   {63, 63},
                                   {0, 127},
                                   {127, 127}})
    for (const int input : {0, -127, 127})
      for (const index_t run : {4, 16, 32, 128})
        for (const index_t tokens : {1, 5, 13})
          for (const int kind : {0, 1, 2, 3, 4, 5, 6}) {  // zeros, minima; the same nested; both
            const bool zero = kind == 1 || kind == 4, minimum = kind == 2 || kind >= 5;
            const int nested = kind < 3 ? 0 : kind == 6 ? 2 : 1;
            if (nested > 0 && run != 16 && tokens == 13) continue;  // they take their time
            const tile_case c(8, tokens, run, level, input, most);
            for (const row_ops* t : all_targets()) {
              const int bias = most > 0 ? 0 : t->level_bias;
              std::vector<std::uint8_t> tile(16 * std::size_t(c.cols));
              for (index_t k = 0; k < c.cols; ++k)
                for (index_t r = 0; r < 16; ++r)
                  tile[std::size_t(k / 4 * 64 + 4 * r + k % 4)] =
                      std::uint8_t(c.levels[std::size_t(r * c.cols + k)] + bias);
              std::vector<float> zeros = c.zeros, y(std::size_t(16 * tokens), 1.f);
              for (float& z : zeros) z += float(bias);
              t->dot_tile({tile.data(), nullptr, c.scales.data(), zero ? zeros.data() : nullptr,
                           minimum ? c.minima.data() : nullptr, float(bias), c.places.data(), most,
                           nested > 0 ? c.outer_scales.data() : nullptr,
                           nested > 1 ? c.outer_minima.data() : nullptr},
                          c.inputs(), tokens, c.cols / 4, run / 4, y.data());
              int wrong = 0;
              for (index_t n = 0; n < tokens; ++n)
                for (index_t r = 0; r < 16; ++r)
                  wrong += y[std::size_t(16 * n + r)] !=
                           1.f + c.exact(n, r, zero, minimum, nested, [&](index_t row, index_t k) {
                             return c.levels[std::size_t(row * c.cols + k)];
                           });
              CHECK(wrong == 0);
            }
          }
}

TEST_CASE("integer products of packed codes are exact, through tables and as they are") {
  using lb::kernels::packed_levels;
  using lb::kernels::scale_kind;
  const auto check = [](auto width, auto kind, auto scales, index_t tokens) {
    constexpr int bits = width;
    constexpr bool nested = scales != scale_kind::floats;
    constexpr bool by_table = kind != packed_levels::codes;
    constexpr int most = kind != packed_levels::small_table ? 0 : bits <= 4 ? 31 : 127;
    for (const int extreme : {0, -128, 127})
      for (const int input : {0, -127, 127})
        for (const index_t run : {16, 32, 64}) {
          const tile_case c(bits, tokens, run, extreme != 0 && most > 0 ? most : extreme, input,
                            most);
          std::vector<std::uint8_t> tile(16 * std::size_t(c.cols)),
              packed(std::size_t(2 * bits * c.cols));
          for (index_t k = 0; k < c.cols; ++k)
            for (index_t r = 0; r < 16; ++r)
              tile[std::size_t(k / 4 * 64 + 4 * r + k % 4)] =
                  std::uint8_t(c.codes[std::size_t(r * c.cols + k)]);
          for (const row_ops* t : all_targets()) {
            const int added = most > 0 ? 0 : t->level_bias;
            std::int8_t table[256];
            for (int i = 0; i < 256; ++i)
              table[i] = std::int8_t(c.table[i & ((1 << bits) - 1)] + added);
            // Codes of 8 bits that become levels of -128 to 127 lose 128 before the product.
            const float bias = by_table ? float(added) : -float(t->code_bias[bits]);
            std::vector<float> y(std::size_t(16 * tokens));
            lb::kernels::pack_tile<bits>(t->target)(tile.data(), c.cols / 32, packed.data());
            row_ops::tile_weights weights{packed.data(),   by_table ? table : nullptr,
                                          c.scales.data(), nullptr,
                                          nullptr,         bias,
                                          c.places.data(), most};
            if (nested) weights.outer_scales = c.outer_scales.data();
            row_ops::tile_inputs inputs = c.inputs();
            if (scales != scale_kind::integers) inputs.halved_sums = nullptr;
            for (const bool minimum : {false, true}) {
              if (scales == scale_kind::integers) {
                weights.scales = nullptr;
                weights.whole_scales = c.whole_scales.data();
                weights.whole_minima = minimum ? c.whole_minima.data() : nullptr;
              } else {
                weights.minima = minimum ? c.minima.data() : nullptr;
              }
              if (nested && minimum) weights.outer_minima = c.outer_minima.data();
              std::fill(y.begin(), y.end(), 0.f);
              lb::kernels::dot_packed<bits, kind, scales>(t->target)(weights, inputs, tokens,
                                                                     c.cols / 4, run / 4, y.data());
              int wrong = 0;
              for (index_t n = 0; n < 16 * tokens; ++n)
                wrong += y[std::size_t(n)] !=
                         c.exact(n / 16, n % 16, false, minimum, nested ? 1 + minimum : 0,
                                 [&](index_t row, index_t k) {
                                   const std::size_t at = std::size_t(row * c.cols + k);
                                   return by_table ? c.levels[at] : c.codes[at];
                                 });
              CHECK(wrong == 0);
            }
          }
        }
  };
  const std::integral_constant<packed_levels, packed_levels::codes> codes;
  const std::integral_constant<packed_levels, packed_levels::table> by_table;
  const std::integral_constant<packed_levels, packed_levels::small_table> by_small_table;
  const std::integral_constant<scale_kind, scale_kind::floats> floats;
  const std::integral_constant<scale_kind, scale_kind::nested> nested;
  const std::integral_constant<scale_kind, scale_kind::integers> integers;
  for (const index_t tokens : {1, 2, 7}) {
    for (int bits = 1; bits <= 8; ++bits)
      with_bits(bits, [&](auto width) {
        check(width, codes, floats, tokens);
        check(width, by_table, floats, tokens);
        if constexpr (width == 4 || width == 6) check(width, by_small_table, floats, tokens);
      });
    const auto four = std::integral_constant<int, 4>();
    check(four, by_small_table, nested, tokens);
    check(four, by_table, integers, tokens);
    check(std::integral_constant<int, 2>(), codes, integers, tokens);
    check(std::integral_constant<int, 3>(), codes, integers, tokens);
    check(four, codes, integers, tokens);
  }
}
