// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/offline/quantize.hpp>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/outliers/sparse.hpp>

#include "quantize_cases.hpp"

using namespace lowbit;

namespace {
using w4 = format<uniform<4>, per_group<32>>;
using nvfp4 = format<fp4_e2m1, microscaling<16, e4m3>>;
using fp32_scales = format<uniform<4, asymmetric>, per_group<4, f32>>;
template <class F>
void quantize_on_host(const std::vector<float>& x, index_t rows, index_t cols) {
  std::vector<std::uint8_t> memory(std::size_t(offline::quantized_bytes<F>({rows, cols})));
  offline::quantize<F, host>(thrust::cpp::par, {x.data(), rows, cols}, memory);
}
}  // namespace

TEST_CASE("the bytes of whole matrices are those of quantize") {
  test::check_all_quantize<test::host_system>();
}
TEST_CASE("what formats and searches cannot be done is known to the compiler") {
  static_assert(offline::quantized_offline<w4> && offline::quantized_offline<nvfp4>);
  static_assert(!offline::quantized_offline<format<uniform<4>, per_tensor>>);
  static_assert(!offline::quantized_offline<format<uniform<4>, per_block<4, 4>>>);
  static_assert(!offline::quantized_offline<format<uniform<4>, per_row, sparse<>>>);
  static_assert(!offline::quantized_offline<format<vector_codebook<4, 8>, per_row>>);
  static_assert(runs_anywhere<mse_grid> && !runs_anywhere<range_search>);
  static_assert(runs_anywhere<least_squares<mse_grid>>);
  static_assert(!runs_anywhere<least_squares<range_search>>);
}
TEST_CASE("what quantize refuses is refused with its words") {
  std::vector<float> x(24, 1.f);
  x[13] = -__builtin_inff();
  CHECK_THROWS_WITH_AS(quantize_on_host<w4>(x, 3, 8),
                       "lowbit: weights: the value at row 1, column 5 is not finite", error);
  x[13] = 3.4e38f;
  x[14] = -3.4e38f;
  const auto message_of = [&](auto f) {
    try {
      f();
    } catch (const error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  const std::string expected =
      message_of([&] { quantize<fp32_scales>(matrix_view<const float>(x.data(), 3, 8)); });
  CHECK(expected.find("group (1, 1)") != std::string::npos);
  CHECK(message_of([&] { quantize_on_host<fp32_scales>(x, 3, 8); }) == expected);
  std::vector<std::uint8_t> small(3);
  CHECK_THROWS_AS((offline::quantize<w4, host>(thrust::cpp::par, {x.data(), 1, 8}, small)), error);
}
