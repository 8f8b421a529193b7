// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/half_values.hpp>

#include <doctest/doctest.h>

using namespace lowbit;

namespace {
template <class V>
V stored(V x) {
  std::vector<std::uint16_t> halves;
  detail::push_half(halves, x, 0, 0);
  CHECK(index_t(halves.size()) == detail::halves_of<V>);
  return detail::half_at<V>(unaligned_span<std::uint16_t>(halves.data(), index_t(halves.size())),
                            0);
}
}  // namespace

TEST_CASE("values are rounded to f16, complex ones by their parts") {
  CHECK(stored(1.5f) == 1.5f);
  CHECK(stored(-65504.f) == -65504.f);
  CHECK(stored(0x1.002p0f) == 1);       // a tie, to even
  CHECK(stored(0x1p-24f) == 0x1p-24f);  // the smallest
  CHECK(stored(complex32{2, -3}) == complex32{2, -3});
}

TEST_CASE("a value that f16 cannot hold is an error that says where it is") {
  std::vector<std::uint16_t> halves;
  CHECK_THROWS_WITH_AS(detail::push_half(halves, -65505.f, 3, 8),
                       "lowbit: weights: the value to be kept apart at row 3, column 8 is "
                       "-65505.000000, and f16 ends at 65504",
                       error);
  CHECK_THROWS_AS(detail::push_half(halves, complex32{0, 7e4f}, 0, 0), error);
}

TEST_CASE("adding nothing keeps a negative zero") {
  CHECK(bits_as<std::uint32_t>(add_rn(-0.f, detail::nothing_to_add<float>())) == 0x80000000u);
  CHECK(add_rn(2.f, detail::nothing_to_add<float>()) == 2);
  CHECK(add_rn(complex32{1, 2}, detail::nothing_to_add<complex32>()) == complex32{1, 2});
}

TEST_CASE("stored values that are not finite are named") {
  const std::vector<std::uint16_t> halves{0x3c00, 0x7c00};
  const unaligned_span<std::uint16_t> view{halves.data(), 2};
  CHECK_THROWS_WITH_AS(detail::check_finite_halves(view, path{} / "values"),
                       "lowbit: values: element 1 is not finite", error);
}
