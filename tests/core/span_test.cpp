// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/span.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

using namespace lowbit;

static_assert(std::is_trivially_copyable_v<span<float>> && sizeof(span<float>) == 16);
static_assert(std::is_trivially_copyable_v<unaligned_span<float>>);
static_assert(sizeof(unaligned_span<float>) == 16);
static_assert(std::is_convertible_v<span<float>, span<const float>>);
static_assert(!std::is_convertible_v<span<const float>, span<float>>);
static_assert(!std::is_convertible_v<const std::vector<float>&, span<float>>);
static_assert(!std::is_convertible_v<std::vector<double>&, span<float>>);

TEST_CASE("ceil_div and min_of") {
  static_assert(ceil_div(0, 4) == 0 && ceil_div(1, 4) == 1 && ceil_div(4, 4) == 1);
  static_assert(ceil_div(5, 4) == 2 && min_of(3, 5) == 3 && min_of(5, 3) == 3);
  CHECK(ceil_div((index_t(1) << 62) + 1, 8) == (index_t(1) << 59) + 1);
}

TEST_CASE("a span is made from anything with data() and size(), and from arrays") {
  std::vector<float> v{1, 2, 3};
  std::array<float, 2> a{4, 5};
  float raw[4] = {6, 7, 8, 9};
  const span<float> from_vector = v, from_array = a, from_raw = raw;
  const span<float> from_std = std::span<float>(v);
  const span<const float> read_only = v;
  CHECK(from_vector.data() == v.data());
  CHECK(from_vector.size() == 3);
  CHECK(from_array.size() == 2);
  CHECK(from_raw.size() == 4);
  CHECK(from_std.size() == 3);
  CHECK(read_only[2] == 3);
  from_vector[1] = 20;
  CHECK(v[1] == 20);
  static_assert(std::is_same_v<decltype(span(v)), span<float>>);
  static_assert(std::is_same_v<decltype(span(std::as_const(v))), span<const float>>);
}

TEST_CASE("begin, end, empty, part") {
  float raw[5] = {0, 1, 2, 3, 4};
  const span<float> s = raw;
  float sum = 0;
  for (const float x : s) sum += x;
  CHECK(sum == 10);
  CHECK(!s.empty());
  CHECK(s.part(1, 3).size() == 3);
  CHECK(s.part(1, 3)[0] == 1);
  CHECK(s.part(5, 0).empty());
  CHECK(span<int>().empty());
  CHECK(span<int>().data() == nullptr);
}

TEST_CASE("unaligned_span reads elements at any address") {
  for (std::size_t offset = 0; offset < 8; ++offset) {
    std::vector<unsigned char> bytes(offset + 3 * sizeof(double));
    const double values[3] = {1.5, -2.25, 1e300};
    std::memcpy(bytes.data() + offset, values, sizeof values);
    const unaligned_span<double> s(bytes.data() + offset, 3);
    CHECK(s.size() == 3);
    CHECK(s.data() == bytes.data() + offset);
    for (index_t i = 0; i < 3; ++i) CHECK(s[i] == values[i]);
  }
  CHECK(unaligned_span<int>().size() == 0);
}
