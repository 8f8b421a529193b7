// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/learned_table.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/iq4_nl.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <string>
#include <vector>

#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

using view = matrix_view<const float>;

std::vector<float> normal_values(index_t n, std::uint64_t seed = 1) {
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) x.push_back(philox{seed}.normal(std::uint64_t(i)));
  return x;
}

template <class Q>
state_of<Q> borrow(const state_of<Q, owned>& s) {
  state_of<Q> b{};
  state_of<Q, owned>::each(detail::binder{}, path{}, s, b);
  return b;
}

template <class F>
double relative_error(view w, const quantized_matrix<F>& q) {
  double error = 0, power = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c) {
      error += std::pow(double(w(r, c)) - double(q.view().at(r, c)), 2);
      power += std::pow(double(w(r, c)), 2);
    }
  return error / power;
}

}  // namespace

static_assert(quantizer<learned_table<4>> && has_state<learned_table<4>>);
static_assert(!number<learned_table<4>>);
static_assert(std::same_as<strategy_of<learned_table<8>>, table_codes>);
static_assert(peak_of<learned_table<4>> == 1 && peak_of<learned_table<4, uniform<8>>> == 127);
static_assert(learned_table<3>::name == std::string_view("learned_table<3,f16>"));
static_assert(learned_table<4, uniform<8>>::name ==
              std::string_view("learned_table<4,uniform<8,symmetric>>"));

TEST_CASE("learned_table: every code of every width decodes to its level and comes back") {
  const auto check = []<int B>(std::integral_constant<int, B>) {
    using Q = learned_table<B, f32>;
    std::vector<float> levels;
    for (int i = 0; i < Q::count; ++i) levels.push_back(-1.f + float(i * (i + 3)) * 0x1p-15f);
    const auto s = Q::levels(levels);
    const auto b = borrow<Q>(s);
    const auto encoder = b.encoder();
    for (code_t c = 0; c < code_t(Q::count); ++c) {
      CHECK(b.decode(c) == levels[c]);
      CHECK(encoder.encode(levels[c]) == c);
      CHECK(b.encode(levels[c]) == c);
      if (c > 0) {
        const float middle = (levels[c - 1] + levels[c]) / 2;  // exact: a tie goes down
        CHECK(encoder.encode(middle) == c - 1);
        CHECK(encoder.encode(std::nextafter(middle, 2.f)) == c);
      }
    }
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK(encoder.encode(infinity) == code_t(Q::count - 1));
    CHECK(encoder.encode(-infinity) == 0);
    CHECK(encoder.encode(std::nanf("")) == 0);
  };
  check(std::integral_constant<int, 1>{});
  check(std::integral_constant<int, 2>{});
  check(std::integral_constant<int, 3>{});
  check(std::integral_constant<int, 4>{});
  check(std::integral_constant<int, 5>{});
  check(std::integral_constant<int, 6>{});
  check(std::integral_constant<int, 7>{});
  check(std::integral_constant<int, 8>{});
}

TEST_CASE("learned_table: four levels per matrix are found and kept exactly") {
  using F = format<learned_table<2>, per_tensor>;
  const float levels[] = {-1, -0.25f, 0.125f, 0.5f};
  std::vector<float> w;
  for (int i = 0; i < 63; ++i) w.push_back(levels[(i * 7 + i / 5) % 4]);
  const auto q = quantize<F>(view(w.data(), 7, 9));
  for (index_t r = 0; r < 7; ++r)
    for (index_t c = 0; c < 9; ++c) CHECK(q.view().at(r, c) == w[std::size_t(r * 9 + c)]);
  // The largest magnitude goes to +1, so that the scale is negative and the levels are mirrored.
  CHECK(q.view().main.params(0, 0).scale[0] == -1);
  CHECK(q.view().main.levels.decode(0) == -0.5f);
  CHECK(q.view().main.levels.decode(3) == 1);
  CHECK(q.bytes() == 7 * 3 + 2 + 4 * 2);  // codes, one scale, four levels
}

TEST_CASE("learned_table: less error than fixed tables at the same size") {
  const auto x = normal_values(1 << 16);
  const view w(x.data(), 64, 1024);
  const double nf = relative_error(w, quantize<format<normal_float<4>, per_group<64>>>(w));
  const auto learned = quantize<format<learned_table<4>, per_group<64>>>(w);
  CHECK(nf == doctest::Approx(0.00845).epsilon(0.02));
  CHECK(relative_error(w, learned) == doctest::Approx(0.00728).epsilon(0.02));
  const double iq = relative_error(w, quantize<format<iq4_nl_table, per_group<32>>>(w));
  const auto bytes = quantize<format<learned_table<4, uniform<8>>, per_group<32>>>(w);
  CHECK(relative_error(w, bytes) < iq);
  // Integer levels are integers.
  for (code_t c = 0; c < 16; ++c)
    CHECK(bytes.view().main.levels.decode(c) == std::floor(bytes.view().main.levels.decode(c)));
}

TEST_CASE("learned_table: importance moves levels to what matters") {
  const auto x = normal_values(4096);
  std::vector<float> importance_of(4096, 1e-6f);
  for (std::size_t i = 0; i < x.size(); ++i)
    if (x[i] > 0.2f && x[i] < 0.3f) importance_of[i] = 1;
  const view w(x.data(), 1, 4096), weights(importance_of.data(), 1, 4096);
  using F = format<learned_table<3, f32>, per_tensor::with<f32>>;
  const auto plain = quantize<F>(w), weighted = quantize<F>(w, importance(weights));
  double before = 0, after = 0;
  for (index_t i = 0; i < 4096; ++i)
    if (importance_of[std::size_t(i)] == 1) {
      before += std::pow(double(w(0, i)) - double(plain.view().at(0, i)), 2);
      after += std::pow(double(w(0, i)) - double(weighted.view().at(0, i)), 2);
    }
  CHECK(after < 0.1 * before);
}

