// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/quantizers/one.hpp>

#include <doctest/doctest.h>

#include <lowbit/granularity/per.hpp>
#include <lowbit/quantize.hpp>

using namespace lowbit;

namespace {
/// 4-bit codes above a minimum that all groups share.
using shared_minimum = scaled<one, per_tensor::with<f32>>;
using F = format<uniform<4, minimum>, per_group<4, f32, shared_minimum>>;
struct least_of_all : range_search {
  float minimum_of_matrix;
  explicit least_of_all(float m) : minimum_of_matrix(m) {}
  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    group_params<Q> p;
    p.zero = minimum_of_matrix;
    for (float x : g.values) p.scale[0] = std::max(p.scale[0], div_rn(x - p.zero, peak_of<Q>));
    return p;
  }
};
}  // namespace

TEST_CASE("a number of no bits is one value for all groups, of either sign") {
  for (const float shift : {-2.f, 3.f}) {
    std::vector<float> x;
    for (int i = 0; i < 24; ++i) x.push_back(float(i) + shift);
    const matrix_view<const float> m(x.data(), 2, 12);
    const auto q = quantize<F>(m, least_of_all(shift));
    for (index_t r = 0; r < 2; ++r)
      for (index_t c = 0; c < 12; ++c) CHECK(q.view().main.params(r, c).zero == shift);
    CHECK(q.view().at(0, 0) == shift);
    // codes 12 bytes, scales 6 f32, the shared minimum one f32
    CHECK(q.bytes() == 12 + 24 + 4);
  }
}

TEST_CASE("it is no quantizer for weights, which need a bit at least") {
  CHECK(number<one>);
  CHECK(one::bits == 0);
  CHECK(one::decode(one::encode(-7)) == 1);
}
