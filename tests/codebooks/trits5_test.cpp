// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/codebooks/trits5.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>
#include <vector>

using namespace lowbit;

namespace {
constexpr arr<float, 5> trits(int v) {  // the digits of v in base 3, first digit first, minus 1
  arr<float, 5> t{};
  for (int i = 4; i >= 0; --i, v /= 3) t[i] = float(v % 3 - 1);
  return t;
}
constexpr bool equal(const arr<float, 5>& a, const arr<float, 5>& b) {
  for (int i = 0; i < 5; ++i)
    if (a[i] != b[i]) return false;
  return true;
}
constexpr bool all_states_round_trip() {
  int valid = 0;
  for (int v = 0; v < 243; ++v) {
    const code_t code = trits5::encode(trits(v));
    if (code != (256u * unsigned(v) + 242) / 243 || !trits5::valid(code) ||
        !equal(trits5::decode(code), trits(v)))
      return false;
  }
  for (code_t c = 0; c < 256; ++c) valid += int(trits5::valid(c));
  return valid == 243;
}
static_assert(codebook<trits5> && peak_of<trits5> == 1);
static_assert(all_states_round_trip());
static_assert(trits5::encode({{1, -1, 0, 0, 1}}) == 186, "golden: trits 2 0 1 1 2, v = 176");
}  // namespace

TEST_CASE("trits5: the same values as ternary, in 1.6 bits each") {
  std::vector<float> w;
  for (int i = 0; i < 3 * 23; ++i) w.push_back(float((37 * i) % 101 - 50) / 25);
  const matrix_view<const float> m(w.data(), 3, 23);  // the last code of a row is part used
  const auto a = quantize<format<ternary, per_row>>(m);
  const auto b = quantize<format<trits5, per_row>>(m);
  for (index_t r = 0; r < 3; ++r)
    for (index_t c = 0; c < 23; ++c) CHECK(a.view().at(r, c) == b.view().at(r, c));
  CHECK(b.bytes() == 3 * (5 + 2));
}
