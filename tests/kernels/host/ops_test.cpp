// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <lowbit/core/bits.hpp>
#include <lowbit/kernels/host/targets.hpp>
#include <lowbit/packing/host_layout.hpp>
#include <vector>

#include "kernels/host/every_target.hpp"
#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"

namespace lb = lowbit;
using namespace test;

namespace {

const row_ops& scalar() { return lb::kernels::ops_of(lb::arch::scalar); }

template <class T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b, index_t n) {
  return std::memcmp(a.data(), b.data(), std::size_t(n) * sizeof(T)) == 0;
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
      std::vector<std::int8_t> bytes(std::size_t(n + 64)), as_they_are(bytes), moved(bytes);
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
        t->bytes_moved(codes.data(), readable, bits, n, -100, moved.data());
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
          wrong += moved[std::size_t(i)] != std::int8_t(code - 100);
        }
        CHECK(wrong == 0);
      }
    }
}

TEST_CASE("float fields of all sizes decode to the bits of their type") {
  const auto check = [](auto type) {
    using N = decltype(type);
    for (const row_ops* t : simd_targets())
      for (const int stored : {N::bits, 8}) {  // one after the other, or one in a byte
        std::vector<std::uint8_t> codes(256);
        for (int i = 0; i < 1 << N::bits; ++i)
          lb::write_bits(codes.data(), std::uint64_t(i) * unsigned(stored), stored, lb::code_t(i));
        std::vector<float> out(256 + 64);
        t->levels_field(codes.data(), 256, stored, 1 << N::bits, N::exponent_bits, N::mantissa_bits,
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

TEST_CASE("single elements give sixteen tokens side by side what they give each") {
  hashed random;
  constexpr index_t cols = 300;
  std::vector<float> x(16 * cols), tile(x.size());
  for (float& v : x) v = random.real();
  for (std::size_t r = 0; r < 16; ++r)
    for (std::size_t c = 0; c < cols; ++c) tile[16 * c + r] = x[cols * r + c];
  for (const index_t n : {0, 1, 6, 64, 131}) {
    const test::guarded_bytes values(std::size_t(2 * n)), columns(std::size_t(2 * n));
    for (index_t i = 0; i < n; ++i) {
      const std::uint16_t half = std::uint16_t(lb::f16::encode(random.real()));
      const std::uint16_t column = std::uint16_t(random() % cols);
      std::memcpy(values.data() + 2 * i, &half, 2);
      std::memcpy(columns.data() + 2 * i, &column, 2);
    }
    for (const row_ops* t : all_targets()) {
      float out[16];
      t->dot_elements_tile(values.data(), 2 * n, columns.data(), 2, n, tile.data(), out);
      for (index_t r = 0; r < 16; ++r)
        CHECK(out[r] ==
              t->dot_elements(values.data(), 2 * n, columns.data(), 2, n, x.data() + cols * r));
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
