// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <lowbit/storage/any_matrix.hpp>
#include <lowbit/storage/linear/repack.hpp>
#include <lowbit/storage/quantize_linear.hpp>
#include <lowbit/transforms/channel_scale.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/permute.hpp>

#include "storage/laws.hpp"
#include "support/heap_watch.hpp"

using namespace lowbit;
using namespace lowbit_test;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using w2 = format<ternary, per_group<16>>;
using cu = format<complex_unit, per_group<16>>;

constexpr hadamard front{.seed = 1}, back{.seed = 2};

struct unnamed_doubling {  // a transform as short as it can be
  static index_t transformed_size(index_t n) { return n; }
  static void apply(span<const float> x, span<float> out) {
    for (index_t i = 0; i < out.size(); ++i) out[i] = 2 * x[i];
  }
  static void inverse(span<float> x, span<float> out) {
    for (index_t i = 0; i < out.size(); ++i) out[i] = x[i] / 2;
  }
};

}  // namespace

TEST_CASE("transforms with parameters, several on each side") {
  const test::random_matrix w(6, 40, 4);
  std::vector<float> scales;
  std::vector<std::uint32_t> order, rows = {5, 0, 4, 1, 3, 2};
  for (index_t i = 0; i < 40; ++i) {
    scales.push_back(0.5f + float(i % 7));
    order.push_back(std::uint32_t((7 * i) % 40));
  }
  const auto l = quantize_linear<w4>(w.view(), permute(order), channel_scale(scales),
                                     behind{permute(rows)}, behind{hadamard{}});
  CHECK(matrix_traits<std::remove_cvref_t<decltype(l)>>::name.size() > 0);
  CHECK(std::string_view(matrix_traits<std::remove_cvref_t<decltype(l)>>::name) ==
        "linear<permute+channel_scale;uniform<4,symmetric>/per_group<32,f16>;permute+hadamard>");
  CHECK(l.inner_shape() == extent{8, 40});
  CHECK(relative_error(w.view(), l) < 0.15);
  CHECK(l.bytes() == std::get<0>(l.terms()).bytes() + 40 * 4 + 40 * 4 + 6 * 4 + 12);
  check_products(l);
}

TEST_CASE("a term may be a linear: transforms of its own") {
  const test::random_matrix w(12, 32, 5), rest(12, 32, 6);
  const auto a = quantize<w4>(w.view());
  const auto b = quantize_linear<w4>(rest.view(), hadamard{.block = 8});
  const linear l{a, b};
  const auto va = values_of(a), vb = values_of(b), all = values_of(l);
  for (std::size_t i = 0; i < all.values.size(); ++i)
    CHECK(all.values[i] == va.values[i] + vb.values[i]);
  CHECK(l.bytes() == a.bytes() + b.bytes());
  check_products(l);
  const linear turned{front, b};
  CHECK(turned.shape() == extent{12, 32});
  check_products(turned);
}

TEST_CASE("terms may be views of somebody else's memory") {
  const test::random_matrix w(9, 32, 7);
  const auto q = quantize<w4>(transform_rows(front, w.view()).view());
  const linear borrowed{front, q.view()};
  const linear kept{front, q};
  CHECK(values_of(borrowed).values == values_of(kept).values);
  CHECK(borrowed.bytes() == kept.bytes());
  const test::random_matrix x(2, 32, 8);
  CHECK(product(borrowed, x.view(), 2) == product(kept, x.view(), 2));
}

TEST_CASE("complex weights on real data, odd sizes too") {
  for (const extent e : {extent{8, 12}, extent{7, 13}, extent{1, 1}}) {
    CAPTURE(e.rows);
    const test::random_matrix w(e.rows, e.cols, 10);
    const auto l = quantize_widely_linear<cu>(w.view());
    static_assert(std::same_as<decltype(l), const widely_linear_sum<cu>>);
    CHECK(l.shape() == e);
    // The values are those of the pair.
    const auto& [u, w_term] = l.terms();
    const widely_linear::pair p{values_of(u), values_of(std::get<0>(w_term.terms()))};
    const auto joined = widely_linear::join(p, e), found = values_of(l);
    for (std::size_t i = 0; i < joined.values.size(); ++i)
      CHECK(found.values[i] == doctest::Approx(joined.values[i]).epsilon(1e-6));
    check_products(l, 1e-5);
    // A second pair codes what the first leaves.
    if (e.rows > 1)
      CHECK(relative_error(w.view(), quantize_widely_linear<cu, cu>(w.view())) <
            0.6 * relative_error(w.view(), l));
  }
  static_assert(std::string_view(matrix_traits<widely_linear_sum<cu>>::name) ==
                "linear<widely_linear;complex_unit/per_group<16,f16>,"
                "linear<conjugate;complex_unit/per_group<16,f16>;>;widely_linear>");
}

