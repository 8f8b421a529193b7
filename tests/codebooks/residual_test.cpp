// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/codebooks/residual.hpp>

#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/core/thread_pool.hpp>
#include <lowbit/quantize.hpp>
#include <string>
#include <vector>

using namespace lowbit;

namespace {

std::vector<float> normal_values(index_t n) {
  const philox random{5};
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) x.push_back(random.normal(std::uint64_t(i)));
  return x;
}
matrix_view<const float> matrix(const std::vector<float>& x, index_t rows, index_t cols) {
  return {x.data(), rows, cols};
}
template <class F>
double relative_error(const quantized_matrix<F>& q, matrix_view<const float> m) {
  const auto w = q.view();
  double error = 0, square = 0;
  for (index_t r = 0; r < m.rows(); ++r)
    for (index_t c = 0; c < m.cols(); ++c) {
      const double d = double(w.at(r, c)) - double(m(r, c));
      error += d * d;
      square += double(m(r, c)) * double(m(r, c));
    }
  return error / square;
}
template <class Q>
state_of<Q, owned> entries(std::vector<float> values) {
  state_of<Q, owned> s;
  for (const float x : values) s.table.push_back(static_cast<typename Q::stored>(f16::encode(x)));
  return s;
}
template <class Q>
state_of<Q> bound(const state_of<Q, owned>& s) {
  state_of<Q> levels{};
  state_of<Q, owned>::each(detail::binder{}, path{}, s, levels);
  return levels;
}

using v22 = vector_codebook<2, 2>;
using v44 = vector_codebook<4, 4>;
using v48 = vector_codebook<4, 8>;
using sum = residual<v22, vector_codebook<2, 1>>;

struct signs {  // a stateless quantizer of values
  static constexpr int bits = 1;
  static constexpr float decode(code_t c) { return c == 0 ? 1.f : -1.f; }
  static constexpr code_t encode(float x) { return x < 0 ? 1 : 0; }
};
struct halves {
  static constexpr int bits = 1;
  static constexpr float decode(code_t c) { return c == 0 ? 0.5f : -0.5f; }
  static constexpr code_t encode(float x) { return x < 0 ? 1 : 0; }
};
struct three {
  static constexpr int bits = 2;
  static constexpr bool valid(code_t c) { return c < 3; }
  static constexpr float decode(code_t c) { return float(c); }
  static constexpr code_t encode(float x) { return x < 0.5f ? 0 : x < 1.5f ? 1 : 2; }
};
struct name_list {
  std::vector<std::string> names;
  template <class T>
  void operator()(const path& at, element, const T&) {
    names.push_back(at.str());
  }
  template <class T>
  void derived(const T&) {}
};
template <class Q>
concept has_valid = requires {
  Q::valid(code_t{});
};

}  // namespace

static_assert(codebook<sum> && sum::bits == 3 && dim_of<sum> == 2);
static_assert(codebook<residual<residual<v44, v44>, v44>>);
static_assert(quantizer<residual<signs, signs>>);

TEST_CASE("the code is a | b << bits of a, the value is the sum") {
  residual<v22, vector_codebook<2, 1>>::state<owned> s;
  s.first = entries<v22>({4, 4, -4, 4, 4, -4, -4, -4});
  s.second = entries<vector_codebook<2, 1>>({1, 1, -1, -1});
  const auto levels = bound<sum>(s);
  const float first[4][2] = {{4, 4}, {-4, 4}, {4, -4}, {-4, -4}};
  for (code_t a = 0; a < 4; ++a)
    for (code_t b = 0; b < 2; ++b) {
      const auto x = levels.decode(a | b << 2);
      CHECK(x[0] == first[a][0] + (b == 0 ? 1.f : -1.f));
      CHECK(x[1] == first[a][1] + (b == 0 ? 1.f : -1.f));
      CHECK(levels.encode(x) == (a | b << 2));
    }
  // (0.25, 5): nearest of the first is (4, 4), which leaves (-3.75, 1), nearest to (-1, -1).
  CHECK(levels.encode({{0.25f, 5}}) == 4u);
}

TEST_CASE("sums are rounded once to binary32") {
  sum::state<owned> s;
  s.first = entries<v22>({1, 1, 0, 0, 0, 0, 0, 0});
  s.second = entries<vector_codebook<2, 1>>({0x1p-24f, 3 * 0x1p-24f, 0, 0});
  const auto x = bound<sum>(s).decode(0);
  CHECK(x[0] == 1);             // 1 + 2^-24 ties to even
  CHECK(x[1] == 1 + 0x1p-22f);  // 1 + 3 * 2^-24 ties to even, upwards
}

