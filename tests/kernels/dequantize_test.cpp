// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/lowbit.hpp>
#include <memory>

#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"
#include "support/random_matrix.hpp"

namespace lb = lowbit;
using lb::index_t;

namespace {

constexpr lb::extent shapes[] = {{3, 77}, {17, 320}, {2, 2111}, {18, 5000}, {1, 1}, {0, 4}, {3, 0}};

template <lb::arch Arch, class F, class Layout>
void equals_at(const lb::quantized_view<F, Layout>& w) {
  std::vector<float> out(static_cast<std::size_t>(w.rows() * w.cols()), -1.f);
  lb::dequantize<Arch>(w, lb::matrix_view<float>(out.data(), w.rows(), w.cols()));
  index_t wrong = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c)
      wrong += lb::bits_as<std::uint32_t>(out[std::size_t(r * w.cols() + c)]) !=
               lb::bits_as<std::uint32_t>(w.at(r, c));
  CHECK(wrong == 0);
}

/// The law: dequantize writes the bits of at() on every target, from arrays of any alignment that
/// end where a forbidden page begins.
template <class F>
void check() {
  CAPTURE(lb::format_name<F>);
  for (const lb::extent shape : shapes) {
    CAPTURE(shape.rows);
    CAPTURE(shape.cols);
    const test::random_matrix m(shape.rows, shape.cols, 3);
    const auto q = lb::quantize<F>(m.view());
    equals_at<lb::arch::scalar>(q.view());
    equals_at<lb::arch::avx2>(q.view());
    equals_at<lb::arch::avx512>(q.view());
    const auto tiles = lb::repack<lb::host_layout>(q);
    equals_at<lb::arch::scalar>(tiles.view());
    equals_at<lb::arch::runtime>(tiles.view());

    const lb::any_matrix any = q;
    std::vector<lb::stored_array> arrays = any.arrays();
    std::vector<std::unique_ptr<test::guarded_bytes>> memory;
    std::vector<lb::part> parts;
    for (const lb::stored_array& a : arrays) {
      memory.push_back(
          std::make_unique<test::guarded_bytes>(a.bytes.data(), std::size_t(a.bytes.size())));
      parts.push_back({a.name, {memory.back()->data(), a.bytes.size()}, a.type});
    }
    const auto view = lb::quantized_view<F>::from_parts(shape, parts);
    equals_at<lb::arch::scalar>(view);
    equals_at<lb::arch::avx2>(view);
    equals_at<lb::arch::avx512>(view);
  }
}

using namespace lowbit;
using six_bit_scales = scaled<uniform<6, nonnegative>, per_group<8>>;

}  // namespace

TEST_CASE("dequantize equals at: uniform codes of every width and kind") {
  check<format<uniform<2, asymmetric>, per_group<16>>>();
  check<format<uniform<3>, per_group<64>>>();
  check<format<uniform<4>, per_group<32>>>();
  check<format<uniform<5, minimum>, per_group<20>>>();
  check<format<uniform<6, full_range>, per_row>>();
  check<format<uniform<7, centred>, per_tensor>>();
  check<format<uniform<8>, per_row::with<f32>>>();
}

TEST_CASE("dequantize equals at: float codes and float scales") {
  check<format<fp4_e2m1, per_group<32, e8m0>>>();
  check<format<fp4_e2m1, per_group<16, scaled<e4m3, per_tensor::with<f32>>>>>();
  check<format<fp8_e4m3, per_group<32, e8m0>>>();
  check<format<fp6_e3m2, per_block<4, 12, bf16>>>();
  check<format<f16, unscaled>>();
  check<format<bf16, unscaled>>();
  check<format<f32, unscaled>>();
}

TEST_CASE("dequantize equals at: parameters that are quantized in their turn") {
  check<format<uniform<4, minimum>, per_group<32, six_bit_scales, six_bit_scales>>>();
  check<format<uniform<3, real_zero>,
               per_group<16, scaled<uniform<3, minimum>, per_block<16, 1>>>>>();
}

namespace {
/// Vectors that are computed; which code a value gets does not matter here.
template <int Dim, int Bits>
struct computed {
  static constexpr int bits = Bits, dim = Dim;
  static constexpr float peak = 4;
  static constexpr auto name = text("computed");
  static constexpr arr<float, Dim> decode(code_t c) {
    arr<float, Dim> x{};
    for (int i = 0; i < Dim; ++i) x[i] = float((c >> i % Bits) & 7) - 3.5f + float(i);
    return x;
  }
  static constexpr code_t encode(const arr<float, Dim>& x) {
    return code_t(round_int(x[0] * 1000)) & ((code_t(1) << Bits) - 1);
  }
};
}  // namespace

TEST_CASE("dequantize equals at: vectors, by tables and without") {
  check<format<computed<4, 11>, per_group<32>>>();  // too many for the stack
  check<format<computed<9, 3>, per_row>>();          // chunks of no whole vectors
}

TEST_CASE("what fits no cache is written past them, and nothing else is") {
  constexpr index_t rows = 2100, cols = 4003, stride = cols + 5;  // more than 32 MiB
  const test::random_matrix m(rows, cols, 3);
  const auto q = lb::quantize<format<uniform<4>, per_group<64>>>(m.view());
  const auto tiles = lb::repack<lb::host_layout>(q);
  const auto matches = [&](const auto& w) {
    std::vector<float> out(std::size_t(rows * stride + 1), -9.f);
    lb::dequantize(w, lb::matrix_view<float>(out.data() + 1, rows, cols, stride));
    index_t wrong = out[0] != -9.f;
    for (index_t r = 0; r < rows; r += r % 16 == 15 ? 61 : 1)
      for (index_t c = 0; c < stride; c += c < 64 || c >= cols - 64 ? 1 : 64)
        wrong += out[std::size_t(1 + r * stride + c)] != (c < cols ? q.view().at(r, c) : -9.f);
    CHECK(wrong == 0);
  };
  matches(q.view());
  matches(tiles.view());
}

TEST_CASE("dequantize names a wrong output shape") {
  const test::random_matrix m(2, 8, 1);
  const auto q = lb::quantize<format<uniform<4>, per_row>>(m.view());
  std::vector<float> out(14);
  CHECK_THROWS_WITH_AS(lb::dequantize(q.view(), lb::matrix_view<float>(out.data(), 2, 7)),
                       "lowbit: out: 2 x 7, expected 2 x 8", lb::error);
}
