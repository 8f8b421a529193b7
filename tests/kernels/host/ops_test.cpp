// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <lowbit/core/bits.hpp>
#include <lowbit/kernels/host/targets.hpp>
#include <lowbit/packing/host_layout.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"

namespace lb = lowbit;
using lb::index_t;
using lb::kernels::row_ops;

namespace {

struct hashed {
  std::uint64_t state = 0x243f6a8885a308d3ull;
  std::uint32_t operator()() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return std::uint32_t(state >> 33);
  }
  float real() { return float(std::int32_t(operator()() << 1)) / 1073741824.f; }
};

std::vector<const row_ops*> simd_targets() {
  std::vector<const row_ops*> targets;
  for (const lb::arch a : {lb::arch::avx2, lb::arch::avx512, lb::arch::neon})
    if (lb::kernels::has_arch(a)) targets.push_back(&lb::kernels::ops_of(a));
  return targets;
}
std::vector<const row_ops*> all_targets() {
  std::vector<const row_ops*> targets = simd_targets();
  targets.push_back(&lb::kernels::ops_of(lb::arch::scalar));
  return targets;
}
const row_ops& scalar() { return lb::kernels::ops_of(lb::arch::scalar); }

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b, index_t n) {
  return std::memcmp(a.data(), b.data(), std::size_t(n) * sizeof(T)) == 0;
}

template <class F>
void with_bits(int bits, F f) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((bits == I + 1 ? f(std::integral_constant<int, I + 1>{}) : void()), ...);
  }
  (std::make_integer_sequence<int, 8>{});
}

constexpr index_t lengths[] = {1, 2, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 127, 200, 1024};

}  // namespace

TEST_CASE("forcing a target that the machine has gives that target") {
  CHECK(scalar().target == lb::arch::scalar);
  for (const row_ops* t : simd_targets()) CHECK(lb::kernels::ops_of(t->target).target == t->target);
}

TEST_CASE(
    "codes of every width unpack as the bit stream says, on every target, up to the last byte") {
  hashed random;
  for (int bits = 1; bits <= 8; ++bits)
    for (const index_t n : lengths) {
      const test::guarded_bytes codes(std::size_t((n * bits + 7) / 8));
      const index_t readable = (n * bits + 7) / 8;
      for (index_t i = 0; i < readable; ++i) codes.data()[i] = std::uint8_t(random());
      float table[256];
      std::int8_t byte_table[256];
      for (int i = 0; i < 256; ++i) {
        table[i] = random.real();
        byte_table[i] = std::int8_t(random());
      }
      std::vector<float> affine(std::size_t(n + 64)), looked_up(affine);
      std::vector<std::int8_t> bytes(std::size_t(n + 64)), as_they_are(bytes);
      std::vector<const row_ops*> targets = simd_targets();
      targets.push_back(&scalar());
      for (const row_ops* t : targets) {
        CAPTURE(bits);
        CAPTURE(n);
        CAPTURE(int(t->target));
        t->levels_affine(codes.data(), readable, bits, n, 0.5f, -3.f, affine.data());
        t->levels_table(codes.data(), readable, bits, n, table, bits, looked_up.data());
        t->bytes_table(codes.data(), readable, bits, n, byte_table, bytes.data());
        t->bytes_table(codes.data(), readable, bits, n, nullptr, as_they_are.data());
        int wrong = 0;
        for (index_t i = 0; i < n; ++i) {
          int code = 0;
          for (int b = 0; b < bits; ++b) {
            const index_t at = i * bits + b;
            code |= ((codes.data()[at / 8] >> (at % 8)) & 1) << b;
          }
          wrong += affine[std::size_t(i)] != 0.5f * float(code) - 3.f;
          wrong += looked_up[std::size_t(i)] != table[code];
          wrong += bytes[std::size_t(i)] != byte_table[code];
          wrong += std::uint8_t(as_they_are[std::size_t(i)]) != code;
        }
        CHECK(wrong == 0);
      }
    }
}

