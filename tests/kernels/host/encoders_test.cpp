// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/host/encoders.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/core/bits.hpp>
#include <lowbit/core/float_mode.hpp>
#include <lowbit/quantizers/binary.hpp>
#include <lowbit/quantizers/bnb_fp4.hpp>
#include <lowbit/quantizers/code_rule.hpp>
#include <lowbit/quantizers/iq4_nl.hpp>
#include <lowbit/quantizers/logarithmic.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/power_of_two.hpp>
#include <lowbit/quantizers/tangent.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/plane.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"

namespace lb = lowbit;
using lb::arch;
using lb::code_t;
using lb::index_t;
using lb::zero_kind;

namespace {

struct hashed {
  std::uint64_t state = 0x243f6a8885a308d3u;
  std::uint32_t operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return std::uint32_t(state >> 32);
  }
};

std::vector<arch> targets() {
  std::vector<arch> all{arch::scalar};
  for (const arch a : {arch::avx2, arch::avx512, arch::neon})
    if (lb::kernels::has_arch(a)) all.push_back(a);
  return all;
}

constexpr index_t lengths[] = {1, 2, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 200, 1024};

/// Any bits but NaN, small integers and halves, zeros, subnormal and huge numbers.
float nasty(hashed& random) {
  const std::uint32_t bits = random(), kind = random() % 8;
  const auto as_float = [](std::uint32_t b) { return lb::bits_as<float>(b); };
  if (kind == 0) return as_float(lb::is_nan(as_float(bits)) ? bits & 0xff000000u : bits);
  if (kind == 1) return float(int(bits % 41) - 20) * 0.5f;
  if (kind == 2) return float(int(bits % 41) - 20) * 0.25f * (1 + 0x1p-23f);
  if (kind == 3) return as_float(bits & 0x80000000u);
  if (kind == 4) return as_float(bits & 0x80000fffu);
  if (kind == 5) return float(std::int32_t(bits)) * 0x1p-28f;
  if (kind == 6) return float(std::int32_t(bits)) * 0x1p-34f;
  return float(std::int32_t(bits)) * 0x1p90f;
}
std::vector<float> nasty_values(index_t n, hashed& random) {
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) x.push_back(nasty(random));
  return x;
}
/// The floats around those where the code of Q changes, and some more.
template <class Q>
std::vector<float> positions_of(hashed& random) {
  std::vector<float> u = nasty_values(4000, random);
  std::vector<std::int32_t> keys;
  constexpr std::int32_t last = 0x7f800000;
  std::int32_t low = lb::kernels::ordered_bits(std::int32_t(0xff800000u));
  const auto value = [](std::int32_t key) {
    return lb::bits_as<float>(lb::kernels::ordered_bits(key));
  };
  while (Q::encode(value(low)) != Q::encode(value(last))) {
    std::int64_t inside = low, outside = last;
    while (outside - inside > 1) {
      const std::int64_t middle = (inside + outside) >> 1;
      (Q::encode(value(std::int32_t(middle))) == Q::encode(value(low)) ? inside : outside) = middle;
    }
    for (std::int32_t d = -3; d <= 3; ++d) u.push_back(value(std::int32_t(inside) + d));
    low = std::int32_t(outside);
  }
  return u;
}

