// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/int8_levels.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/quantize.hpp>
#include <vector>

#include "support/every_decode.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::int8_table;

namespace {

/// Whether 2^k times every level is an int8 for some k of 0 .. 6.
bool are_integers(const std::vector<float>& levels) {
  for (int k = 0; k <= 6; ++k) {
    bool all = true;
    for (const float v : levels) {
      const double scaled = std::ldexp(double(v), k);
      all = all && scaled >= -128 && scaled <= 127 && scaled == std::floor(scaled);
    }
    if (all) return true;
  }
  return false;
}

void check_levels(const std::vector<float>& levels, int bits, bool has_zero) {
  std::vector<float> finite;
  float top = 0, least = 0;
  for (const float v : levels) {
    finite.push_back(is_finite(v) ? v : 0);
    top = std::fmax(top, std::fabs(finite.back()));
    least = std::fmin(least, finite.back());
  }
  const int8_table t = kernels::make_int8_table(levels.data(), bits, has_zero);
  const bool shifted = t.zero_shift != 0;
  CHECK(shifted == (has_zero && least == 0 && top > 127));
  CHECK(t.exact == (shifted || are_integers(finite)));
  if (!t.exact) CHECK(t.unit == top / 127);
  int wrong = 0;
  for (std::size_t c = 0; c < 256; ++c) {
    const double level = double(finite[c % finite.size()]) - double(t.zero_shift);
    const double off = std::fabs(double(t.values[c]) * double(t.unit) - level);
    wrong += t.exact ? off != 0 : !(off <= 0.50001 * double(t.unit));
  }
  CHECK(wrong == 0);
}
struct check_quantizer {
  template <class Q>
  void operator()() const {
    if constexpr (kernels::small_table<Q> && Q::bits > 0) {
      std::vector<float> levels;
      for (code_t c = 0; c >> Q::bits == 0; ++c) levels.push_back(Q::decode(c));
      check_levels(levels, Q::bits, has_zero<Q>);
    }
  }
};

/// Bytes are the levels of the state over their unit, rounded, and increased by the bias.
template <class Q>
void check_bytes(const state_of<Q>& state, int bias) {
  kernels::int8_table_for<Q> table{};
  kernels::make_int8_levels<Q>(state, bias, table);
  std::vector<float> levels;
  for (code_t c = 0; c >> Q::bits == 0; ++c) {
    const block_of<Q> block = state.decode(c);
    for (int i = 0; i < dim_of<Q>; ++i) {
      if constexpr (dim_of<Q> == 1)
        levels.push_back(block);
      else
        levels.push_back(block[i]);
    }
  }
  float top = 0;
  for (const float v : levels) top = std::fmax(top, std::fabs(v));
  CHECK(table.unit == top / 127);
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const double exact = double(levels[i]) / double(table.unit);
    const int byte = bias == 0 ? int(table.values[i]) : int(std::uint8_t(table.values[i]));
    CHECK(std::fabs(byte - bias - exact) <= 0.50001);
  }
  if (bias == 0)
    for (int i = 0; i < dim_of<Q>; ++i) CHECK(table.level(1, i) == table.values[dim_of<Q> + i]);
}

}  // namespace

TEST_CASE("int8 levels of every quantizer are decode's, or within half a unit") {
  every::plain::for_each(check_quantizer{});
}

TEST_CASE("int8 levels: which are exact, by hand") {
  CHECK(kernels::int8_table_of<fp4_e2m1>.exact);
  CHECK(kernels::int8_table_of<fp4_e2m1>.unit == 0.5f);
  CHECK(int(kernels::int8_table_of<fp4_e2m1>.values[15]) == -12);
  CHECK(kernels::int8_table_of<uniform<4, centred>>.unit == 0.5f);
  CHECK(kernels::int8_table_of<ternary>.exact);
  CHECK(kernels::int8_table_of<iq4_nl_table>.exact);
  CHECK(kernels::int8_table_of<fp6_e2m3>.exact);
  CHECK(!kernels::int8_table_of<normal_float<4>>.exact);
  CHECK(int(kernels::int8_table_of<normal_float<4>>.values[15]) == 127);
  CHECK(kernels::int8_table_of<uniform<8, asymmetric>>.zero_shift == 128);
  CHECK(int(kernels::int8_table_of<uniform<8, asymmetric>>.values[0]) == -128);
  const float zeros[2] = {};
  CHECK(kernels::make_int8_table(zeros, 1, false).exact);
}

TEST_CASE("int8 levels of a matrix's own table and of a codebook's entries, with a bias") {
  const test::random_matrix w(8, 32, 7);
  const auto own = quantize<format<learned_table<2>, per_row>>(w.view());
  const auto own_view = own.view();
  check_bytes<learned_table<2>>(own_view.main.stored_levels(), 128);
  const auto vectors = quantize<format<vector_codebook<4, 3>, per_row>>(w.view());
  const auto view = vectors.view();
  check_bytes<vector_codebook<4, 3>>(view.main.stored_levels(), 0);
}

TEST_CASE("int8 levels of a sum of codebooks share a unit, and a code has the sum of two") {
  using Q = residual<vector_codebook<4, 3>, vector_codebook<4, 2>>;
  const test::random_matrix w(8, 32, 7);
  const auto q = quantize<format<Q, per_row>>(w.view());
  const auto view = q.view();
  kernels::int8_table_for<Q> table{};
  kernels::make_int8_levels<Q>(view.main.stored_levels(), 0, table);
  for (code_t c = 0; c < 32; ++c)
    for (int i = 0; i < 4; ++i) {
      const int first = table.values[4 * (c & 7) + code_t(i)];
      CHECK(table.level(c, i) == first + table.values[32 + 4 * (c >> 3) + code_t(i)]);
      const double exact = double(view.main.stored_levels().decode(c)[i]) / double(table.unit);
      CHECK(std::fabs(table.level(c, i) - exact) <= 1.00001);
    }
}

TEST_CASE("which formats have integer products") {
  using kernels::has_int8_path;
  CHECK(has_int8_path<format<normal_float<4>, per_group<32>>>);
  CHECK(has_int8_path<format<uniform<8, asymmetric>, per_row>>);
  CHECK(has_int8_path<format<vector_codebook<4, 8>, per_row>>);
  CHECK(!has_int8_path<format<vector_codebook<6, 8>, per_row>>);   // no whole quads
  CHECK(!has_int8_path<format<vector_codebook<12, 8>, per_row>>);  // no whole pieces of tiles
  CHECK(has_int8_path<format<residual<vector_codebook<8, 8>, vector_codebook<8, 8>>, per_row>>);
  CHECK(!has_int8_path<format<uniform<4>, per_block<1, 6>>>);     // nor here
  CHECK(!has_int8_path<format<uniform<4>, per_column>>);          // a scale per column
  CHECK(!has_int8_path<format<f16, unscaled>>);                   // too many levels
  CHECK(!has_int8_path<format<complex_unit, per_row>>);
  CHECK(!has_int8_path<format<every::two_tables, per_group<32>>>);  // several tables
}
