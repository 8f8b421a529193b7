// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/storage/stored_numbers.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantizers/minifloat.hpp>
#include <lowbit/quantizers/uniform.hpp>
#include <vector>

using namespace lowbit;

namespace {
template <class Number>
void check(element expected, const std::vector<float>& values) {
  stored_numbers<Number, owned> from;
  from.assign(values);
  stored_numbers<Number, borrowed> to;
  stored_numbers<Number, owned>::each(detail::binder{}, path{}, from, to);
  for (index_t i = 0; i < index_t(values.size()); ++i)
    CHECK(to[i] == Number::decode(Number::encode(values[std::size_t(i)])));
  element type = element::unspecified;
  index_t bytes = 0;
  stored_numbers<Number, owned>::each(
      [&](const path&, element t, const auto& codes) {
        type = t;
        bytes = index_t(codes.size() * sizeof(codes[0]));
      },
      path{}, from);
  CHECK(type == expected);
  CHECK(bytes == index_t(values.size()) * Number::bits / 8);

  to.validate({nullptr, "levels"}, index_t(values.size()));
  CHECK_THROWS_WITH_AS(to.validate({nullptr, "levels"}, 7),
                       "lowbit: levels: 3 elements, expected 7", error);
}
}  // namespace

TEST_CASE(
    "stored_numbers: each is rounded, stored with the type's bytes and dtype, and read back") {
  const std::vector<float> values = {-1, 0.3f, 100.7f};
  check<f32>(element::f32, values);
  check<f16>(element::f16, values);
  check<bf16>(element::bf16, values);
  check<e4m3>(element::f8_e4m3, values);
  check<uniform<8>>(element::u8, values);
  check<uniform<16, nonnegative>>(element::u16, {1, 2, 60000});
}

TEST_CASE("stored_numbers: what is not finite is rejected, and named") {
  const std::vector<std::uint16_t> codes = {0x3c00, 0x7c00};
  stored_numbers<f16, borrowed> numbers;
  numbers.codes = {codes.data(), 2};
  CHECK_THROWS_WITH_AS(numbers.validate({nullptr, "state"}, 2),
                       "lowbit: state: number 1 is not finite", error);
}