TEST_CASE("float fields of all sizes decode to the bits of their type") {
  const auto check = [](auto type) {
    using N = decltype(type);
    for (const row_ops* t : simd_targets()) {
      std::vector<std::uint8_t> codes(256);
      for (int i = 0; i < 256; ++i)
        lb::write_bits(codes.data(), std::uint64_t(i % (1 << N::bits)) * N::bits, N::bits,
                       lb::code_t(i % (1 << N::bits)));
      std::vector<float> out(256 + 64);
      t->levels_field(codes.data(), 256, N::bits, 1 << N::bits, N::exponent_bits, N::mantissa_bits,
                      N::bias, N::is_signed, out.data());
      for (lb::code_t c = 0; c < (1u << N::bits); ++c) {
        if (!lb::is_finite(N::decode(c))) continue;
        CHECK(lb::bits_as<std::uint32_t>(out[c]) == lb::bits_as<std::uint32_t>(N::decode(c)));
      }
    }
  };
  check(lb::fp4_e2m1{});
  check(lb::fp6_e2m3{});
  check(lb::fp6_e3m2{});
  check(lb::fp8_e4m3{});
  check(lb::fp8_e5m2{});
  check(lb::ue4m3{});
}

TEST_CASE("exponents are powers of two, the subnormal one included") {
  std::vector<std::uint8_t> codes(256);
  for (int i = 0; i < 256; ++i) codes[std::size_t(i)] = std::uint8_t(i);
  for (const row_ops* t : simd_targets()) {
    std::vector<float> out(256 + 64);
    t->levels_exponent(codes.data(), 256, 255, out.data());
    for (lb::code_t c = 0; c < 255; ++c) CHECK(out[c] == lb::e8m0::decode(c));
  }
}

TEST_CASE("all halves and all bfloat16 widen exactly, subnormals included") {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::uint16_t(i);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(all.data());
  std::vector<float> out(65536 + 64);
  for (const row_ops* t : simd_targets()) {
    t->levels_f16(bytes, 2 * 65536, 65536, out.data());
    int wrong = 0;
    for (lb::code_t c = 0; c < 65536; ++c)
      wrong += lb::is_finite(lb::f16::decode(c)) && out[c] != lb::f16::decode(c);
    CHECK(wrong == 0);
    t->levels_bf16(bytes, 2 * 65536, 65536, out.data());
    for (lb::code_t c = 0; c < 65536; ++c)
      wrong += lb::is_finite(lb::bf16::decode(c)) && out[c] != lb::bf16::decode(c);
    CHECK(wrong == 0);
  }
}

TEST_CASE("parameters of groups apply to their columns and to no other, bit for bit as in scalar") {
  hashed random;
  for (const row_ops* t : simd_targets())
    for (const index_t n : lengths)
      for (const index_t width : {1, 3, 4, 16, 20, 32, 48, 64, 2000})
        for (const index_t used : {index_t(0), width / 2}) {
          std::vector<float> v(std::size_t(n + 64)), s(std::size_t(n + 18)), z(s.size());
          for (float& x : v) x = random.real();
          for (float& x : s) x = random.real();
          for (float& x : z) x = float(random() % 16);
          CAPTURE(n);
          CAPTURE(width);
          CAPTURE(used);
          auto a = v, b = v;
          t->scale(a.data(), n, width, used, s.data());
          scalar().scale(b.data(), n, width, used, s.data());
          CHECK(same_bits(a, b, n));
          CHECK(b[std::size_t(n - 1)] ==
                s[std::size_t((used + n - 1) / width)] * v[std::size_t(n - 1)]);
          a = b = v;
          t->scale_minus_zero(a.data(), n, width, used, s.data(), z.data());
          scalar().scale_minus_zero(b.data(), n, width, used, s.data(), z.data());
          CHECK(same_bits(a, b, n));
          a = b = v;
          t->scale_plus(a.data(), n, width, used, s.data(), z.data());
          scalar().scale_plus(b.data(), n, width, used, s.data(), z.data());
          CHECK(same_bits(a, b, n));
        }
}