TEST_CASE("learned_table: rows of larger scale count more, tiny and huge ones too") {
  for (const float unit : {1e-30f, 1.f, 1e30f}) {
    auto x = normal_values(2048);
    for (std::size_t i = 0; i < 1024; ++i) x[i] *= 100 * unit;
    for (std::size_t i = 1024; i < 2048; ++i) x[i] = (x[i] > 0 ? 1.f : -1.f) * unit;
    const view w(x.data(), 2, 1024);
    const auto q = quantize<format<learned_table<2, f32>, per_row::with<f32>>>(w);
    // Learned from the large row alone: about the optimal levels of normal data, near .45 and 1.51.
    const auto levels = q.view().main.levels;
    CHECK(levels.decode(1) / levels.decode(0) == doctest::Approx(0.30).epsilon(0.2));
    CHECK(levels.decode(2) / levels.decode(3) == doctest::Approx(0.30).epsilon(0.2));
  }
}

TEST_CASE("learned_table: given levels replace learning") {
  using Q = learned_table<4>;
  std::vector<float> levels;
  for (code_t c = 0; c < 16; ++c)
    levels.push_back(f16::decode(f16::encode(normal_float<4>::decode(c))));
  const auto x = normal_values(640);
  const view w(x.data(), 10, 64);
  const auto q = quantize<format<Q, per_row>>(w, given_levels{Q::levels(levels)}, absmax{});
  for (code_t c = 0; c < 16; ++c) CHECK(q.view().main.levels.decode(c) == levels[c]);
  CHECK_THROWS_WITH_AS(Q::levels(span<const float>(levels.data(), 3)),
                       "lowbit: levels: 3 levels, expected 16", error);
  std::swap(levels[3], levels[4]);
  CHECK_THROWS_WITH_AS(Q::levels(levels),
                       "lowbit: levels: level 4 is -0.395020, expected finite, ascending levels",
                       error);
}

TEST_CASE("learned_table: an empty matrix, a constant one, and one of zeros") {
  using F = format<learned_table<4>, per_group<8>>;
  const auto empty = quantize<F>(view(nullptr, 0, 5));
  CHECK(empty.bytes() == 32);
  const std::vector<float> zeros(40, 0.f), constant(40, -3.f);
  const auto z = quantize<F>(view(zeros.data(), 4, 10));
  const auto k = quantize<F>(view(constant.data(), 4, 10));
  for (index_t c = 0; c < 10; ++c) {
    CHECK(z.view().at(3, c) == 0);
    CHECK(k.view().at(3, c) == -3);
  }
}

TEST_CASE("learned_table: the same bytes for every executor") {
  const auto x = normal_values(5000);
  const view w(x.data(), 50, 100);
  using F = format<learned_table<5>, per_group<32>>;
  const auto one = quantize<F>(w), two = quantize<F>(w, thread_pool(3));
  CHECK(one.data().main.codes == two.data().main.codes);
  CHECK(one.data().main.levels.numbers.codes == two.data().main.levels.numbers.codes);
}

TEST_CASE("learned_table: damaged states are rejected, and named") {
  using F = format<learned_table<2>, per_row>;
  const auto x = normal_values(8);
  const auto q = quantize<F>(view(x.data(), 2, 4));
  const std::vector<std::uint8_t> codes = q.data().main.codes, scales(4, 0);  // two zeros in f16
  std::vector<std::uint16_t> levels = q.data().main.levels.numbers.codes;
  const auto bind = [&](index_t count) {
    const part parts[] = {{"codes", codes},
                          {"scales", scales},
                          {"state",
                           {reinterpret_cast<const std::uint8_t*>(levels.data()),
                            count * index_t(sizeof(levels[0]))}}};
    return quantized_view<F>::from_parts({2, 4}, parts);
  };
  CHECK(bind(4).main.levels.decode(3) == q.view().main.levels.decode(3));
  CHECK_THROWS_WITH_AS(bind(3), "lowbit: state: 3 elements, expected 4", error);
  levels[2] = 0x7e00;
  CHECK_THROWS_WITH_AS(bind(4), "lowbit: state: number 2 is not finite", error);
  levels[2] = 0xbc00;
  levels[1] = 0;
  CHECK_THROWS_WITH_AS(
      bind(4), "lowbit: state: level 2 is below the one before, expected ascending levels", error);
}

TEST_CASE("learned_table: kernels read the levels of the matrix") {
  const auto x = normal_values(70 * 100), a = normal_values(100, 7);
  const view w(x.data(), 70, 100);
  const auto check = [&]<class F>(const quantized_matrix<F>& q) {
    std::vector<float> all(70 * 100), y(70), y8(70);
    dequantize(q.view(), matrix_view<float>(all.data(), 70, 100));
    gemv(q.view(), a, y);
    for (index_t r = 0; r < 70; ++r) {
      double sum = 0, size = 0;
      for (index_t c = 0; c < 100; ++c) {
        CHECK(all[std::size_t(r * 100 + c)] == q.view().at(r, c));
        const double product = double(q.view().at(r, c)) * double(a[std::size_t(c)]);
        sum += product;
        size += std::fabs(product);
      }
      CHECK(std::fabs(double(y[std::size_t(r)]) - sum) <= 2e-6 * size);
    }
  };
  check(quantize<format<learned_table<4>, per_group<16>>>(w));
  check(quantize<format<learned_table<7>, per_row>>(w));
}
