// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/format.hpp>

#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/complex_unit.hpp>

using namespace lowbit;

namespace {
struct nameless {
  static constexpr int bits = 2;
  static constexpr float decode(unsigned code) { return float(code) - 2; }
  static constexpr unsigned encode(float x) {
    return x < -1.5f ? 0 : x < -0.5f ? 1 : x < 0.5f ? 2 : 3;
  }
};
struct named : nameless {
  static constexpr auto name = text("mine");
};
}  // namespace

// Defaults: a scale per row, nothing kept apart.
static_assert(std::same_as<format<uniform<4>>, format<uniform<4>, per_row, none>>);
static_assert(format_like<format<nameless>>);
static_assert(std::same_as<format<complex_unit>::value_type, complex32>);
static_assert(std::same_as<format<uniform<4>>::granularity_type, per_row>);

// The name is the composition, in the library's own words.
static_assert(format_name<format<uniform<4>, per_group<128>>> ==
              "uniform<4,symmetric>/per_group<128,f16>");
static_assert(
    format_name<format<uniform<3, asymmetric>, two_level<16, 16, uniform<3>>, sparse<>>> ==
    "uniform<3,asymmetric>/"
    "per_group<16,uniform<3,nonnegative>/per_group<16,f16>,*>/sparse<u16>");
static_assert(format_name<format<vector_codebook<4, 8>, per_row>> ==
              "vector_codebook<4,8,f16>/per_row<f16>");
static_assert(format_name<format<named, unscaled>> == "mine/unscaled");

TEST_CASE("a quantizer without a name makes a format without one, which works all the same") {
  static_assert(format<nameless>::name.size() == 0);
  const std::vector<float> x{-2, 1, 0, -1};
  const auto w = quantize<format<nameless, unscaled>>(matrix_view<const float>(x.data(), 2, 2));
  for (index_t i = 0; i < 4; ++i) CHECK(w.view().at(i / 2, i % 2) == x[std::size_t(i)]);
}

TEST_CASE("formats of the same name are the same type, and other formats have other names") {
  const std::string_view names[] = {
      format_name<format<uniform<4>>>,
      format_name<format<uniform<5>>>,
      format_name<format<uniform<4, full_range>>>,
      format_name<format<uniform<4>, per_tensor>>,
      format_name<format<uniform<4>, per_row::with<f32>>>,
      format_name<format<uniform<4>, per_row, sparse<>>>,
      format_name<format<uniform<4>, per_row, sparse<std::uint32_t>>>,
  };
  for (const auto& a : names)
    for (const auto& b : names) CHECK((&a == &b) == (a == b));
}