TEST_CASE("single elements multiply what their columns hold, whatever their number") {
  hashed random;
  std::vector<float> x(3000);
  for (float& v : x) v = float(random() % 64) - 32;  // small integers: every sum is exact
  for (const index_t n : {0, 1, 3, 4, 41, 64, 65, 200}) {
    const test::guarded_bytes values(std::size_t(2 * n)), narrow(std::size_t(2 * n)),
        wide(std::size_t(4 * n));
    float expected = 0;
    for (index_t i = 0; i < n; ++i) {
      const float value = float(random() % 32) - 16;
      const std::uint16_t half = std::uint16_t(lb::f16::encode(value));
      const std::uint32_t column = std::uint32_t(random() % x.size());
      std::memcpy(values.data() + 2 * i, &half, 2);
      std::memcpy(narrow.data() + 2 * i, &column, 2);
      std::memcpy(wide.data() + 4 * i, &column, 4);
      expected += value * x[column];
    }
    for (const row_ops* t : all_targets()) {
      CHECK(t->dot_elements(values.data(), 2 * n, narrow.data(), 2, n, x.data()) == expected);
      CHECK(t->dot_elements(values.data(), 2 * n, wide.data(), 4, n, x.data()) == expected);
    }
  }
}

TEST_CASE("parameters of tiles apply to the columns of their groups, row by row") {
  hashed random;
  for (const row_ops* t : all_targets())
    for (const index_t n : {1, 7, 64})
      for (const index_t width : {1, 5, 16, 100})
        for (const index_t used : {index_t(0), width / 2}) {
          std::vector<float> v(std::size_t(16 * n)), s(std::size_t(16 * (n + 1))), m(s.size());
          for (float& x : v) x = random.real();
          for (float& x : s) x = random.real();
          for (float& x : m) x = random.real();
          auto scaled = v, moved = v;
          t->scale_tile(scaled.data(), n, width, used, s.data(), nullptr);
          t->scale_tile(moved.data(), n, width, used, s.data(), m.data());
          int wrong = 0;
          for (std::size_t i = 0; i < v.size(); ++i) {
            const std::size_t g = std::size_t((used + index_t(i / 16)) / width * 16) + i % 16;
            wrong += scaled[i] != s[g] * v[i];
            wrong += moved[i] != lb::fma_rn(s[g], v[i], m[g]);
          }
          CHECK(wrong == 0);
        }
}

TEST_CASE("activations round to int8 as the scalar encoder rounds, ties and clamping included") {
  hashed random;
  for (const row_ops* t : simd_targets())
    for (const index_t n : lengths) {
      std::vector<float> x(static_cast<std::size_t>(n));
      for (float& v : x) v = random.real() * 130;
      x[0] = 2.5f;
      x[std::size_t(n - 1)] = -127.5f;
      std::vector<std::int8_t> a(std::size_t(n + 64)), b(a);
      t->quantize(x.data(), n, 1.f, a.data());
      scalar().quantize(x.data(), n, 1.f, b.data());
      CHECK(same_bits(a, b, n));
      if (n > 1) CHECK(int(b[0]) == 2);
      CHECK(int(b[std::size_t(n - 1)]) == -127);
      CHECK(t->absmax(x.data(), n) == scalar().absmax(x.data(), n));
      t->quantize(x.data(), n, 0.f, a.data());
      CHECK(int(a[std::size_t(n - 1)]) == 0);
    }
}

