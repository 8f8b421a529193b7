// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/kernels/exec/lockstep.hpp>

#include "quantize_runs.hpp"

using namespace lowbit;

using nv4 = format<fp4_e2m1, microscaling<16, e4m3>>;
using mx4 = format<fp4_e2m1, microscaling<32>>;

static_assert(quantized_on_line<a8> && quantized_on_line<mx4> && quantized_on_line<nv4>);
static_assert(quantized_on_line<format<uniform<8>, per_row::with<f32>>>);
static_assert(!quantized_on_line<format<uniform<8>, per_tensor>>);  // groups cross rows
static_assert(!quantized_on_line<format<uniform<8>, per_group<20>>>);
static_assert(!quantized_on_line<format<uniform<4, asymmetric>, per_group<32>>>);
static_assert(!quantized_on_line<format<normal_float<4>, per_group<32>>>);

namespace {

constexpr lockstep_order orders[] = {lockstep_order::forward, lockstep_order::reverse,
                                     lockstep_order::strided};

struct given_shape {
  index_t rows, cols, gap;
  int at;  // values before the first: alignment
};

/// Values of all sizes; some groups are zero, some have equal values.
float value(std::uint64_t i) {
  const philox g{31};
  const int size = int(g.below(i / 40, 9)) - 4;
  if (g.below(i / 64, 7) == 0) return 0;
  return g.normal(i) * exp2_int(3 * size);
}

template <class F, class T>
void check(const given_shape& s, int warps, int most_blocks) {
  const index_t stride = s.cols + s.gap, n = s.at + s.rows * stride + 1;
  std::vector<words4> memory(std::size_t(n) * sizeof(T) / 16 + 1);
  T* const x = reinterpret_cast<T*>(memory.data()) + s.at;
  std::vector<float> exact(std::size_t(s.rows * s.cols) + 1);
  for (index_t r = 0; r < s.rows; ++r)
    for (index_t c = 0; c < stride; ++c) {
      T& to = x[r * stride + c];
      to = scalar_traits<T>::from_float(c < s.cols ? value(std::uint64_t(r * 5000 + c)) : 1e4f);
      if (c < s.cols) exact[std::size_t(r * s.cols + c)] = scalar_traits<T>::to_float(to);
    }
  const auto expected =
      test::planes_of<F>(matrix_view<const float>(exact.data(), s.rows, s.cols));
  for (const lockstep_order order : orders) {
    test::stored_planes out = expected;
    std::fill(out.codes.begin(), out.codes.end(), 0xa5);
    std::fill(out.scales.begin(), out.scales.end(), 0xa5);
    out.codes.push_back(0x77);  // nothing is written behind the end
    out.scales.push_back(0x77);
    if (detail::is_nvfp4<F> && !out.scales.empty()) out.tensor_scale = NAN;
    const quantize_task<T> task{x, stride, {s.rows, s.cols}, out.codes.data(), out.scales.data(),
                                &out.tensor_scale};
    test::launch_quantize<F>(
        task, warps, most_blocks,
        [&](const auto& kernel, int blocks, std::size_t shared, const auto&... arguments) {
          run_lockstep(blocks, warps, shared, order, kernel, arguments...);
        });
    REQUIRE(out.codes.back() == 0x77);
    REQUIRE(out.scales.back() == 0x77);
    out.codes.pop_back();
    out.scales.pop_back();
    CHECK(out.codes == expected.codes);
    CHECK(out.scales == expected.scales);
    if (s.rows * s.cols > 0) CHECK(out.tensor_scale == expected.tensor_scale);
  }
}

template <class F>
void check_shapes(std::uint64_t seed) {
  const philox g{seed};
  std::uint64_t drawn = 0;
  const auto below = [&](int n) { return int(g.below(drawn++, std::uint32_t(n))); };
  for (int i = 0; i < 25; ++i) {
    given_shape s{below(5), below(i % 5 == 0 ? 2600 : 300), 0, 0};
    if (below(2) == 0) s.gap = below(20), s.at = below(16);
    if (below(3) == 0) s.cols = (s.cols + 63) / 64 * 64;
    CAPTURE(s.rows);
    CAPTURE(s.cols);
    CAPTURE(s.gap);
    CAPTURE(s.at);
    const int warps = 1 + below(8), blocks = 1 + below(6);
    check<F, float>(s, warps, blocks);
    check<F, float16>(s, warps, blocks);
    check<F, bfloat16>(s, warps, blocks);
  }
}

}  // namespace

TEST_CASE("int8 and int4 in groups: the host's bytes") {
  check_shapes<a8>(1);
  check_shapes<format<uniform<8>, per_group<128, bf16>>>(2);
  check_shapes<format<uniform<4>, per_group<16>>>(3);
  check_shapes<format<uniform<3, centred>, per_group<256>>>(4);
}

TEST_CASE("a scale per token, and groups that are no power of two or larger than a warp's values") {
  check_shapes<format<uniform<8>, per_row>>(5);
  check_shapes<format<uniform<8>, per_row::with<f32>>>(6);
  check_shapes<format<uniform<5>, per_group<24>>>(7);
  check_shapes<format<fp8_e4m3, per_group<512, f32>>>(8);
}

TEST_CASE("MX: the host's bytes") {
  check_shapes<mx4>(9);
  check_shapes<format<fp6_e3m2, microscaling<32>>>(10);
  check_shapes<format<fp8_e4m3, microscaling<32>>>(11);
  check_shapes<format<uniform<8>, microscaling<32>>>(12);
}

TEST_CASE("NVFP4: the host's bytes, the tensor's scale too") { check_shapes<nv4>(13); }

TEST_CASE("what is not finite makes its group NaN, and no other") {
  for (const float bad : {NAN, INFINITY, -INFINITY}) {
    const auto decoded = [&]<class F>(F, index_t width) {
      std::vector<float> x(128);
      for (std::size_t i = 0; i < 128; ++i) x[i] = value(i + 3000) + 1;
      x[70] = bad;
      auto q = quantize<F>(matrix_view<const float>(std::vector<float>(128, 1.f).data(), 1, 128));
      auto data = q.data();
      auto& scale = data.main.groups.scale[0];
      quantize_task<float> task{x.data(), 128, {1, 128}, data.main.codes.data(),
                                scale.codes.data()};
      if constexpr (detail::is_nvfp4<F>)
        task.tensor_scale = reinterpret_cast<float*>(scale.groups.scale[0].codes.data());
      test::launch_quantize<F>(
          task, 2, 3,
          [&](const auto& kernel, int blocks, std::size_t shared, const auto&... arguments) {
            run_lockstep(blocks, 2, shared, lockstep_order::forward, kernel, arguments...);
          });
      const auto view = F::plane_type::bind(data.main);
      for (index_t c = 0; c < 128; ++c)
        CHECK(std::isnan(view.at(0, c)) == (c / width == 70 / width));
    };
    decoded(a8{}, 32);
    decoded(mx4{}, 32);
    decoded(nv4{}, 16);
    decoded(format<uniform<8>, per_row::with<f32>>{}, 128);
  }
}
