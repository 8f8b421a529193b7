// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/columns.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/device/prepare.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>
#include <lowbit/kernels/exec/mma_reference.hpp>
#include <vector>

using namespace lowbit;

namespace {

/// Every code of every column has a place of its own, that of the documented formula, and all
/// places are taken.
template <class Columns>
void check_places(index_t cols, int columns) {
  constexpr int units = Columns::units, code_bytes = 4 / units;  // halves or bytes
  static_assert(Columns::pieces_of_block * units == 8);
  const index_t words = Columns::words(cols, columns);
  const index_t blocks = mma16::blocks(cols);
  CHECK(words * 4 == blocks * 128 * columns * code_bytes);
  std::vector<word> memory(std::size_t(words), 0u);
  Columns x{};
  x.fragments = memory.data();
  x.columns = columns;
  std::vector<int> taken(std::size_t(words * 4), 0);
  int wrong = 0;
  for (index_t c = 0; c < 128 * blocks; ++c)
    for (int n = 0; n < columns; ++n) {
      const int block = int(c / 128), unit = int(c % 128 / 16), t = int(c % 16 / 4);
      const int piece = block * Columns::pieces_of_block + unit / units;
      const index_t inside = index_t(4 / units) * (unit % units);
      const index_t offset = x.at(piece, n, t) - memory.data() + inside;
      wrong += offset != 4 * ((index_t(piece) * columns + n) * 4 + t) + 4 / units * (unit % units);
      for (int i = 0; i < code_bytes; ++i)
        ++taken[std::size_t(offset * 4 + c % 4 * code_bytes + i)];
    }
  CHECK(wrong == 0);
  for (const int n : taken) wrong += n != 1;
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("codes lie where the formula says, each in a place of its own") {
  for (const int columns : {1, 7, 8, 33}) {
    check_places<kernels::half_columns>(300, columns);
    check_places<kernels::byte_columns>(300, columns);
  }
  CHECK(kernels::half_columns::words(0, 8) == 0);
}
TEST_CASE("pieces beyond 2^31 bytes") {
  kernels::half_columns x{};
  x.columns = 4096;
  CHECK(x.place(60000, 4095, 3) == 4 * ((std::size_t(60000) * 4096 + 4095) * 4 + 3));
}
TEST_CASE("a unit of a piece of halves is B, whose A are the quads of mma16") {
  // Columns hold the numbers of their codes; A picks one code in row g.
  constexpr int columns = 8;
  std::vector<word> memory(std::size_t(kernels::half_columns::words(128, columns)), 0u);
  kernels::half_columns x{};
  x.fragments = memory.data();
  x.columns = columns;
  for (int c = 0; c < 128; ++c)
    for (int n = 0; n < columns; ++n) {
      const index_t piece = x.at(c / 32, n, c % 16 / 4) - memory.data();
      memory[std::size_t(piece + c % 32 / 16 * 2 + c % 4 / 2)] |=
          word(float16(float(c + 200 * n)).bits) << (c % 2 * 16);
    }
  int wrong = 0;
  for (int c = 0; c < 128; ++c) {
    const int unit = c / 16, t = c % 16 / 4, in_quad = c % 4;
    arr<word, 4> a[32]{};
    arr<word, 2> b[32]{};
    arr<float, 4> d[32]{};
    for (int g = 0; g < 8; ++g)  // a[0]: codes 0, 1 of the quad, a[2]: codes 2, 3
      a[4 * g + t][in_quad / 2 * 2] = 0x3c00u << (in_quad % 2 * 16);
    for (int l = 0; l < 32; ++l) {
      const word* const piece = x.at(unit / 2, l / 4, l % 4);
      b[l] = {{piece[unit % 2 * 2], piece[unit % 2 * 2 + 1]}};
    }
    mma_reference<mma_kind::half>(d, a, b);
    for (int l = 0; l < 32; ++l)
      for (int i = 0; i < 2; ++i) wrong += d[l][i] != float(c + 200 * (l % 4 * 2 + i));
  }
  CHECK(wrong == 0);
}
namespace {
/// Every piece of every lane, prepared and picked out of the rows; the last block is short.
template <int Dim>
void check_rows(index_t cols) {
  CAPTURE(Dim);
  CAPTURE(cols);
  constexpr index_t tokens = 3;
  std::vector<float16> x;
  for (index_t i = 0; i < tokens * cols; ++i) x.push_back(float16(float(i % 2039) - 1000));
  const index_t padded = kernels::half_columns::padded(cols, Dim);
  std::vector<words4> fragments(std::size_t(kernels::half_columns::words(padded, tokens)) / 4);
  float factors[tokens];
  kernels::half_columns prepared;
  prepared.fragments = fragments.data()->items;
  prepared.columns = int(tokens);
  prepared.stride = 8;
  prepared.factors = factors;
  prepared.dim = Dim;
  const kernels::device_rows<float16> given{x.data(), cols, cols, int(tokens)};
  run_lockstep(8, 2, 64, lockstep_order::forward,
               kernels::prepare_halves<float16, kernels::no_factors>{}, given,
               kernels::no_factors{}, prepared, 128, 1);
  using rows_type = kernels::half_rows<Dim>;
  CHECK(rows_type::fits(given));
  const rows_type rows{x.data(), cols, int(cols), int(tokens)};
  constexpr int pieces = 4 * Dim;
  index_t wrong = 0, whole = 0;
  for (int b = 0; b < int(padded / (128 * Dim)); ++b)
    for (int column = 0; column < int(tokens); ++column)
      for (int t = 0; t < 4; ++t)
        for (int k = 0; k < pieces; ++k) {
          const words4 right = prepared.cursor(pieces * b, column, t)[k];
          const auto from = rows.cursor(pieces * b, column, t);
          for (int i = 0; i < 4; ++i) wrong += from[k][i] != right[i];
          if (!rows.is_whole(pieces * b)) continue;
          ++whole;
          for (int i = 0; i < 4; ++i) wrong += from.inside(k)[i] != right[i];
        }
  CHECK(wrong == 0);
  CHECK(whole > 0);
}
}  // namespace

TEST_CASE("rows as they are have the columns that a kernel would prepare") {
  check_rows<1>(300);
  check_rows<4>(1100);
  check_rows<8>(1500);
  check_rows<16>(2500);
  alignas(8) const float16 x[16] = {};
  CHECK(!kernels::half_rows<1>::fits(kernels::device_rows<float16>{x + 1, 4, 4, 1}));
  CHECK(!kernels::half_rows<1>::fits(kernels::device_rows<float16>{x, 5, 4, 1}));
  CHECK(!kernels::half_rows<1>::fits(kernels::device_rows<float16>{x, 8, 6, 1}));
}
