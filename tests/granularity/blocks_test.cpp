// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/granularity/blocks.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/per.hpp>
#include <lowbit/quantizers/complex_unit.hpp>

#include "granularity/groups_of.hpp"

using namespace lowbit;

namespace {
template <class F>
std::string arrays_of() {
  const test::random_matrix m(3, 20, 1);
  return test::array_names(quantize<F>(m.view()));
}
struct changer {
  const std::string& name;
  int change;
  void operator()(const path& at, element, auto& array) const {
    if constexpr (requires { array.resize(0); })
      if (at.str() == name) array.resize(std::size_t(int(array.size()) + change));
  }
  void derived(auto&) const {}
};
/// What from_parts says when one array has `change` bytes more.
template <class F>
std::string failure(const std::string& name, int change) {
  const test::random_matrix m(3, 20, 1);
  auto w = quantize<F>(m.view());
  matrix_data<F, owned>::each(changer{name, change}, w.data());
  try {
    w.view().main.validate(path{}, w.shape());
  } catch (const error& e) {
    CHECK(e.code() == errc::corrupted);
    return e.what();
  }
  return "";
}
}  // namespace

TEST_CASE("without scales every scale is 1 and nothing is stored beside the codes") {
  using F = format<uniform<4>, unscaled>;
  CHECK(arrays_of<F>() == "codes");
  const std::vector<float> values{1, -7, 3.4f, 100};
  const auto w = quantize<F>(matrix_view<const float>(values.data(), 1, 4));
  CHECK(w.bits_per_weight() == 4);
  CHECK(w.view().at(0, 0) == 1);
  CHECK(w.view().at(0, 1) == -7);
  CHECK(w.view().at(0, 2) == 3);
  CHECK(w.view().at(0, 3) == 7);
  CHECK(unscaled::params_shape({5, 6}) == extent{0, 0});
}

TEST_CASE("parameters are arrays named below their matrix, and there only where they are needed") {
  CHECK(arrays_of<format<uniform<4>, per_row>>() == "codes scales");
  CHECK(arrays_of<format<uniform<4, asymmetric>, per_row>>() == "codes scales zeros");
  using six = scaled<uniform<6, nonnegative>, per_group<8>>;
  CHECK(arrays_of<format<uniform<4>, per_group<4, six>>>() == "codes scales scales.scales");
  CHECK(arrays_of<format<uniform<4, minimum>, per_group<4, six, zero_like_scale>>>() ==
        "codes scales scales.scales zeros zeros.scales");
  const std::vector<complex32> z(6, {1, 0});
  CHECK(test::array_names(quantize<format<complex_unit, per_row>>(
            matrix_view<const complex32>(z.data(), 2, 3))) == "codes scales scales2");
}

TEST_CASE("an integer zero is stored as the quantizer says, a real one like the scale if asked") {
  using integer = blocks<1, 8, f32>;
  CHECK(integer::data<owned, uniform<4, asymmetric>>::zero_plane::quantizer_type::bits == 4);
  using real = blocks<1, 8, f32, zero_like_scale>;
  CHECK(real::data<owned, uniform<4, minimum>>::zero_plane::quantizer_type::bits == 32);
  CHECK(real::data<owned, uniform<4, asymmetric>>::zero_plane::quantizer_type::bits == 4);
  using given = blocks<1, 8, f32, bf16>;
  CHECK(std::same_as<given::data<owned, uniform<4, minimum>>::zero_plane::quantizer_type, bf16>);
  CHECK(std::string_view(integer::name) == "per_group<8,f32>");
  CHECK(std::string_view(real::name) == "per_group<8,f32,*>");
  CHECK(std::string_view(given::name) == "per_group<8,f32,bf16>");
}

TEST_CASE("an array of the wrong size is named") {
  using F = format<uniform<4, asymmetric>, per_group<8>>;
  CHECK(failure<F>("scales", 0) == "");
  CHECK(failure<F>("scales", 2) == "lowbit: scales: 20 elements, expected 18");
  CHECK(failure<F>("zeros", -1) == "lowbit: zeros: 5 elements, expected 6");
}

TEST_CASE("which sign a parameter can have") {
  CHECK(detail::has_both_signs<f16>);
  CHECK(detail::has_both_signs<uniform<4>>);
  CHECK(!detail::has_both_signs<uniform<4, nonnegative>>);
  CHECK(!detail::has_both_signs<uniform<16, nonnegative>>);
  CHECK(!detail::has_both_signs<e8m0>);
}
