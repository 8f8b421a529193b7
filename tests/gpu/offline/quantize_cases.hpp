// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include <lowbit/granularity/two_level.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/ranges/least_squares.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <string>

#include "systems.hpp"

namespace test {

/// Visitor: compares the arrays of two matrices.
struct array_comparer {
  lb::index_t wrong = 0, arrays = 0;
  template <class T>
  void operator()(const lb::path&, lb::element, const lb::unaligned_span<T>& a,
                  const lb::unaligned_span<T>& b) {
    ++arrays;
    if (a.size() != b.size() ||
        (a.size() > 0 && std::memcmp(a.data(), b.data(), std::size_t(a.size()) * sizeof(T)) != 0))
      ++wrong;
  }
  template <class T>
  void derived(const T& a, const T& b) {
    if (!(a == b)) ++wrong;
  }
};

/// The host's bytes.
template <class System, class F, class Range>
void check_quantize(lb::index_t rows, lb::index_t cols, const Range& range, float factor = 1) {
  CAPTURE(std::string(lb::format_name<F>));
  CAPTURE(cols);
  const lb::index_t stride = cols + 5;
  std::vector<float> values = some_values(rows * stride, 31);
  for (float& x : values) x *= factor;
  for (lb::index_t i = 0; i < std::min<lb::index_t>(40, rows * stride); ++i)
    values[std::size_t(i)] = 0;  // a group of nothing else
  const lb::matrix_view<const float> m(values.data(), rows, cols, stride);
  const auto expected = [&] {
    if constexpr (std::same_as<typename F::granularity_type, lb::unscaled>)
      return lb::quantize<F>(m);
    else
      return lb::quantize<F>(m, range);
  }();

  typename System::template array<float> x(values.data(), values.size());
  const lb::index_t bytes = lb::offline::quantized_bytes<F>({rows, cols});
  typename System::template array<std::uint8_t> memory{std::size_t(bytes)};
  const auto got = lb::offline::quantize<F, typename System::space>(
      System::policy(), lb::matrix_view<const float>(x.data(), rows, cols, stride),
      lb::span<std::uint8_t>(memory.data(), bytes), range);
  CHECK(got.bytes() == expected.view().bytes());
  array_comparer compare;
  const auto view = expected.view();
  using data = typename decltype(view)::data_type;
  data::each(compare, static_cast<const data&>(got), static_cast<const data&>(view));
  CHECK(compare.wrong == 0);
  CHECK(compare.arrays > 0);
}

/// What takes nvcc longest: a search that tries codes, parameters of parameters, a plan.
template <class System>
void check_some_quantize() {
  using namespace lb;
  check_quantize<System, format<uniform<4>, per_group<32>>>(5, 100,
                                                            least_squares{mse_grid(2.4f, 20)});
  check_quantize<System, format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>(3, 300,
                                                                                    minmax{});
  check_quantize<System, format<fp4_e2m1, microscaling<16, e4m3>>>(4, 77, nvfp4_absmax{}, 1e-3f);
}
template <class System>
void check_all_quantize() {
  using namespace lb;
  using w4 = format<uniform<4>, per_group<32>>;
  check_some_quantize<System>();
  check_quantize<System, w4>(5, 100, absmax{});
  check_quantize<System, w4>(5, 100, mse_grid(2.4f, 20));
  check_quantize<System, format<uniform<3, asymmetric>, per_group<32>>>(4, 90, least_squares{});
  check_quantize<System, format<uniform<3, minimum>, per_group<40, f32>>>(4, 90, least_squares{});
  check_quantize<System, format<normal_float<4>, per_row>>(4, 300, least_squares{});
  check_quantize<System, w4>(0, 100, absmax{});
  check_quantize<System, w4>(3, 0, absmax{});
  check_quantize<System, format<uniform<3, asymmetric>, per_group<24>>>(7, 61, minmax{});
  check_quantize<System, format<uniform<4, minimum>, per_row>>(7, 61, mse_grid(2, 9, 10));
  check_quantize<System, format<uniform<2, full_range>, per_group<16>>>(9, 45, mse_grid{});
  check_quantize<System, format<normal_float<4>, per_group<64>>>(4, 130, absmax{});
  check_quantize<System, format<fp4_e2m1, microscaling<32>>>(4, 77, e8m0_floor{});
  check_quantize<System, format<uniform<8>, unscaled>>(3, 20, absmax{}, 40);
}

}  // namespace test