TEST_CASE("copies past caches are copies, to any float on") {
  hashed random;
  std::vector<float> from(200), to(300);
  for (float& v : from) v = random.real();
  for (const row_ops* t : all_targets())
    for (const index_t n : {0, 1, 15, 16, 40, 200})
      for (std::size_t first = 0; first < 17; ++first) {
        std::fill(to.begin(), to.end(), -9.f);
        t->copy_past_caches(from.data(), n, to.data() + first, true);
        int wrong = 0;
        for (std::size_t i = 0; i < to.size(); ++i) {
          const bool inside = i >= first && i < first + std::size_t(n);
          wrong += to[i] != (inside ? from[i - first] : -9.f);
        }
        CHECK(wrong == 0);
      }
}

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
    for (std::uint8_t& c : codes) c = std::uint8_t(random() % (1u << bits));
    std::vector<std::uint8_t> first;
    for (const row_ops* t : all_targets()) {
      const test::guarded_bytes packed(std::size_t(64 * bits * blocks));
      with_bits(bits, [&](auto width) {
        lb::kernels::pack_tile<width>(t->target)(codes.data(), blocks, packed.data());
        lb::kernels::unpack_tile<width>(t->target)(packed.data(), blocks, nullptr, back.data());
        CHECK(back == codes);
        lb::kernels::unpack_tile<width>(t->target)(packed.data(), blocks, table, back.data());
      });
      int wrong = 0;
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
  std::vector<float> scales, zeros, minima, x_scales, x_sums;
  std::vector<std::int32_t> group;
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
        x_scales(std::size_t(n * runs_stride)),
        x_sums(x_scales.size()) {
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
    }
    for (index_t i = 0; i < cols / run; ++i) group.push_back(std::int32_t(i / 2));
    for (index_t t = 0; t < tokens; ++t)
      for (index_t i = 0; i < cols / run; ++i) {
        int sum = 0;
        for (index_t c = i * run; c < (i + 1) * run; ++c) sum += x[std::size_t(t * cols + c)];
        x_scales[std::size_t(t * runs_stride + i)] = i % 2 == 0 ? 1.f : 0.5f;
        x_sums[std::size_t(t * runs_stride + i)] = float(sum);
      }
  }
  row_ops::tile_inputs inputs() const {
    return {x.data(), cols, x_scales.data(), x_sums.data(), runs_stride};
  }
  template <class Value>
  float exact(index_t t, index_t row, bool zero, bool minimum, Value value) const {
    double y = 0;
    for (index_t c = 0; c < cols; ++c) {
      const std::size_t at = std::size_t(group[std::size_t(c / run)] * 16 + row);
      const double w = double(scales[at]) * (value(row, c) - (zero ? double(zeros[at]) : 0)) +
                       (minimum ? double(minima[at]) : 0);
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
          for (const int kind : {0, 1, 2}) {
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
              t->dot_tile(
                  {tile.data(), nullptr, c.scales.data(), kind == 1 ? zeros.data() : nullptr,
                   kind == 2 ? c.minima.data() : nullptr, float(bias), c.group.data(), most},
                  c.inputs(), tokens, c.cols / 4, run / 4, y.data());
              int wrong = 0;
              for (index_t n = 0; n < tokens; ++n)
                for (index_t r = 0; r < 16; ++r)
                  wrong += y[std::size_t(16 * n + r)] !=
                           1.f + c.exact(n, r, kind == 1, kind == 2, [&](index_t row, index_t k) {
                             return c.levels[std::size_t(row * c.cols + k)];
                           });
              CHECK(wrong == 0);
            }
          }
}

TEST_CASE("integer products of packed codes are exact, through tables and as they are") {
  using lb::kernels::packed_levels;
  const auto check = [](auto width, auto kind, index_t tokens) {
    constexpr int bits = width;
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
            const row_ops::tile_weights weights{packed.data(), table, c.scales.data(), nullptr,
                                                nullptr,       bias,  c.group.data(),  most};
            lb::kernels::dot_packed<bits, kind>(t->target)(weights, c.inputs(), tokens, c.cols / 4,
                                                           run / 4, y.data());
            int wrong = 0;
            for (index_t n = 0; n < 16 * tokens; ++n)
              wrong += y[std::size_t(n)] !=
                       c.exact(n / 16, n % 16, false, false, [&](index_t row, index_t k) {
                         const std::size_t at = std::size_t(row * c.cols + k);
                         return by_table ? c.levels[at] : c.codes[at];
                       });
            CHECK(wrong == 0);
          }
        }
  };
  const std::integral_constant<packed_levels, packed_levels::codes> codes;
  const std::integral_constant<packed_levels, packed_levels::table> by_table;
  const std::integral_constant<packed_levels, packed_levels::small_table> by_small_table;
  for (int bits = 1; bits <= 8; ++bits)
    with_bits(bits, [&](auto width) {
      for (const index_t tokens : {1, 2, 7}) {
        check(width, codes, tokens);
        check(width, by_table, tokens);
        if constexpr (width == 4 || width == 6) check(width, by_small_table, tokens);
      }
    });
}
