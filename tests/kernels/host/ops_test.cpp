// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/core/bits.hpp>
#include <lowbit/kernels/host/targets.hpp>
#include <vector>

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
      std::vector<std::int8_t> bytes(std::size_t(n + 64)), added(bytes);
      std::vector<const row_ops*> targets = simd_targets();
      targets.push_back(&scalar());
      for (const row_ops* t : targets) {
        CAPTURE(bits);
        CAPTURE(n);
        CAPTURE(int(t->target));
        t->levels_affine(codes.data(), readable, bits, n, 0.5f, -3.f, affine.data());
        t->levels_table(codes.data(), readable, bits, n, table, looked_up.data());
        t->bytes_table(codes.data(), readable, bits, n, byte_table, bytes.data());
        t->bytes_affine(codes.data(), readable, bits, n, -11, added.data());
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
          wrong += added[std::size_t(i)] != std::int8_t(code - 11);
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

TEST_CASE("all halves and all bfloat16 widen exactly, subnormals included") {
  std::vector<std::uint16_t> all(65536);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::uint16_t(i);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(all.data());
  std::vector<float> out(65536 + 64);
  for (const row_ops* t : simd_targets()) {
    t->levels_f16(bytes, 65536, out.data());
    int wrong = 0;
    for (lb::code_t c = 0; c < 65536; ++c)
      wrong += lb::is_finite(lb::f16::decode(c)) && out[c] != lb::f16::decode(c);
    CHECK(wrong == 0);
    t->levels_bf16(bytes, 65536, out.data());
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
          std::vector<float> v(std::size_t(n + 64)), s(std::size_t(n + 2)), z(s.size());
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
          if (width % 4 == 0 && used % 4 == 0) {
            t->spread(s.data(), n, width, used, a.data());
            scalar().spread(s.data(), n, width, used, b.data());
            CHECK(same_bits(a, b, (n + 3) / 4));
            CHECK(b[0] == s[0]);
          }
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

TEST_CASE("integer products are exact at the extremes of both operands") {
  for (const int w : {-128, -127, -1, 0, 1, 127})
    for (const int x : {-127, 0, 127})
      for (const index_t rows : {1, 5, 9})
        for (const index_t tokens : {1, 5}) {
          const index_t n = 256;
          std::vector<std::int8_t> wl(std::size_t(rows * n), std::int8_t(w)),
              xl(std::size_t(tokens * n), std::int8_t(x));
          std::vector<float> ws(std::size_t(rows * n / 4), 1), xs(std::size_t(tokens * n / 4), 1),
              zeros(ws.size(), 3), sums(xs.size(), float(4 * x));
          std::vector<std::int32_t> offset(xs.size(), -128 * 4 * x);
          std::vector<float> y(std::size_t(rows * tokens));
          std::vector<const row_ops*> targets = simd_targets();
          targets.push_back(&scalar());
          for (const row_ops* t : targets) {
            t->dot_int8({wl.data(), ws.data(), nullptr, nullptr, nullptr, nullptr, n}, rows,
                        {xl.data(), xs.data(), nullptr, nullptr, sums.data(), offset.data(), n},
                        tokens, n, y.data(), rows, false);
            for (const float v : y) CHECK(v == float(w * x * n));
            t->dot_int8({wl.data(), ws.data(), zeros.data(), nullptr, nullptr, nullptr, n}, rows,
                        {xl.data(), xs.data(), nullptr, nullptr, sums.data(), offset.data(), n},
                        tokens, n, y.data(), rows, false);
            for (const float v : y) CHECK(v == float((w - 3) * x * n));
          }
        }
}
