// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/prepare.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>

#include "kernels/device/tensor_runs.hpp"
#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

constexpr lockstep_order orders[] = {lockstep_order::forward, lockstep_order::reverse,
                                     lockstep_order::strided};

/// Code c of column n, from where the formula of columns.hpp puts it.
word half_at(const kernels::half_columns& x, index_t c, int n) {
  const word two = x.at(int(c / 32), n, int(c % 16 / 4))[c % 32 / 16 * 2 + c % 4 / 2];
  return two >> (c % 2 * 16) & 0xffff;
}
int byte_at(const kernels::byte_columns& x, index_t c, int n) {
  const int place = c % 4 == 1 ? 2 : c % 4 == 2 ? 1 : int(c % 4);
  return std::int8_t(x.at(int(c / 64), n, int(c % 16 / 4))[c % 64 / 16] >> (8 * place));
}
double half_value(const kernels::half_columns& x, index_t c, int n) {
  return double(half_low(half_at(x, c, n)));
}
/// What both columns of a token, or its one, stand for.
double value_at(const kernels::half_columns& x, index_t c, int token) {
  double v = half_value(x, c, token * x.parts);
  if (x.parts == 2) v += half_value(x, c, token * 2 + 1) / 2048;
  return double(x.factors[token]) * v;
}

