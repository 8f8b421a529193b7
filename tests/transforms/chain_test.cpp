// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/transforms/chain.hpp>
#include <lowbit/transforms/channel_scale.hpp>
#include <lowbit/transforms/conjugate.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/identity.hpp>
#include <lowbit/transforms/permute.hpp>
#include <lowbit/transforms/widely_linear.hpp>

#include "laws.hpp"

using namespace lowbit;
using namespace lowbit_test;

namespace {

struct unnamed : identity {
  static constexpr int name = 0;
};

using mixed = chain<permute, channel_scale, hadamard>;
mixed a_chain() {
  return mixed(permute({2, 0, 1, 4, 3}), channel_scale({1, 2, 4, 0.5f, 8}), hadamard{.seed = 3});
}

template <class V, class C>
std::vector<typename C::template result<V>> through(const C& t, std::vector<V> x) {
  detail::carver size;
  t.template carve<V>(index_t(x.size()), size);
  workspace memory;
  std::vector<typename C::template result<V>> out(
      std::size_t(t.transformed_size(index_t(x.size()))));
  t.template apply<V>(span<const V>(x), out, detail::carver(memory.reserve(size.used())));
  return out;
}
template <class V, class C>
std::vector<V> back(const C& t, std::vector<typename C::template result<V>> x, index_t n) {
  detail::carver size;
  t.template carve<V>(n, size);
  workspace memory;
  std::vector<V> out(std::size_t(n), V{});
  t.template inverse<V>(x, out, detail::carver(memory.reserve(size.used())));
  return out;
}

static_assert(chain<>::empty && chain<>::named && chain<>::takes_rows<float>);
static_assert(std::string_view(mixed::name) == "permute+channel_scale+hadamard");
static_assert(!chain<hadamard, unnamed>::named && chain<unnamed, hadamard>::name.size() == 0);
static_assert(mixed::takes_rows<float> && !chain<hadamard, conjugate>::takes_rows<complex32>);
static_assert(!chain<widely_linear>::takes_rows<float>);
static_assert(std::same_as<chain<hadamard, widely_linear, conjugate>::result<float>, complex32>);

}  // namespace

TEST_CASE("activations meet the transforms in order, sizes too") {
  const auto t = a_chain();
  const auto x = normal_values(5);
  CHECK(t.transformed_size(5) == 8);
  const auto moved = lowbit_test::apply(permute({2, 0, 1, 4, 3}), x);
  const auto scaled = lowbit_test::apply(channel_scale({1, 2, 4, 0.5f, 8}), moved);
  const auto expected = lowbit_test::apply(hadamard{.seed = 3}, scaled);
  CHECK(through(t, x) == expected);
}

TEST_CASE("the inverse takes them back, the last one first") {
  const auto t = a_chain();
  const auto x = normal_values(5);
  CHECK(distance(back<float>(t, through(t, x), 5), x) < 1e-6);
  const chain<hadamard, widely_linear, conjugate> z{{}, {}, {}};
  CHECK(z.transformed_size(5) == 4);
  CHECK(distance(back<float>(z, through(z, x), 5), x) < 1e-6);
}

TEST_CASE("a chain of one is its transform") {
  const auto x = normal_values(20);
  const hadamard h{.seed = 4};
  CHECK(through(chain<hadamard>(h), x) == lowbit_test::apply(h, x));
  CHECK(back<float>(chain<hadamard>(h), lowbit_test::apply(h, x), 20) ==
        inverse<float>(h, lowbit_test::apply(h, x), 20));
}

TEST_CASE("a chain asks for the memory that it uses and no more") {
  const auto t = a_chain();
  detail::carver size;
  t.carve<float>(5, size);
  CHECK(size.used() == 64 + 64);  // five floats twice, in units of 64 bytes
  detail::carver none;
  chain<hadamard>(hadamard{}).carve<float>(5, none);
  CHECK(none.used() == 0);
}

TEST_CASE("original sizes: what the transforms know") {
  CHECK(chain<widely_linear>().original_size(6) == 12);
  CHECK(chain<hadamard, widely_linear>().original_size(8) == 16);
  CHECK(chain<>().original_size(7) == 7);
}

TEST_CASE("weights go through all transforms and come back, as rows and as columns") {
  const auto t = a_chain();
  const auto w = normal_values(3 * 5), x = normal_values(5, 8);
  const dense_matrix<float> m(matrix_view<const float>(w.data(), 3, 5));
  const auto rows = t.rows(m);
  CHECK(rows.shape == extent{3, 8});
  const auto moved = through(t, x);
  for (std::size_t r = 0; r < 3; ++r) {
    const std::vector<float> before(w.begin() + long(r) * 5, w.begin() + long(r) * 5 + 5);
    const std::vector<float> after(rows.values.begin() + long(r) * 8,
                                   rows.values.begin() + long(r) * 8 + 8);
    CHECK(product(after, moved) == doctest::Approx(product(before, x)).epsilon(1e-5));
  }
  CHECK(distance(t.restore_rows(rows, 5).values, w) < 1e-5);

  const dense_matrix<float> tall(matrix_view<const float>(w.data(), 5, 3));
  const auto columns = t.columns(tall);
  CHECK(columns.shape == extent{8, 3});
  CHECK(distance(t.restore_columns(columns, 5).values, w) < 1e-5);
  // Without transforms nothing changes.
  CHECK(chain<>().rows(m).values == w);
  CHECK(chain<>().restore_columns(m, 3).values == w);
}

TEST_CASE("for_each visits in order") {
  auto t = a_chain();
  std::string names;
  t.for_each([&]<class T>(const T&) { names += std::string(std::string_view(T::name)) + " "; });
  CHECK(names == "permute channel_scale hadamard ");
  t.for_each([]<class T>(T& one) {
    if constexpr (std::same_as<T, hadamard>) one.seed = 9;
  });
  std::uint64_t seed = 0;
  std::as_const(t).for_each([&]<class T>(const T& one) {
    if constexpr (std::same_as<T, hadamard>) seed = one.seed;
  });
  CHECK(seed == 9);
}

TEST_CASE("sizes that a transform cannot take are its error") {
  CHECK_THROWS_WITH_AS(a_chain().transformed_size(6),
                       "lowbit: permute: an order of 5 positions for 6 values", error);
}