template <class Q>
void check_codes() {
  CAPTURE(Q::bits);
  hashed random;
  constexpr int bytes = Q::bits > 8 ? 2 : 1;
  const std::vector<float> u = positions_of<Q>(random);
  const auto rule = lb::code_rule<Q>();
  for (const arch a : targets()) {
    CAPTURE(int(a));
    const auto find = lb::kernels::find_codes<lb::code_rule_of<Q>, bytes>(a);
    std::vector<std::uint8_t> found(bytes * (u.size() + 64));
    find(u.data(), index_t(u.size()), rule, found.data());
    for (std::size_t i = 0; i < u.size(); ++i) {
      const code_t code = bytes == 1 ? found[i] : code_t(found[2 * i] | found[2 * i + 1] << 8);
      if (code != Q::encode(u[i])) {
        CAPTURE(u[i]);
        REQUIRE(code == Q::encode(u[i]));
      }
    }
    for (const index_t n : lengths) {  // short runs read nothing past the end
      const test::guarded_bytes tail(std::size_t(n) * sizeof(float));
      std::memcpy(tail.data(), u.data(), std::size_t(n) * sizeof(float));
      std::vector<std::uint8_t> again(std::size_t(bytes * (n + 64)));
      find(reinterpret_cast<const float*>(tail.data()), n, rule, again.data());
      CHECK(std::memcmp(again.data(), found.data(), std::size_t(bytes * n)) == 0);
    }
  }
}

template <class Q>
lb::group_params<Q> params_with(float s, float z) {
  lb::group_params<Q> p;
  p.scale[0] = s;
  p.zero = z;
  return p;
}
constexpr float scales[] = {1, 0, 0.1f, -0.3f, 7, 0x1p-149f, 0x1p-130f, 65504, 3e38f, -0.f};
constexpr float zeros[] = {0, 3, 15, -2.5f, 0x1p-24f, 1e30f, 7};

template <class Q>
void check_positions() {
  hashed random;
  for (const arch a : targets())
    for (const index_t width : {1, 2, 3, 8, 16, 20, 32, 64}) {
      CAPTURE(int(a));
      CAPTURE(width);
      const index_t n = 333, used = width % 16 == 8 ? 0 : width / 3;
      for (const bool moderate : {false, true}) {
        std::vector<float> x = nasty_values(n, random), s, z, u(std::size_t(n + 64));
        if (moderate)  // where quotients may be made of products
          for (float& v : x)
            v = random() % 9 == 0 ? lb::mul_rn(v, 0.f)
                                  : lb::bits_as<float>((random() & 0x807fffffu) |
                                                       (127u - 60 + random() % 120) << 23);
        for (index_t g = 0; g <= (n + used) / width + 16; ++g) {
          s.push_back(moderate ? float(std::int32_t(random())) * 0x1p-40f
                               : scales[random() % std::size(scales)]);
          z.push_back(zeros[random() % std::size(zeros)]);
        }
        lb::kernels::find_positions<lb::zero_of<Q>>(a)(x.data(), n, width, used, s.data(),
                                                       lb::has_zero<Q> ? z.data() : nullptr,
                                                       moderate, u.data());
        for (index_t i = 0; i < n; ++i) {
          const auto g = std::size_t((i + used) / width);
          const float expected = lb::normalize<Q>(x[std::size_t(i)], params_with<Q>(s[g], z[g]));
          const float got = u[std::size_t(i)];
          if (std::memcmp(&got, &expected, 4) != 0) {
            CAPTURE(x[std::size_t(i)]);
            CAPTURE(s[g]);
            CAPTURE(z[g]);
            REQUIRE(lb::bits_as<code_t>(got) == lb::bits_as<code_t>(expected));
          }
        }
      }
    }
}

