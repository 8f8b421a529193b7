// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/ranges/rms.hpp>

#include <doctest/doctest.h>

#include <lowbit/quantize.hpp>
#include <vector>

using namespace lowbit;

namespace {
using q4 = uniform<4>;
group_params<q4> fit(const rms& r, std::vector<float> values) {
  group_values<q4> g;
  g.values = values;
  return r.fit<q4>(g);
}
struct axes {  // any complex set will do
  static constexpr int bits = 1;
  static complex32 decode(code_t c) { return c == 0 ? complex32{1, 0} : complex32{0, 1}; }
  static code_t encode(complex32) { return 0; }
};
}  // namespace

TEST_CASE("rms is the root of the mean square, times a factor") {
  CHECK(fit(rms{}, {3, 4, 0, 0}).scale[0] == 2.5f);
  CHECK(fit(rms{0.5f}, {3, -4, 0, 0}).scale[0] == 1.25f);
  CHECK(fit(rms{}, {1e-30f}).scale[0] == 1e-30f);       // squares in binary64 neither vanish
  CHECK(fit(rms{}, {1e30f, 1e30f}).scale[0] == 1e30f);  // nor overflow
}

TEST_CASE("rms of nothing and of zeros is 0, as which everything decodes to 0") {
  CHECK(fit(rms{}, {}).scale[0] == 0);
  CHECK(fit(rms{}, {0, 0, 0}).scale[0] == 0);
  const std::vector<float> zeros(8, 0.f);
  const auto w = quantize<format<q4, per_row>>(matrix_view<const float>(zeros.data(), 2, 4), rms{});
  CHECK(w.view().at(1, 2) == 0);
}

TEST_CASE("rms of complex values is the one of their parts") {
  const std::vector<complex32> values = {{3, 4}, {0, 0}};
  group_values<axes> g;
  g.values = values;
  CHECK(rms{}.fit<axes>(g).scale[0] == 2.5f);
}
