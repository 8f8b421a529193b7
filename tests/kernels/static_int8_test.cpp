// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/static_int8.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/packing/repack.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using w8 = format<uniform<8, full_range>, per_row>;

/// Every q of a byte in rows of `cols`.
template <class Byte>
std::vector<Byte> all_bytes(index_t rows, index_t cols) {
  std::vector<Byte> q(static_cast<std::size_t>(rows * cols));
  for (std::size_t i = 0; i < q.size(); ++i) q[i] = static_cast<Byte>(i * 37 % 256);
  return q;
}

/// Products with bytes, with what they stand for and prepared, on every instruction set, against
/// exact sums; the same bits for one token alone.
template <class F, class Byte>
void check(static_bytes<Byte> how) {
  const index_t rows = 19, cols = 140, tokens = 3;
  const test::random_matrix weights(rows, cols, 5);
  const auto w = quantize<F>(weights.view());
  const auto tiles = repack<host_layout>(w);
  const auto q = all_bytes<Byte>(tokens, cols);
  const matrix_view<const Byte> bytes(q.data(), tokens, cols);
  std::vector<float> reals;
  for (const Byte b : q) reals.push_back(how.scale * float(int(b) - how.zero));
  std::vector<float> y(std::size_t(tokens * rows)), again(y), one(static_cast<std::size_t>(rows));
  const matrix_view<float> out(y.data(), tokens, rows);
  const auto close = [&] {
    for (std::size_t i = 0; i < y.size(); ++i) {
      const index_t t = index_t(i) / rows, r = index_t(i) % rows;
      double exact = 0, size = 0;
      for (index_t c = 0; c < cols; ++c) {
        const double p =
            double(w.view().at(r, c)) * double(how.scale) * double(int(bytes(t, c)) - how.zero);
        exact += p;
        size += std::fabs(p);
      }
      if (!(std::fabs(double(y[i]) - exact) <= 4e-6 * size)) return false;
    }
    return true;
  };
  gemm<arch::scalar>(w.view(), as(how, bytes), out);
  CHECK(close());
  gemm<arch::avx2>(tiles.view(), as(how, bytes), out);
  CHECK(close());
  gemm(w.view(), as(how, bytes), out);
  CHECK(close());
  again = y;
  gemm(tiles.view(), as(how, matrix_view<const float>(reals.data(), tokens, cols)), out);
  CHECK(y == again);
  gemm(w.view(), prepare(as(how, bytes)), out);
  CHECK(y == again);
  gemv(tiles.view(), as(how, span<const Byte>(bytes.row(1), cols)), one);
  CHECK(one == std::vector<float>(again.begin() + rows, again.begin() + 2 * rows));
}

}  // namespace

TEST_CASE("static int8: sums of q - zero are exact, from one end of the bytes to the other") {
  check<w4>(static_int8{.scale = 0.03f, .zero = 0});
  check<w4>(static_uint8{.scale = 0.03f, .zero = 0});
  check<w8>(static_int8{.scale = 2, .zero = 127});
  check<w8>(static_uint8{.scale = 2, .zero = 131});
}

TEST_CASE("static int8: a token is one row while its steps are levels, else two") {
  const std::uint8_t q[] = {0, 7, 127}, far[] = {0, 7, 128};
  const prepared<static_uint8> one(as(static_uint8{}, q)), two(as(static_uint8{}, far));
  CHECK(one.rows().parts == 1);
  REQUIRE(two.rows().parts == 2);
  CHECK(int(two.rows().levels[2]) == 126);
  CHECK(int(two.rows().levels[64 + 2]) == 1);
  CHECK(two.rows().scales[1] == 2);
}

TEST_CASE("static int8: reals are rounded to even and kept in the range of the bytes") {
  const float x[] = {0.5f, 1.5f, -2.5f, -3, -4, 1000};
  const std::uint8_t q[] = {3, 5, 1, 0, 0, 255};
  const static_uint8 how{.scale = 1, .zero = 3};
  const auto of_reals = prepare(as(how, x)), of_bytes = prepare(as(how, q));
  for (index_t i = 0; i < 128; ++i)
    CHECK(int(of_reals.rows().levels[i]) == int(of_bytes.rows().levels[i]));
}

TEST_CASE("static int8: outliers see what the activations stand for; no columns, no tokens") {
  const test::random_matrix weights(8, 40, 5);
  const auto w = quantize<format<uniform<4>, per_row, sparse<>>>(weights.view());
  const auto q = all_bytes<std::int8_t>(1, 40);
  const static_int8 how{.scale = 0.5f, .zero = 3};
  std::vector<float> y(8), real(8), x;
  for (const std::int8_t b : q) x.push_back(0.5f * float(b - 3));
  gemv(w.view(), as(how, q), y);
  gemv(w.view(), x, real);
  for (std::size_t i = 0; i < 8; ++i) CHECK(std::fabs(y[i] - real[i]) < 1e-3f);
  const std::vector<std::int8_t> none;
  CHECK(prepare(as(how, none)).rows().rows() == 1);
  CHECK(prepare(as(how, matrix_view<const float>(x.data(), 0, 40))).rows().rows() == 0);
}

TEST_CASE("static int8: mistakes are named") {
  const float x[] = {1, std::numeric_limits<float>::infinity()};
  CHECK_THROWS_WITH_AS(prepare(as(static_int8{.scale = 0}, x)),
                       "lowbit: scale: 0.000000, expected a positive number below 2^126", error);
  CHECK_THROWS_WITH_AS(prepare(as(static_int8{.zero = 128}, x)),
                       "lowbit: zero: 128, expected -128 to 127", error);
  CHECK_THROWS_WITH_AS(
      prepare(as(static_uint8{}, x)),
      "lowbit: x: the value at row 0, column 1 is not finite and cannot be quantized", error);
}