template <class Q>
void check_errors() {
  hashed random;
  const auto rule = lb::code_rule<Q>();
  for (const index_t n : {1, 7, 16, 31, 32, 50, 64, 128, 200})
    for (const float s : {0.07f, -0.2f, 0.f, 1e-30f})
      for (const float z : {0.f, 7.f})
        for (const bool weighted : {false, true}) {
          std::vector<float> x, w;
          for (index_t i = 0; i < n; ++i) {
            x.push_back(float(std::int32_t(random())) * 0x1p-31f);
            w.push_back(float(random() % 5) * 0.3f);
          }
          const auto p = params_with<Q>(s, z);
          std::vector<float> expected_levels;
          const double expected = lb::ordered_sum(n, [&](index_t i) {
            const float v = x[std::size_t(i)];
            const float level = Q::decode(Q::encode(lb::normalize<Q>(v, p)));
            const bool offset = lb::zero_of<Q> == zero_kind::integer;
            expected_levels.push_back(offset ? lb::sub_rn(level, p.zero) : level);
            const float d = lb::sub_rn(v, lb::reconstruct<Q>(level, p));
            const float weight = weighted ? w[std::size_t(i)] : 1;
            return double(lb::mul_rn(weight, d)) * double(d);
          });
          const float* const weights = weighted ? w.data() : nullptr;
          for (const arch a : targets()) {
            CAPTURE(int(a));
            CAPTURE(n);
            const bool moderate = n % 2 == 0;
            CHECK(lb::kernels::sum_errors<lb::zero_of<Q>, lb::code_rule_of<Q>>(a)(
                      x.data(), weights, n, moderate, s, p.zero, rule) == expected);
            std::vector<float> levels(std::size_t(n + 64));
            lb::kernels::find_levels<lb::zero_of<Q>, lb::code_rule_of<Q>>(a)(
                x.data(), n, moderate, s, p.zero, rule, levels.data());
            levels.resize(std::size_t(n));
            CHECK(levels == expected_levels);
            const double products = lb::ordered_sum(n, [&](index_t i) {
              const float d = lb::sub_rn(levels[std::size_t(i)], 0.3f);
              const float weight = weighted ? w[std::size_t(i)] : 1;
              return double(lb::mul_rn(weight, d)) * double(lb::sub_rn(x[std::size_t(i)], -0.1f));
            });
            CHECK(lb::kernels::sum_products(a)(levels.data(), 0.3f, x.data(), -0.1f, weights, n) ==
                  products);
          }
        }
}

struct changed_encode : lb::uniform<4> {
  static constexpr code_t encode(float) { return 3; }
};
struct changed_table : lb::normal_float<4> {
  static constexpr code_t encode(float) { return 3; }
};

}  // namespace

TEST_CASE("codes of every rule are those of encode, at every point where they change") {
  const lb::float_mode_guard mode;
  check_codes<lb::uniform<2>>();
  check_codes<lb::uniform<3, lb::full_range>>();
  check_codes<lb::uniform<4>>();
  check_codes<lb::uniform<4, lb::centred>>();
  check_codes<lb::uniform<5, lb::asymmetric>>();
  check_codes<lb::uniform<8>>();
  check_codes<lb::uniform<8, lb::nonnegative>>();
  check_codes<lb::uniform<1, lb::nonnegative>>();
  check_codes<lb::ternary>();
  check_codes<lb::binary>();
  check_codes<lb::normal_float<2>>();
  check_codes<lb::normal_float<4>>();
  check_codes<lb::iq4_nl_table>();
  check_codes<lb::bnb_fp4>();
  check_codes<lb::post<4>>();
  check_codes<lb::pot<4, lb::filled>>();
  check_codes<lb::pot<4, lb::without_zero>>();
  check_codes<lb::post<3, lb::released>>();
  check_codes<lb::logarithmic<4, lb::base_2, lb::symmetric>>();
  check_codes<lb::logarithmic<3>>();
  check_codes<lb::tangent<4>>();
  check_codes<lb::fp4_e2m1>();
  check_codes<lb::fp4_e3m0>();
  check_codes<lb::fp4_e1m2>();
}
TEST_CASE("codes of small floats are those of encode, at every point where they change") {
  const lb::float_mode_guard mode;
  check_codes<lb::fp6_e2m3>();
  check_codes<lb::fp6_e3m2>();
  check_codes<lb::fp8_e4m3>();
  check_codes<lb::fp8_e5m2>();
  check_codes<lb::e4m3_ieee>();
  check_codes<lb::ue4m3>();
  check_codes<lb::f16>();
  check_codes<lb::bf16>();
}

