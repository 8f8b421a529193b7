// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How far a product may be from the exact one, sentence by sentence of what gemm promises, with
// activations that are made to break it.
#include "kernels/products.hpp"

using namespace lowbit;

namespace {

constexpr index_t long_row = 4096;

/// |y - y*| / sum |v x|, the largest of all results; every instruction set, both layouts.
template <class F>
double largest_error(const quantized_matrix<F>& w, const std::vector<float>& x, index_t tokens) {
  const index_t rows = w.shape().rows, cols = w.shape().cols;
  std::vector<float> v(std::size_t(rows * cols));
  dequantize(w.view(), matrix_view<float>(v.data(), rows, cols));
  const matrix_view<const float> in(x.data(), tokens, cols);
  const auto tiles = repack<host_layout>(w);
  double worst = 0;
  for (const std::vector<float>& y : {test::product<arch::scalar>(w.view(), in, tokens),
                                      test::product<arch::avx2>(w.view(), in, tokens),
                                      test::product<arch::avx512>(w.view(), in, tokens),
                                      test::product<arch::runtime>(tiles.view(), in, tokens)})
    for (index_t t = 0; t < tokens; ++t)
      for (index_t r = 0; r < rows; ++r) {
        long double exact = 0, size = 0;
        for (index_t c = 0; c < cols; ++c) {
          const long double p = (long double)v[std::size_t(r * cols + c)] * in(t, c);
          exact += p;
          size += std::fabs(p);
        }
        const long double error = std::fabs(y[std::size_t(t * rows + r)] - exact);
        if (size == 0)
          CHECK(error == 0);
        else
          worst = std::max(worst, double(error / size));
      }
  return worst;
}

/// Activations of every kind that sums dislike.
std::vector<std::vector<float>> nasty_activations(index_t cols) {
  const philox random{7};
  std::vector<std::vector<float>> all(6, std::vector<float>(std::size_t(cols)));
  for (index_t c = 0; c < cols; ++c) {
    const std::size_t i = std::size_t(c);
    const std::uint32_t w = random.word(i);
    const float sign = w & 1 ? 1.f : -1.f, one = 1 + random.uniform(i + 5000);
    all[0][i] = sign * one * exp2_int(int(w >> 8) % 80 - 40);  // all magnitudes
    all[1][i] = c % 2 == 0 ? one : -all[1][i - 1];             // neighbours cancel
    all[2][i] = one;                                           // all of one sign
    all[3][i] = c == 0 ? 1e8f : 1e-3f * one;                   // one large, first
    all[4][i] = c + 1 == cols ? -1e8f : 1e-3f * one;           // and last
    all[5][i] = one * exp2_int(-100);                          // small
  }
  return all;
}

template <class F>
void check_bound() {
  CAPTURE(format_name<F>);
  for (const index_t cols :
       {index_t(1), index_t(15), index_t(16), index_t(17), index_t(257), long_row}) {
    CAPTURE(cols);
    const test::random_matrix m(6, cols, 1);
    const auto w = quantize<F>(m.view());
    const double bound = double((cols + 15) / 16 + 16) * 0x1p-23;
    std::vector<float> five;
    for (const std::vector<float>& x : nasty_activations(cols)) {
      CHECK(largest_error(w, x, 1) <= bound);
      if (five.size() < std::size_t(5 * cols)) five.insert(five.end(), x.begin(), x.end());
    }
    CHECK(largest_error(w, five, 5) <= bound);  // tiles of tokens
  }
}

/// 2e-6 on random data.
template <class F>
void check_random() {
  CAPTURE(format_name<F>);
  const test::random_matrix m(16, long_row, 2), x(3, long_row, 3);
  CHECK(largest_error(quantize<F>(m.view()), x.values, 3) <= 2e-6);
}

using affine = format<uniform<4, asymmetric>, per_group<64>>;
using minima = format<uniform<5, minimum>, per_group<32>>;
using levels = format<normal_float<4>, per_group<64>>;
using field = format<fp4_e2m1, per_group<16, scaled<e4m3, per_tensor::with<f32>>>>;
using byte_field = format<fp8_e4m3, microscaling<32>>;
using apart = format<uniform<3>, per_group<32>, sparse<>>;
using with_columns = format<uniform<3>, per_row, columns>;
using factors = format<uniform<3>, per_row, low_rank<4>>;

}  // namespace

TEST_CASE("real activations: (ceil(K / 16) + 16) 2^-23 of the sum of magnitudes") {
  check_bound<affine>();
  check_bound<minima>();
  check_bound<levels>();
  check_bound<field>();
  check_bound<byte_field>();
}

TEST_CASE("real activations: the same with outliers, whose share is summed by itself") {
  check_bound<apart>();
  check_bound<with_columns>();
  check_bound<factors>();
}

TEST_CASE("real activations on random data: 2e-6 for K up to 4096") {
  check_random<affine>();
  check_random<minima>();
  check_random<levels>();
  check_random<field>();
}

namespace {
/// Random integers of magnitude at most `top`, and -top in every group of 32 columns, so that the
/// scale of a group is 1.
std::vector<float> integers(index_t rows, index_t cols, int top, std::uint64_t seed) {
  const philox random{seed};
  std::vector<float> x;
  for (index_t i = 0; i < rows * cols; ++i) {
    const auto any = int(random.below(std::uint64_t(i), std::uint32_t(2 * top)));
    x.push_back(float(i % cols % 32 == 0 ? -top : any - top));
  }
  return x;
}

template <class F>
void check_integers() {
  CAPTURE(format_name<F>);
  const index_t rows = 5, tokens = 3;
  for (const index_t cols : {index_t(32), index_t(100), long_row}) {
    const auto peak = int(peak_of<typename F::quantizer_type>);
    const std::vector<float> values = integers(rows, cols, peak, 9);
    const std::vector<float> x = integers(tokens, cols, 127, 11);
    const auto w = quantize<F>(matrix_view<const float>(values.data(), rows, cols));
    const matrix_view<const float> in(x.data(), tokens, cols);
    const auto tiles = repack<host_layout>(w);
    for (const std::vector<float>& y :
         {test::product<arch::scalar>(w.view(), as<a8>(in), tokens),
          test::product<arch::avx2>(w.view(), as<a8>(in), tokens),
          test::product<arch::avx512>(w.view(), as<a8>(in), tokens),
          test::product<arch::runtime>(tiles.view(), as<a8>(in), tokens)})
      for (index_t t = 0; t < tokens; ++t)
        for (index_t r = 0; r < rows; ++r) {
          double exact = 0;
          for (index_t c = 0; c < cols; ++c) exact += double(w.view().at(r, c)) * double(in(t, c));
          CHECK(double(y[std::size_t(t * rows + r)]) == exact);
        }
  }
}
}  // namespace

TEST_CASE("integer products are exact sums") {
  check_integers<format<uniform<4>, per_group<32, f32>>>();
  check_integers<format<uniform<8, full_range>, per_group<32, f32>>>();
  check_integers<format<uniform<2>, unscaled>>();
}
