// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/dequantize.hpp>

#include <lowbit/outliers/columns.hpp>

#include "runner.hpp"

using namespace lowbit;

namespace {

/// The host's bits, in rows that are further apart than they are long.
template <class F, class Layout, class T>
void check() {
  CAPTURE(std::string(format_name<F>));
  const index_t rows = 37, cols = 301, stride = 310;
  const auto q = quantize<F>(test::random_matrix(rows, cols, 3).view());
  const device_matrix<F, Layout> w(q);
  const test::device_array<T> out(std::vector<T>(std::size_t(rows * stride), T(7.f)));
  dequantize(nullptr, w.view(), matrix_view<T>(out.data(), rows, cols, stride));
  const std::vector<T> got = out.read();
  index_t wrong = 0;
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < stride; ++c) {
      const T expected =
          c < cols ? scalar_traits<T>::from_float(q.view().at(r, c)) : T(7.f);
      wrong += std::memcmp(&got[std::size_t(r * stride + c)], &expected, sizeof(T)) != 0;
    }
  CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("values are the host's, in any layout and type") {
  if (!test::has_gpu()) return;
  check<format<uniform<4>, per_group<32>>, mma16, float>();
  check<format<uniform<4>, per_group<32>>, canonical, float16>();
  check<format<uniform<3, minimum>, per_group<64>, columns>, mma16, bfloat16>();
  check<format<normal_float<4>, per_group<64>, sparse<>>, mma16, float>();
  check<format<vector_codebook<4, 8>, per_row>, canonical, float>();
}
TEST_CASE("what does not fit is refused, with or without a device") {
  using view = quantized_view<format<uniform<4>, per_row>, canonical, device>;
  view w;
  w.set_shape({2, 8});
  std::vector<float> out(18);
  const auto* const odd = reinterpret_cast<const char*>(out.data()) + 1;
  for (const matrix_view<float> wrong :
       {matrix_view<float>(out.data(), 2, 7),
        matrix_view<float>(reinterpret_cast<float*>(const_cast<char*>(odd)), 2, 8)})
    CHECK_THROWS_AS(dequantize(nullptr, w, wrong), error);
}