TEST_CASE("a quantizer with an encode of its own has no rule of its base") {
  static_assert(lb::has_code_rule<lb::uniform<4>> && lb::has_code_rule<lb::normal_float<4>>);
  CHECK(!lb::has_code_rule<changed_encode>);
  CHECK(!lb::has_code_rule<changed_table>);
}

TEST_CASE("positions are those of normalize, whatever the groups") {
  const lb::float_mode_guard mode;
  check_positions<lb::uniform<4>>();
  check_positions<lb::uniform<4, lb::asymmetric>>();
  check_positions<lb::uniform<4, lb::real_zero>>();
  check_positions<lb::uniform<4, lb::minimum>>();
}

TEST_CASE("partial sums of squared errors are those of their definition") {
  const lb::float_mode_guard mode;
  check_errors<lb::uniform<4>>();
  check_errors<lb::uniform<3, lb::full_range>>();
  check_errors<lb::uniform<4, lb::centred>>();
  check_errors<lb::uniform<4, lb::asymmetric>>();
  check_errors<lb::uniform<4, lb::real_zero>>();
  check_errors<lb::uniform<4, lb::minimum>>();
  check_errors<lb::normal_float<4>>();
  check_errors<lb::fp4_e2m1>();
}

TEST_CASE("extremes of a run, and whether all of it is finite") {
  hashed random;
  for (const arch a : targets())
    for (const index_t n : lengths) {
      const test::guarded_bytes bytes(std::size_t(n) * sizeof(float));
      float* const x = reinterpret_cast<float*>(bytes.data());
      float low = 1e30f, high = -1e30f, found_low, found_high;
      const float shift = float(int(random() % 3) - 1) * 3;
      for (index_t i = 0; i < n; ++i) {
        x[i] = float(std::int32_t(random())) * 0x1p-31f + shift;
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
      }
      lb::kernels::find_extremes(a)(x, n, &found_low, &found_high);
      CHECK(found_low == low);
      CHECK(found_high == high);
      CHECK(lb::kernels::survey(a)(x, n).finite);
      CHECK(lb::kernels::survey(a)(x, n).moderate);
      for (const std::uint32_t bad : {0x7f800000u, 0xff800000u, 0x7fc00000u, 0xff800001u})
        for (const index_t i : {index_t(0), n / 2, n - 1}) {
          const float kept = x[i];
          x[i] = lb::bits_as<float>(bad);
          CHECK(!lb::kernels::survey(a)(x, n).finite);
          x[i] = -0x1p-61f;
          CHECK(lb::kernels::survey(a)(x, n).finite);
          CHECK(!lb::kernels::survey(a)(x, n).moderate);
          x[i] = 0x1.000002p60f;
          CHECK(!lb::kernels::survey(a)(x, n).moderate);
          x[i] = -0.f;
          CHECK(lb::kernels::survey(a)(x, n).moderate);
          x[i] = kept;
        }
    }
}

TEST_CASE("codes of every width are packed as the bit stream says") {
  hashed random;
  for (const arch a : targets())
    for (int bits = 1; bits <= 8; ++bits)
      for (const index_t n : lengths) {
        const index_t room = (n + 63) / 64 * 64;
        std::vector<std::uint8_t> codes(std::size_t(room), 0), stream(codes.size() + 64);
        std::vector<std::uint8_t> expected(std::size_t((n * bits + 7) / 8), 0);
        for (index_t i = 0; i < n; ++i) {
          codes[std::size_t(i)] = std::uint8_t(random() & ((1u << bits) - 1));
          lb::write_bits(expected.data(), std::uint64_t(i * bits), bits, codes[std::size_t(i)]);
        }
        lb::kernels::pack_codes(a)(codes.data(), n, bits, stream.data());
        CAPTURE(int(a));
        CAPTURE(bits);
        CHECK(std::memcmp(stream.data(), expected.data(), expected.size()) == 0);
      }
}
