// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/quantize.hpp>

#include "runner.hpp"

using namespace lowbit;

namespace {

using nv4 = format<fp4_e2m1, microscaling<16, e4m3>>;

/// The host's bytes, from rows that are further apart than they are long.
template <class F, class T>
void check() {
  CAPTURE(std::string(format_name<F>));
  const index_t rows = 37, cols = 301, stride = 310;
  const test::random_matrix m(rows, cols, 3);
  std::vector<T> spread(std::size_t(rows * stride), T(7.f));
  std::vector<float> exact;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) {
      spread[std::size_t(r * stride + c)] = scalar_traits<T>::from_float(m.view()(r, c));
      exact.push_back(scalar_traits<T>::to_float(spread[std::size_t(r * stride + c)]));
    }
  const auto expected = quantize<F>(matrix_view<const float>(exact.data(), rows, cols));
  const test::device_array<T> values(spread);
  device_matrix<F, canonical> w(extent{rows, cols});
  const gpu::workspace memory(gpu::quantize_workspace_bytes<F>());
  for (int again = 0; again < 2; ++again)
    quantize(nullptr, matrix_view<const T>(values.data(), rows, cols, stride), w, memory);
  const auto got = w.download();
  index_t wrong = 0;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) wrong += got.view().at(r, c) != expected.view().at(r, c);
  CHECK(wrong == 0);
  CHECK(got.data().main.codes == expected.data().main.codes);
}

}  // namespace

TEST_CASE("rows of the device are quantized to the host's bytes") {
  if (!test::has_gpu()) return;
  check<a8, float>();
  check<format<uniform<8>, per_row>, bfloat16>();
  check<format<fp4_e2m1, microscaling<32>>, float16>();
  check<nv4, float16>();
}
TEST_CASE("what does not fit is refused, with or without a device") {
  device_matrix<a8, canonical> w;
  std::vector<float> x(16);
  CHECK_THROWS_AS(quantize(nullptr, matrix_view<const float>(x.data(), 2, 8), w), error);
}