TEST_CASE("quantize, view and bits: two codebooks of 16 vectors of 4 are 2 bits") {
  const auto x = normal_values(128 * 256);
  const auto m = matrix(x, 128, 256);
  using f = format<residual<v44, v44>, per_row>;
  const auto w = quantize<f>(m);
  CHECK(w.bytes() == 128 * 64 + 128 * 2 + 2 * 16 * 4 * 2);
  const auto v = w.view();
  for (index_t c = 0; c < 256; ++c) {
    const code_t code = v.main.code(9, c / 4);
    const auto& l = v.main.levels;
    const float level = add_rn(f16::decode(l.first.table[index_t(code & 15) * 4 + c % 4]),
                               f16::decode(l.second.table[index_t(code >> 4) * 4 + c % 4]));
    CHECK(v.at(9, c) == mul_rn(f16::decode(v.main.groups.scale[0].code(9, 0)), level));
  }
  // Greedy sums on normal data: .1203 (specification), one codebook of 256: .0933.
  const double error = relative_error(w, m);
  CHECK(error == doctest::Approx(0.1203).epsilon(0.04));
  CHECK(relative_error(quantize<format<v48, per_row>>(m), m) < error);
}

TEST_CASE("every further codebook takes its share of the error, however the sum is nested") {
  const auto x = normal_values(128 * 256);
  const auto m = matrix(x, 128, 256);
  const double one = relative_error(quantize<format<v44, per_row>>(m), m);
  const double two = relative_error(quantize<format<residual<v44, v44>, per_row>>(m), m);
  const auto left = quantize<format<residual<residual<v44, v44>, v44>, per_row>>(m);
  const auto right = quantize<format<residual<v44, residual<v44, v44>>, per_row>>(m);
  CHECK(two < 0.4 * one);
  CHECK(relative_error(left, m) < 0.4 * two);
  // Greedy encoding and learning do not care about the brackets; codes are in the same order.
  CHECK(left.data().main.codes == right.data().main.codes);
  CHECK(left.data().main.levels.second.table == right.data().main.levels.second.second.table);
  CHECK(sizeof(left.view()) <= 256);
}

TEST_CASE("bytes do not depend on threads") {
  const auto x = normal_values(64 * 256);
  using f = format<residual<v44, v44>, per_row>;
  const auto one = quantize<f>(matrix(x, 64, 256));
  const auto two = quantize<f>(matrix(x, 64, 256), thread_pool{2});
  CHECK(one.data().main.codes == two.data().main.codes);
  CHECK(one.data().main.levels.second.table == two.data().main.levels.second.table);
}

TEST_CASE("options of k-means reach both codebooks") {
  const auto x = normal_values(64 * 64);
  k_means how;
  how.rounds = 0;  // the seeds alone
  using f = format<residual<v44, v44>, per_row>;
  CHECK(relative_error(quantize<f>(matrix(x, 64, 64), how), matrix(x, 64, 64)) >
        1.1 * relative_error(quantize<f>(matrix(x, 64, 64)), matrix(x, 64, 64)));
}

TEST_CASE("quantizers add up too: a sign and half a sign are four levels") {
  using q = residual<signs, halves>;
  const std::vector<float> x = {1.5f, 0.5f, -0.5f, -1.5f, 9, 0};
  const auto w = quantize<format<q, per_tensor>>(matrix(x, 1, 6), fixed_scale{1});
  const std::vector<float> expected = {1.5f, 0.5f, -0.5f, -1.5f, 1.5f, 0.5f};
  for (index_t c = 0; c < 6; ++c) CHECK(w.view().at(0, c) == expected[std::size_t(c)]);
  CHECK(w.bits_per_weight() == 8.0 * (2 + 2) / 6);  // nothing is stored for levels in the type
}

TEST_CASE("a code is valid when both parts are") {
  using q = residual<three, signs>;
  static_assert(q::valid(2) && q::valid(4 + 2) && !q::valid(3) && !q::valid(4 + 3));
  using both = residual<three, three>;
  static_assert(both::valid(2 + 4 * 2) && !both::valid(2 + 4 * 3));
  static_assert(!has_valid<residual<v44, v44>>);
  const std::vector<float> x(8, 1.f);
  auto w = quantize<format<q, unscaled>>(matrix(x, 1, 8));
  w.data().main.codes[0] |= 3;
  const part codes{"codes", {w.data().main.codes.data(), 3}};
  CHECK_THROWS_WITH((quantized_view<format<q, unscaled>>::from_parts({1, 8}, {&codes, 1})),
                    "lowbit: codes: code 3 at (0, 0) stands for no finite value");
}

TEST_CASE("parts have names below those of the sum") {
  const auto x = normal_values(64 * 16);
  const auto w = quantize<format<residual<residual<v44, v44>, v44>, per_row>>(matrix(x, 64, 16));
  name_list list;
  matrix_data<decltype(w)::format_type, owned>::each(list, w.data());
  CHECK(list.names == std::vector<std::string>{"codes", "first.first.codebook",
                                               "first.second.codebook", "second.codebook",
                                               "scales"});
  CHECK(std::string_view(residual<v44, v48>::name) ==
        "residual<vector_codebook<4,4,f16>,vector_codebook<4,8,f16>>");
}
