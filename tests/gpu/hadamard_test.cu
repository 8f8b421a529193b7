// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/hadamard.hpp>

#include "runner.hpp"

using namespace lowbit;

TEST_CASE("rows of the device are transformed to the host's bits, and back") {
  if (!test::has_gpu()) return;
  const index_t rows = 7, cols = 300;
  const test::random_matrix m(rows, cols, 3);
  const test::device_array<float> x(
      std::vector<float>(m.view().data(), m.view().data() + rows * cols));
  for (const hadamard t : {hadamard{}, hadamard{.block = 128, .seed = 5}, hadamard{.block = 12}}) {
    CAPTURE(t.block);
    const index_t whole = t.transformed_size(cols);
    const test::device_array<float> y(std::vector<float>(std::size_t(rows * whole)));
    const test::device_array<float> back(std::vector<float>(std::size_t(rows * cols)));
    const matrix_view<float> out(y.data(), rows, whole);
    gpu::apply(nullptr, t, matrix_view<const float>(x.data(), rows, cols), out);
    gpu::inverse(nullptr, t, matrix_view<const float>(y.data(), rows, whole),
                 matrix_view<float>(back.data(), rows, cols));
    const std::vector<float> got = y.read(), again = back.read();
    std::vector<float> expected(std::size_t(whole), 0.f);
    for (index_t r = 0; r < rows; ++r) {
      t.apply<float>(span<const float>(m.view().row(r), cols), expected);
      CHECK(std::memcmp(expected.data(), got.data() + r * whole, std::size_t(whole) * 4) == 0);
      for (index_t c = 0; c < cols; ++c)
        CHECK(again[std::size_t(r * cols + c)] == doctest::Approx(m.view()(r, c)).epsilon(1e-4));
    }
  }
}
TEST_CASE("what does not fit is refused, with or without a device") {
  std::vector<float> x(64);
  const matrix_view<const float> in(x.data(), 2, 8);
  CHECK_THROWS_AS(gpu::apply(nullptr, hadamard{.block = 16}, in,
                             matrix_view<float>(x.data() + 32, 2, 8)),
                  error);
  CHECK_THROWS_AS(gpu::apply(nullptr, hadamard{.block = 8}, in, matrix_view<float>(x.data(), 2, 8)),
                  error);
  CHECK_THROWS_AS(gpu::apply(nullptr, hadamard{.block = 14}, in,
                             matrix_view<float>(x.data() + 32, 2, 14)),
                  error);
}