template <class T>
std::vector<T> values_of(index_t tokens, index_t cols, float scale = 1) {
  std::vector<T> x;
  for (const float v : test::random_matrix(tokens, cols, 9).values)
    x.push_back(scalar_traits<T>::from_float(v * scale));
  return x;
}
/// Zeros fill up the last block, and sums are those of the columns, 0 for columns that fill up.
void check_rest(const kernels::half_columns& x, index_t cols, int run) {
  int wrong = 0;
  const index_t padded = 128 * mma16::blocks(cols);
  for (int n = 0; n < x.columns; ++n)
    for (index_t c = cols; c < padded; ++c) wrong += half_at(x, c, n) != 0;
  CHECK(wrong == 0);
  if (run == 0) return;
  for (int n = 0; n < x.stride; ++n)
    for (index_t c = 0; c < padded; c += run) {
      double sum = 0, size = 0;
      for (index_t i = c; i < c + run && n < x.columns; ++i) {
        sum += half_value(x, i, n);
        size += std::fabs(half_value(x, i, n));
      }
      wrong += !(std::fabs(double(x.sums[c / run * x.stride + n]) - sum) <= 0x1p-20 * size);
    }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("halves stay as they are, infinities and NaN too, whoever shares them") {
  const index_t tokens = 5, cols = 300;
  auto x = values_of<float16>(tokens, cols);
  x[7] = float16::from_bits(0x0001);
  x[300] = float16::from_bits(0x7c00), x[301] = float16::from_bits(0x7e01);
  for (const auto order : orders)
    for (const int warps : {1, 2, 5})
      for (const int sharers : {1, 2, 3}) {
        const test::prepared_halves<float16> p(test::lockstep_run{order}, x, tokens, cols, 0, 8,
                                               kernels::no_factors{}, warps, sharers);
        CHECK(p.x.parts == 1);
        int wrong = 0;
        for (int t = 0; t < tokens; ++t) {
          wrong += p.x.factors[t] != 1;
          for (index_t c = 0; c < cols; ++c) {
            const float16 v = x[std::size_t(t * cols + c)];
            wrong += is_nan(float(v)) ? !std::isnan(half_value(p.x, c, t))
                                      : half_at(p.x, c, t) != v.bits;
          }
        }
        CHECK(wrong == 0);
        check_rest(p.x, cols, 0);
      }
}
TEST_CASE("groups of columns: each value at its place, zeros fill up the last group") {
  const index_t cols = 300;
  const auto check = [&]<class T>(T, index_t tokens) {
    const auto x = values_of<T>(tokens, cols);
    const test::prepared_halves<T> plain(test::lockstep_run{}, x, tokens, cols, 32, 64);
    const test::prepared_halves<T> grouped(test::lockstep_run{}, x, tokens, cols, 32, 64,
                                           kernels::no_factors{}, 2, 1, 32);
    int wrong = 0;
    for (int unit = 0; unit < 8 * mma16::blocks(cols); ++unit)
      for (int n = 0; n < 64; ++n)
        for (int th = 0; th < 8; ++th) {
          const word here = *grouped.x.pair_at(unit, n, th / 2, th % 2);
          wrong += here != (n < plain.x.columns ? *plain.x.pair_at(unit, n, th / 2, th % 2) : 0);
        }
    CHECK(wrong == 0);
  };
  check(float16{}, 40);
  check(float{}, 19);
}
TEST_CASE("sums of runs") {
  for (const int run : {16, 32, 64, 128}) {
    const test::prepared_halves<float16> one(test::lockstep_run{}, values_of<float16>(3, 200), 3,
                                             200, run, 8);
    check_rest(one.x, 200, run);
    const test::prepared_halves<float> two(test::lockstep_run{}, values_of<float>(3, 200), 3, 200,
                                           run, 16);
    check_rest(two.x, 200, run);
  }
}
TEST_CASE("bfloat16 becomes one half, exactly, times a factor of its token") {
  const index_t tokens = 4, cols = 260;
  auto x = values_of<bfloat16>(tokens, cols);
  for (index_t c = 0; c < cols; ++c) x[std::size_t(cols + c)] = bfloat16(float(c % 3) * 0x1p90f);
  for (index_t c = 0; c < cols; ++c) x[std::size_t(2 * cols + c)] = bfloat16(0.f);
  for (index_t c = 0; c < cols; ++c) x[std::size_t(3 * cols + c)] = bfloat16(1.f);
  x[std::size_t(3 * cols)] = bfloat16(-1.75f);
  x[std::size_t(3 * cols + 1)] = bfloat16(1.9921875f * 0x1p-29f);
  for (const auto order : orders) {
    const test::prepared_halves<bfloat16> p(test::lockstep_run{order}, x, tokens, cols, 32, 8);
    CHECK(p.x.parts == 1);
    int wrong = 0;
    for (int t = 0; t < tokens; ++t)
      for (index_t c = 0; c < cols; ++c)
        wrong += value_at(p.x, c, t) != double(float(x[std::size_t(t * cols + c)]));
    CHECK(wrong == 0);
    check_rest(p.x, cols, 32);
    CHECK(p.x.factors[1] == 0x1p77f);  // 2^91 becomes 2^14
  }
}
TEST_CASE("binary32 becomes two halves with 22 bits together") {
  const index_t tokens = 3, cols = 260;
  for (const float scale : {1.f, 1e-30f, 1e30f}) {
    const auto x = values_of<float>(tokens, cols, scale);
    const test::prepared_halves<float> p(test::lockstep_run{}, x, tokens, cols, 0, 8);
    CHECK(p.x.parts == 2);
    int wrong = 0;
    for (int t = 0; t < tokens; ++t) {
      double top = 0;
      for (index_t c = 0; c < cols; ++c) {
        const double v = double(x[std::size_t(t * cols + c)]);
        wrong += !(std::fabs(value_at(p.x, c, t) - v) <=
                   0x1p-22 * std::fabs(v) + 0x1p-35 * double(p.x.factors[t]));
        top = std::fmax(top, std::fabs(half_value(p.x, c, 2 * t)));
      }
      wrong += !(top >= 0x1p14 && top <= 0x1p15);
    }
    CHECK(wrong == 0);
    check_rest(p.x, cols, 0);
  }
}
TEST_CASE("factors of columns meet values first") {
  struct ramp {
    LOWBIT_HD float at(index_t, index_t c) const { return 1 + float(c % 7) / 3; }
  };
  const index_t tokens = 2, cols = 130;
  const auto x = values_of<float16>(tokens, cols);
  using with_factors = kernels::column_factors<ramp>;
  static_assert(kernels::prepare_halves<float16, with_factors>::parts == 2);
  const test::prepared_halves<float16, with_factors> p(test::lockstep_run{}, x, tokens, cols, 0, 8,
                                                       with_factors{ramp{}});
  int wrong = 0;
  for (int t = 0; t < tokens; ++t)
    for (index_t c = 0; c < cols; ++c) {
      const double v = double(mul_rn(float(x[std::size_t(t * cols + c)]), ramp{}.at(0, c)));
      wrong += !(std::fabs(value_at(p.x, c, t) - v) <=
                 0x1p-22 * std::fabs(v) + 0x1p-35 * double(p.x.factors[t]));
    }
  CHECK(wrong == 0);
}
TEST_CASE("infinities and NaN stay with their token") {
  const index_t tokens = 3, cols = 200;
  auto x = values_of<float>(tokens, cols);
  const auto clean = x;
  x[std::size_t(cols + 3)] = std::numeric_limits<float>::infinity();
  x[std::size_t(cols + 150)] = std::numeric_limits<float>::quiet_NaN();
  const test::prepared_halves<float> p(test::lockstep_run{}, x, tokens, cols, 0, 8);
  const test::prepared_halves<float> right(test::lockstep_run{}, clean, tokens, cols, 0, 8);
  CHECK(p.x.factors[1] == 1);
  CHECK(std::isinf(value_at(p.x, 3, 1)));
  CHECK(std::isnan(value_at(p.x, 150, 1)));
  int wrong = 0;
  for (index_t c = 0; c < cols; ++c)
    for (const int t : {0, 2}) wrong += value_at(p.x, c, t) != value_at(right.x, c, t);
  CHECK(wrong == 0);
}

namespace {

/// Codes and scales are those of quantize, whoever finds them.
template <int Width, class Number, class T>
void check_bytes(const std::vector<T>& x, index_t tokens, index_t cols) {
  using A = format<uniform<8>, per_group<Width, Number>>;
  CAPTURE(Width);
  CAPTURE(cols);
  const int width = Width == whole ? int(cols) : Width;
  std::vector<float> values;
  for (const T v : x) values.push_back(scalar_traits<T>::to_float(v));
  const auto q = quantize<A>(matrix_view<const float>(values.data(), tokens, cols));
  const auto view = q.view();
  const int run = 16;
  const index_t padded = 128 * mma16::blocks(cols);
  for (const auto order : orders)
    for (const int sharers : {1, 2}) {
      if (sharers > 1 && width > kernels::prepare_bytes<T, Number>::widest_of_warp) continue;
      const test::prepared_bytes<T, Number> p(test::lockstep_run{order}, x, tokens, cols, width,
                                              run, 8, 3, sharers);
      int wrong = 0;
      for (int t = 0; t < int(tokens); ++t)
        for (index_t c = 0; c < padded; ++c) {
          const int code = byte_at(p.x, c, t);
          if (c >= cols) {
            wrong += code != 0;
            continue;
          }
          const float scale = view.main.params(t, c).scale[0];
          wrong += p.x.scales[c / width * p.x.stride + t] != scale;
          wrong += mul_rn(scale, float(code)) != view.at(t, c);
        }
      CHECK(wrong == 0);
      for (int t = 0; t < p.x.stride; ++t)
        for (index_t c = 0; c < padded; c += run) {
          int sum = 0;
          for (index_t i = c; i < c + run && t < p.x.columns; ++i) sum += byte_at(p.x, i, t);
          wrong += p.x.sums[c / run * p.x.stride + t] != float(sum);
        }
      for (int t = int(tokens); t < p.x.stride; ++t)
        for (index_t g = 0; g < p.x.groups; ++g) wrong += p.x.scales[g * p.x.stride + t] != 0;
      CHECK(wrong == 0);
    }
}

}  // namespace

TEST_CASE("bytes and scales of quantize<a8>, and of other widths and numbers") {
  const auto x = values_of<float>(3, 700);
  check_bytes<32, f32>(x, 3, 700);
  check_bytes<64, f32>(x, 3, 700);
  check_bytes<96, f32>(x, 3, 700);
  check_bytes<128, f16>(x, 3, 700);
  check_bytes<160, f32>(x, 3, 700);
  check_bytes<16, f32>(values_of<float16>(2, 70), 2, 70);
  check_bytes<48, bf16>(values_of<bfloat16>(2, 333), 2, 333);
}
TEST_CASE("a scale for a whole row, narrow and wide") {
  check_bytes<whole, f32>(values_of<float>(3, 300), 3, 300);
  check_bytes<whole, f32>(values_of<float16>(2, 2100), 2, 2100);
  check_bytes<2048, f32>(values_of<float>(2, 4200), 2, 4200);
}
TEST_CASE("a group of zeros, and one with NaN or an infinity") {
  auto x = values_of<float>(2, 128);
  for (std::size_t i = 32; i < 64; ++i) x[i] = 0;
  check_bytes<32, f32>(x, 2, 128);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::infinity()}) {
    x[70] = bad;
    const test::prepared_bytes<float> p(test::lockstep_run{}, x, 2, 128, 32, 32, 8);
    CHECK(!std::isfinite(p.x.scales[2 * p.x.stride]));
    CHECK(std::isfinite(p.x.scales[3 * p.x.stride]));
    CHECK(std::isfinite(p.x.scales[2 * p.x.stride + 1]));
  }
}
TEST_CASE("bytes become rows of values again") {
  const index_t tokens = 3, cols = 150;
  const auto x = values_of<float>(tokens, cols);
  const test::prepared_bytes<float> p(test::lockstep_run{}, x, tokens, cols, 32, 32, 8);
  const auto q = quantize<a8>(matrix_view<const float>(x.data(), tokens, cols));
  struct {
    index_t tokens, cols, stride;
  } const rows{tokens, cols, cols + 1};
  std::vector<float> out(std::size_t(tokens * rows.stride), 7.f);
  test::lockstep_run{}(2, 2, 0, kernels::read_bytes{}, p.x, rows, out.data());
  int wrong = 0;
  for (index_t t = 0; t < tokens; ++t)
    for (index_t c = 0; c <= cols; ++c)
      wrong += out[std::size_t(t * rows.stride + c)] != (c == cols ? 7.f : q.view().at(t, c));
  CHECK(wrong == 0);
}
