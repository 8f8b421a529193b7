// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Whole calls in lockstep: alpha and beta, strides, empty shapes, and what is refused.
#include <lowbit/kernels/device/gemm.hpp>

#include "support/compiled_kernels.hpp"
#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using runner = test::lockstep_runner;
template <class F>
using matrix = runner::matrix<quantized_matrix<F>>;

matrix<w4> small() {
  return matrix<w4>(quantize<w4>(test::random_matrix(21, 70, 1).view()));
}
template <class Call>
std::string refusal(errc code, Call call) {
  try {
    call();
  } catch (const error& e) {
    CHECK(e.code() == code);
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("alpha scales, beta keeps, and beta 0 does not read y") {
  const auto w = small();
  const auto x = test::activations<float>(3, 70);
  const auto plain = test::device_product<test::real_input>(runner{}, w, x, 3);
  const auto updated =
      test::device_product<test::real_input>(runner{}, w, x, 3, update{.alpha = 2, .beta = 0.5f});
  const auto scaled =
      test::device_product<test::real_input>(runner{}, w, x, 3, update{.alpha = -2});
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(updated[i] == 2 * plain[i] + 0.5f * (float(i % 7) - 3));
    CHECK(scaled[i] == -2 * plain[i]);  // y was NaN
  }
}
TEST_CASE("rows of x may be far apart") {
  const auto w = small();
  const auto x = test::activations<float16>(5, 70);
  CHECK(test::same_bits(test::device_product<test::real_input>(runner{}, w, x, 5),
                        test::device_product<test::real_input>(runner{}, w, x, 5, {}, 13)));
  CHECK(test::same_bits(test::device_product<test::a8_input>(runner{}, w, x, 5),
                        test::device_product<test::a8_input>(runner{}, w, x, 5, {}, 13)));
}
TEST_CASE("a result does not depend on the tokens beside it") {
  const auto w = small();
  const auto x = test::activations<float>(19, 70);
  const auto all = test::device_product<test::real_input>(runner{}, w, x, 19);
  for (index_t t = 0; t < 19; ++t) {
    const std::vector<float> one(x.begin() + t * 70, x.begin() + (t + 1) * 70);
    CHECK(test::same_bits(test::device_product<test::real_input>(runner{}, w, one, 1),
                          std::vector<float>(all.begin() + t * 21, all.begin() + (t + 1) * 21)));
  }
}
TEST_CASE("empty shapes") {
  const std::vector<float> nothing;
  const matrix<w4> no_rows(quantize<w4>(matrix_view<const float>(nothing.data(), 0, 32)));
  CHECK(test::device_product<test::real_input>(runner{}, no_rows, std::vector<float>(32), 1)
            .empty());
  const matrix<w4> no_columns(quantize<w4>(matrix_view<const float>(nothing.data(), 3, 0)));
  CHECK(test::device_product<test::real_input>(runner{}, no_columns, nothing, 2) ==
        std::vector<float>(6, 0.f));
  CHECK(test::device_product<test::a8_input>(runner{}, no_columns, nothing, 2) ==
        std::vector<float>(6, 0.f));
  CHECK(test::device_product<test::real_input>(runner{}, small(), nothing, 0).empty());
}
TEST_CASE("activations that cannot be quantized make their token NaN, and no other") {
  const auto w = small();
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::infinity()}) {
    auto x = test::activations<float>(3, 70);
    const auto right = test::device_product<test::a8_input>(runner{}, w, x, 3);
    x[70 + 33] = bad;
    const auto y = test::device_product<test::a8_input>(runner{}, w, x, 3);
    for (std::size_t i = 0; i < y.size(); ++i)
      CHECK((i / 21 == 1 ? std::isnan(y[i]) : y[i] == right[i]));
  }
}
TEST_CASE("what cannot be is refused before anything is launched") {
  const auto w = small();
  using input = test::real_input<float>;
  std::vector<float> x(2 * 71), y(2 * 21, 5.f);
  runner::memory memory(kernels::device_workspace_bytes<input>(w.view(), 2));
  const auto call = [&](index_t cols, index_t rows, const float* from, float* to,
                        kernels::workspace_memory m) {
    kernels::multiply_on(runner{}.launcher(), w.view(),
                         input{matrix_view<const float>(from, 2, cols)},
                         matrix_view<float>(to, 2, rows), m, update{});
  };
  CHECK(refusal(errc::shape_mismatch, [&] { call(71, 21, x.data(), y.data(), memory.get()); }) ==
        "lowbit: x: 71 columns, expected the 70 of the matrix");
  CHECK(refusal(errc::shape_mismatch, [&] { call(70, 20, x.data(), y.data(), memory.get()); }) ==
        "lowbit: y: 2 x 20, expected 2 x 21");
  CHECK(refusal(errc::overlap, [&] { call(70, 21, y.data(), y.data(), memory.get()); }) ==
        "lowbit: y: shares memory with x, expected separate arrays");
  const index_t needed = kernels::device_workspace_bytes<input>(w.view(), 2);
  auto little = memory.get();
  little.bytes = needed - 1;
  CHECK(refusal(errc::bad_argument, [&] { call(70, 21, x.data(), y.data(), little); }) ==
        message("lowbit: workspace: ", needed - 1, " bytes, expected at least ", needed));
  CHECK(refusal(errc::bad_argument, [&] { call(70, 21, x.data(), y.data(), {}); }) ==
        message("lowbit: workspace: 0 bytes, expected at least ", needed));
  const auto* const odd =
      reinterpret_cast<const float*>(reinterpret_cast<const char*>(x.data()) + 2);
  CHECK(refusal(errc::bad_argument, [&] { call(70, 21, odd, y.data(), memory.get()); }) ==
        "lowbit: x: its address is no multiple of 4, the alignment of its type");
  CHECK(y == std::vector<float>(2 * 21, 5.f));
  little.bytes = needed;
  call(70, 21, x.data(), y.data(), little);
  CHECK(y == std::vector<float>(2 * 21, 0.f));
}