TEST_CASE("a complex linear multiplies complex activations: y = W conj(x)") {
  std::vector<complex32> w, x, y(3), expected(3, complex32{0, 0});
  for (int i = 0; i < 3 * 20; ++i)
    w.push_back({float((37 * i) % 101 - 50) / 25, float((53 * i) % 97 - 48) / 25});
  for (int i = 0; i < 20; ++i) x.push_back({float(i % 5) - 2, float(i % 3) - 1});
  const auto q = quantize<cu>(matrix_view<const complex32>(w.data(), 3, 20));
  const linear l{conjugate{}, q};
  static_assert(std::same_as<std::remove_cvref_t<decltype(l)>::value_type, complex32>);
  gemv(l, x, y);
  for (index_t r = 0; r < 3; ++r)
    for (index_t c = 0; c < 20; ++c)
      expected[std::size_t(r)] =
          expected[std::size_t(r)] + q.view().at(r, c) * conjugate_of(x[std::size_t(c)]);
  for (std::size_t r = 0; r < 3; ++r) {
    CHECK(y[r].re == doctest::Approx(expected[r].re).epsilon(1e-5));
    CHECK(y[r].im == doctest::Approx(expected[r].im).epsilon(1e-5));
  }
}

TEST_CASE("activations are transformed first, then quantized") {
  const test::random_matrix w(10, 96, 12), x(3, 96, 13);
  const auto l = quantize_linear<w4, w2>(w.view(), front);
  const auto turned = transform_rows(front, x.view());
  const linear terms{std::get<0>(l.terms()), std::get<1>(l.terms())};
  const auto x128 = std::as_const(turned).view();
  CHECK(product(l, as<a8>(x.view()), 3) == product(terms, as<a8>(x128), 3));
  CHECK(product(l, x.view(), 3) == product(terms, x128, 3));
  using a4 = format<uniform<4>, per_row>;
  CHECK(product(l, as<a4>(x.view()), 3) == product(terms, as<a4>(x128), 3));
  CHECK(product(l, as<a4>(x.view()), 3) != product(l, x.view(), 3));
}

TEST_CASE("a term with transforms of its own quantizes what they make") {
  const test::random_matrix w(10, 64, 14), x(3, 64, 15);
  const auto inner = quantize_linear<w4>(w.view(), back);
  const linear outer{front, inner};
  const auto once = transform_rows(front, x.view());
  const auto turned = transform_rows(back, once.view());
  CHECK(product(outer, as<a8>(x.view()), 3) ==
        product(std::get<0>(inner.terms()), as<a8>(turned.view()), 3));
}

TEST_CASE("prepared activations, threads, workspaces: the same results") {
  const test::random_matrix w(33, 70, 16), x(11, 70, 17);
  const auto l = quantize_linear<w4>(w.view(), front, behind{back});
  const auto pair = quantize_widely_linear<cu, cu>(w.view());
  const auto check = [&](const auto& m) {
    const auto real = product(m, x.view(), 11), integer = product(m, as<a8>(x.view()), 11);
    workspace memory;
    const thread_pool threads{3};
    CHECK(product(m, prepare(x.view()), 11, memory) == real);
    CHECK(product(m, prepare(as<a8>(x.view())), 11, memory, threads) == integer);
    CHECK(product(m, x.view(), 11, threads) == real);
    CHECK(integer != real);
    for (index_t t = 0; t < 11; ++t) {
      std::vector<float> one(33);
      gemv(m, span<const float>(x.view().row(t), 70), one);
      CHECK(std::vector<float>(real.begin() + t * 33, real.begin() + (t + 1) * 33) == one);
      gemv(m, as<a8>(span<const float>(x.view().row(t), 70)), one);
      CHECK(std::vector<float>(integer.begin() + t * 33, integer.begin() + (t + 1) * 33) == one);
    }
  };
  check(l);
  check(pair);
}

