// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/quantizers/one.hpp>
#include <lowbit/quantizers/uniform.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using int3 = plane<uniform<3, nonnegative>, unscaled>;

// Sizes: rows are bit streams that start on bytes.
static_assert(int3::row_bytes(0) == 0 && int3::row_bytes(1) == 1 && int3::row_bytes(8) == 3);
static_assert(int3::row_bytes(9) == 4);
using quads = plane<vector_codebook<4, 6>, per_row>;
static_assert(quads::dim == 4 && quads::blocks(9) == 3 && quads::row_bytes(9) == 3);
static_assert(plane<one, unscaled>::row_bytes(1000) == 0);
static_assert(std::string_view(int3::name) == "uniform<3,nonnegative>/unscaled");

// One value per real part, rounded once.
constexpr group_params<uniform<4>> third{{0.1f}};
static_assert(reconstruct<uniform<4>>(3.f, third) == 3 * 0.1f);
using with_integer = uniform<4, asymmetric>;
static_assert(reconstruct<with_integer>(9.f, {{0.5f}, 4.f}) == 2.5f);
using with_minimum = uniform<4, minimum>;
static_assert(reconstruct<with_minimum>(3.f, {{0.5f}, -1.f}) == 0.5f);
using with_real = uniform<4, real_zero>;
static_assert(reconstruct<with_real>(3.f, {{0.5f}, 1.5f}) == 0.75f);
static_assert(reconstruct<complex_unit>({0, -1}, {{2.f, 3.f}}) == complex32{0, -3});

// The position between levels, zeros included; a scale of 0 gives 0.
static_assert(normalize<uniform<4>>(1.f, {{0.25f}}) == 4);
static_assert(normalize<uniform<4>>(1.f, {{0.f}}) == 0);
static_assert(normalize<with_integer>(1.25f, {{0.5f}, 4.f}) == 6);  // 2.5 to even, then + 4
static_assert(normalize<with_minimum>(0.5f, {{0.5f}, -1.f}) == 3);
static_assert(normalize<with_real>(0.75f, {{0.5f}, 1.5f}) == 3);

/// The bytes and parameters of one plane: codes 0 .. n - 1 modulo 8 in every row.
int3::data<owned> counting(index_t rows, index_t cols) {
  int3::data<owned> d;
  d.codes.assign(std::size_t(rows * int3::row_bytes(cols)), 0);
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c)
      write_bits(d.codes.data() + r * int3::row_bytes(cols), std::uint64_t(3 * c), 3,
                 code_t(r + c) & 7);
  d.set_shape({rows, cols});
  return d;
}

}  // namespace

TEST_CASE("codes are one little-endian bit stream per row, first column first") {
  const auto d = counting(2, 9);
  CHECK(d.codes == std::vector<std::uint8_t>{0x88, 0xc6, 0xfa, 0x00, 0xd1, 0x58, 0x1f, 0x01});
  const auto view = int3::bind(d);
  for (index_t r = 0; r < 2; ++r)
    for (index_t c = 0; c < 9; ++c) {
      CHECK(view.code(r, c) == (code_t(r + c) & 7));
      CHECK(view.at(r, c) == float((r + c) & 7));
    }
}

TEST_CASE("validate: sizes, and bits that fill up a row, under the name of the array") {
  auto d = counting(2, 9);
  CHECK_NOTHROW(int3::bind(d).validate(path{}, {2, 9}));
  CHECK_THROWS_WITH_AS(int3::bind(d).validate(path{}, {3, 9}),
                       "lowbit: codes: 8 elements, expected 12", error);
  const path root{}, scales = root / "scales";
  CHECK_THROWS_WITH_AS(int3::bind(d).validate(scales, {3, 9}),
                       "lowbit: scales: 8 elements, expected 12", error);
  d.codes[7] |= 0x08;
  CHECK_THROWS_WITH_AS(int3::bind(d).validate(path{}, {2, 9}),
                       "lowbit: codes: bits after the last code of row 1 are set, expected 0",
                       error);
}

TEST_CASE("validate: codes that stand for no finite value") {
  using halves = plane<f16, unscaled>;
  halves::data<owned> d;
  d.codes = {0, 0x3c, 0, 0x7c};  // 1, infinity
  d.set_shape({1, 2});
  CHECK_THROWS_WITH_AS(halves::bind(d).validate(path{}, {1, 2}),
                       "lowbit: codes: code 31744 at (0, 1) stands for no finite value", error);
}

TEST_CASE("a codebook's last code may reach past the last column") {
  const test::random_matrix w(80, 9, 3);
  const auto q = quantize<format<vector_codebook<4, 6>, per_row>>(w.view());
  CHECK(q.data().main.codes.size() == 80 * 3);
  const auto& p = q.view().main;
  for (index_t c = 0; c < 9; ++c) CHECK(p.at(5, c) == p.block(5, c / 4)[int(c % 4)]);
}

TEST_CASE("a column's factor is part of the parameters of its elements") {
  const test::random_matrix w(6, 10, 4);
  const auto q = quantize<format<uniform<4>, cross<15>>>(w.view());
  const auto& p = q.view().main;
  for (index_t c = 0; c < 10; ++c) {
    const auto params = p.params(2, c);
    CHECK(params.scale[0] == mul_rn(p.groups.group(2, c).scale[0], p.groups.column(c)));
    CHECK(p.at(2, c) == mul_rn(params.scale[0], uniform<4>::decode(p.code(2, c))));
  }
}

TEST_CASE("codes of a customary float type are saved as such") {
  CHECK(detail::code_element<f16>() == element::f16);
  CHECK(detail::code_element<bf16>() == element::bf16);
  CHECK(detail::code_element<e8m0>() == element::f8_e8m0);
  CHECK(detail::code_element<fp8_e4m3>() == element::f8_e4m3);
  CHECK(detail::code_element<fp8_e5m2>() == element::f8_e5m2);
  CHECK(detail::code_element<uniform<8>>() == element::u8);
  CHECK(detail::code_element<fp4_e2m1>() == element::u8);
}
