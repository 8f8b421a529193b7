// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What encoders are made of: numbers, portable functions, transforms of weights.
#include <lowbit/core/e8m0.hpp>
#include <lowbit/core/portable_math.hpp>
#include <lowbit/core/power.hpp>
#include <lowbit/core/random.hpp>
#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/transforms/channel_scale.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/weights.hpp>
#include <lowbit/transforms/widely_linear.hpp>

#include "recorder.hpp"

namespace determinism {
namespace {
using namespace lowbit;

/// f(i) for i < 4096. The functions promise nothing under other modes; encoders set the mode.
template <class F>
void tabulate(recorder& r, const std::string& name, F f) {
  r.one(name, [&] {
    const float_mode_guard mode;
    std::vector<decltype(f(std::uint64_t{}))> values;
    for (std::uint64_t i = 0; i < 4096; ++i) values.push_back(f(i));
    return values;
  });
}

/// Any float but NaN and the infinities.
float any_float(std::uint64_t i) {
  const float x = bits_as<float>(philox{1}.word(i));
  return is_finite(x) ? x : 0.f;
}
/// Floats of similar magnitude, so that sums round.
float similar(std::uint64_t i) {
  return bits_as<float>(detail::with_exponent(philox{2}.word(i), 120 + std::uint32_t(i % 8)));
}

template <class N>
void encode_all(recorder& r, const std::string& name) {
  tabulate(r, name, [](std::uint64_t i) { return N::encode(i % 2 ? similar(i) : any_float(i)); });
}

template <class T>
void transform_all(recorder& r, const std::string& name, const T& t) {
  for (const matrix& m : matrices())
    r.one(name + " of " + m.name, [&] { return transform_rows(t, m.view()).values; });
}

void arithmetic(recorder& r) {
  tabulate(r, "a b + c rounded twice", [](std::uint64_t i) {
    return add_rn(mul_rn(similar(3 * i), similar(3 * i + 1)), similar(3 * i + 2));
  });
  tabulate(r, "a b - c d", [](std::uint64_t i) {
    return sub_rn(mul_rn(similar(4 * i), similar(4 * i + 1)),
                  mul_rn(similar(4 * i + 2), similar(4 * i + 3)));
  });
  tabulate(r, "(a - b)^2 summed in double", [](std::uint64_t i) {
    return ordered_sum(40, [&](index_t j) {
      const double d = double(similar(i)) - double(similar(i + std::uint64_t(j))) / 3;
      return mul_rn(d, d);
    });
  });
  tabulate(r, "fma_rn", [](std::uint64_t i) {
    return fma_rn(any_float(3 * i), any_float(3 * i + 1), any_float(3 * i + 2));
  });
  tabulate(r, "fma_rn of similar values", [](std::uint64_t i) {
    return fma_rn(similar(3 * i), similar(3 * i + 1), similar(3 * i + 2));
  });
  tabulate(r, "division and root", [](std::uint64_t i) {
    const float b = any_float(2 * i + 1);
    return sqrt_rn(magnitude(div_rn(any_float(2 * i), b == 0 ? 1.f : b)));
  });
  tabulate(r, "normal_quantile", [](std::uint64_t i) { return philox{3}.normal(i); });
  tabulate(r, "power", [](std::uint64_t i) {
    return power(magnitude(any_float(i)), float(int(i % 81) - 40) / 10);
  });
  tabulate(r, "portable_exp2", [](std::uint64_t i) { return portable_exp2(similar(i) * 9); });
  tabulate(r, "portable_log2",
           [](std::uint64_t i) { return portable_log2(magnitude(similar(i))); });
  tabulate(r, "portable_tan", [](std::uint64_t i) { return portable_tan(magnitude(similar(i))); });
  tabulate(r, "portable_atan",
           [](std::uint64_t i) { return portable_atan(magnitude(similar(i)) * 40); });
  encode_all<f16>(r, "f16");
  encode_all<bf16>(r, "bf16");
  encode_all<fp8_e4m3>(r, "fp8_e4m3");
  encode_all<fp4_e2m1>(r, "fp4_e2m1");
  encode_all<e8m0>(r, "e8m0");

  transform_all(r, "hadamard", hadamard{0, 7});
  transform_all(r, "hadamard of blocks", hadamard{32, 0});
  for (const matrix& m : matrices())
    r.one("widely_linear of " + m.name, [&] {
      const auto p = widely_linear::split(m.view());
      std::vector<complex32> all = p.u.values;
      all.insert(all.end(), p.w.values.begin(), p.w.values.end());
      return all;
    });
}

const cases arithmetic_cases(arithmetic);

}  // namespace
}  // namespace determinism