TEST_CASE("with prepared activations and a workspace, only the first call allocates") {
  const test::random_matrix w(20, 40, 18), x(4, 40, 19);
  const auto l = quantize_linear<w4>(w.view(), front, permute([] {
                                       std::vector<std::uint32_t> p;
                                       for (std::uint32_t i = 0; i < 64; ++i) p.push_back(63 - i);
                                       return p;
                                     }()),
                                     behind{back});
  const auto pair = quantize_widely_linear<cu, cu>(w.view());
  std::vector<float> y(80);
  const matrix_view<float> to(y.data(), 4, 20);
  workspace memory;
  prepared<> real;
  prepared<a8> integer;
  const auto use = [&] {
    real.assign(x.view());
    integer.assign(x.view());
    gemm(l, real, to, memory);
    gemm(l, integer, to, memory);
    gemm(pair, real, to, memory);
    gemm(pair, integer, to, memory);
  };
  use();
  const index_t size = memory.size();
  CHECK(size > 0);
  const lowbit_test::heap_watch watch;
  use();
  CHECK(watch.calls() == 0);
  CHECK(memory.size() == size);
}

TEST_CASE("16-bit activations are their own values") {
  const test::random_matrix w(7, 40, 20), x(2, 40, 21);
  const auto l = quantize_linear<w4>(w.view(), front);
  std::vector<float16> half;
  std::vector<bfloat16> brain;
  std::vector<float> half_values, brain_values;
  for (const float v : x.values) {
    half.emplace_back(v);
    brain.emplace_back(v);
    half_values.push_back(float(half.back()));
    brain_values.push_back(float(brain.back()));
  }
  const auto f = [&]<class T>(const std::vector<T>& v) {
    return product(l, matrix_view<const T>(v.data(), 2, 40), 2);
  };
  CHECK(f(half) == f(half_values));
  CHECK(f(brain) == f(brain_values));
}

TEST_CASE("alpha and beta, and beta 0 does not read y") {
  const test::random_matrix w(8, 32, 22), x(2, 32, 23);
  const auto check = [&](const auto& m) {
    const auto plain = product(m, x.view(), 2);
    const auto twice = product(m, x.view(), 2, update{.alpha = 2, .beta = 0});  // y held NaN
    for (std::size_t i = 0; i < 16; ++i)
      CHECK(twice[i] == doctest::Approx(2 * plain[i]).epsilon(1e-5));
    std::vector<float> y(16, 3.f);
    gemm(m, x.view(), matrix_view<float>(y.data(), 2, 8), update{.alpha = -1, .beta = 0.5f});
    for (std::size_t i = 0; i < 16; ++i)
      CHECK(y[i] == doctest::Approx(1.5 - double(plain[i])).epsilon(1e-4));
  };
  check(quantize_linear<w4, w2>(w.view(), front));
  check(quantize_linear<w4, w2>(w.view(), front, behind{back}));
  check(quantize_widely_linear<cu>(w.view()));
}

TEST_CASE("NaN of real activations reaches the results; in quantized ones it is an error") {
  const test::random_matrix w(4, 32, 24);
  const auto l = quantize_linear<w4>(w.view(), front);
  std::vector<float> x(32, 1.f), y(4);
  x[5] = std::numeric_limits<float>::quiet_NaN();
  gemv(l, x, y);
  CHECK(std::isnan(y[0]));
  CHECK_THROWS_WITH_AS(
      gemv(l, as<a8>(x), y),
      "lowbit: x: the value at row 0, column 5 is not finite and cannot be quantized", error);
}

TEST_CASE("nothing to multiply") {
  const test::random_matrix none(0, 8, 1), flat(3, 0, 1);
  std::vector<float> x(8, 1.f), y(3, 7.f), nothing;
  gemv(quantize_linear<w4>(none.view(), front, behind{back}), x, nothing);
  const auto no_columns = quantize_linear<w4>(flat.view(), front, behind{back});
  gemv(no_columns, nothing, y);
  CHECK(y == std::vector<float>(3, 0.f));
  CHECK(quantize_linear<w4>(none.view()).bits_per_weight() == 0);
  const auto pair = quantize_widely_linear<cu>(flat.view());
  y.assign(3, 7.f);
  gemv(pair, nothing, y);
  CHECK(y == std::vector<float>(3, 0.f));
  CHECK(quantize_widely_linear<cu>(none.view()).shape() == extent{0, 8});
}

TEST_CASE("a transform needs no name and no arrays, only the matrix cannot be saved then") {
  const test::random_matrix w(4, 32, 25), x(2, 32, 26);
  const auto q = quantize<w4>(w.view());
  const linear l{unnamed_doubling{}, q};
  static_assert(matrix_traits<std::remove_cvref_t<decltype(l)>>::name.size() == 0);
  const auto twice = product(l, x.view(), 2), once = product(q, x.view(), 2);
  for (std::size_t i = 0; i < once.size(); ++i) CHECK(twice[i] == 2 * once[i]);
  CHECK(values_of(l).values[3] == 2 * values_of(q).values[3]);
  CHECK(l.bytes() == q.bytes());
}

TEST_CASE("wrong sizes are named") {
  const test::random_matrix w(8, 32, 28), other(8, 64, 29);
  const auto q = quantize<w4>(w.view()), wide = quantize<w4>(other.view());
  CHECK_THROWS_WITH_AS(linear(q, wide), "lowbit: linear: term 1 is 8 x 64, expected 8 x 32", error);
  CHECK_THROWS_WITH_AS(linear(extent{8, 33}, front, q),
                       "lowbit: linear: term 0 is 8 x 32, expected 8 x 64", error);
  CHECK_THROWS_WITH_AS(linear(extent{9, 32}, q, hadamard{}),
                       "lowbit: linear: term 0 is 8 x 32, expected 16 x 32", error);
  CHECK_THROWS_WITH_AS(linear(extent{8, -1}, q),
                       "lowbit: shape: 8 x -1, expected sizes from 0 to 2^55", error);
  CHECK_THROWS_WITH_AS(linear(permute({1, 0}), q),
                       "lowbit: permute: an order of 2 positions for 32 values", error);

  const linear l{front, q};
  std::vector<float> x(32, 1.f), y(8, 9.f), shorter(31), fewer(7);
  CHECK_THROWS_WITH_AS(gemv(l, shorter, y), "lowbit: x: 31 columns, expected the 32 of the matrix",
                       error);
  CHECK_THROWS_WITH_AS(gemv(l, x, fewer), "lowbit: y: 1 x 7, expected 1 x 8", error);
  CHECK_THROWS_WITH_AS(gemv(l, x, span<float>(x.data() + 20, 8)),
                       "lowbit: y: shares memory with x, expected separate arrays", error);
  CHECK_THROWS_WITH_AS(dequantize(l, matrix_view<float>(x.data(), 4, 8)),
                       "lowbit: out: 4 x 8, expected 8 x 32", error);
  CHECK_THROWS_WITH_AS(compare(other.view(), l), "lowbit: original: 8 x 64, expected 8 x 32",
                       error);
  CHECK(y == std::vector<float>(8, 9.f));
}

TEST_CASE("in another layout: the same values and products; saved only in the canonical one") {
  const test::random_matrix w(21, 70, 31), x(3, 70, 32);
  const auto check = [&](const auto& m) {
    const auto fast = repack<host_layout>(m);
    CHECK(fast.bytes() >= m.bytes());  // whole tiles
    CHECK(values_of(fast).values == values_of(m).values);
    check_products(fast, 1e-5);
    const any_matrix any = fast;
    CHECK(product(any, as<a8>(x.view()), 3) == product(fast, as<a8>(x.view()), 3));
    CHECK(any.format() == any_matrix(m).format());
    CHECK_THROWS_WITH_AS(
        any.arrays(),
        "lowbit: terms.0.codes: in the layout 'host', expected 'canonical' (see repack)", error);
    const any_matrix canonical_again = repack<canonical>(fast), before = m;
    const auto a = canonical_again.arrays(), b = before.arrays();
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i)
      CHECK(std::equal(a[i].bytes.begin(), a[i].bytes.end(), b[i].bytes.begin()));
  };
  check(quantize_linear<w4, w2>(w.view(), front, behind{back}));
  check(quantize_widely_linear<cu>(w.view()));
  const auto one = quantize<w4>(w.view());
  check(linear(one, quantize_factored<w4>(w.view(), 3)));
}
