// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/core/thread_pool.hpp>
#include <lowbit/format.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/granularity/per.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/bnb_fp4.hpp>
#include <lowbit/quantizers/normal_float.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <vector>

namespace lb = lowbit;
using lb::index_t;

namespace {

/// nearest by another name: code by code.
struct code_by_code : lb::rounding_solver {
  template <class Q, class G>
  void solve_row(lb::coder<Q, G>& c, index_t r) const {
    lb::nearest{}.solve_row(c, r);
  }
};

struct bytes_of {
  std::vector<std::uint8_t> all;
  template <class T>
  void operator()(const lb::path&, lb::element, const std::vector<T>& v) {
    const auto* const p = reinterpret_cast<const std::uint8_t*>(v.data());
    all.insert(all.end(), p, p + v.size() * sizeof(T));
  }
  template <class T>
  void operator()(const lb::path&, lb::element, const T&) {}
  template <class T>
  void derived(const T&) {}
};
template <class F>
std::vector<std::uint8_t> bytes(const lb::quantized_matrix<F>& m) {
  bytes_of b;
  lb::quantized_matrix<F>::data_type::each(b, m.data());
  return b.all;
}

struct hashed {
  std::uint64_t state = 0x243f6a8885a308d3u;
  std::uint32_t operator()() {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return std::uint32_t(state >> 32);
  }
};
std::vector<float> values(index_t n, int kind) {
  hashed random;
  std::vector<float> x;
  for (index_t i = 0; i < n; ++i) {
    const std::uint32_t bits = random();
    const float uniform = float(std::int32_t(bits)) * 0x1p-31f;
    x.push_back(kind == 0   ? uniform
                : kind == 1 ? float(int(bits >> 16) % 31 - 15) * 0.5f  // ties
                : kind == 2 ? lb::bits_as<float>(bits & 0x80000007u)   // zeros, subnormal
                : kind == 3 ? lb::bits_as<float>(bits & 0xbfffffffu)   // any size below 2
                : kind == 4 ? uniform * 0x1p15f                        // what f16 clips
                            : uniform * uniform + 3);                  // one sign
  }
  return x;
}

template <class F>
void check() {
  for (int kind = 0; kind < 6; ++kind)
    for (const lb::extent e : {lb::extent{3, 64}, {5, 203}, {2, 1100}, {1, 1}, {0, 7}, {4, 0}}) {
      CAPTURE(kind);
      CAPTURE(e.rows);
      CAPTURE(e.cols);
      // Rows that lie apart.
      std::vector<float> x = values(e.rows * (e.cols + 3), kind);
      const lb::matrix_view<const float> m(x.data(), e.rows, e.cols, e.cols + 3);
      const auto slow = bytes(lb::quantize<F>(m, code_by_code{}));
      CHECK(bytes(lb::quantize<F>(m)) == slow);
      CHECK(bytes(lb::quantize<F>(m, lb::thread_pool{2})) == slow);
    }
}

}  // namespace

TEST_CASE("runs have the bytes of code by code: steps of every width and zero") {
  check<lb::format<lb::uniform<4>, lb::per_group<64>>>();
  check<lb::format<lb::uniform<8>, lb::per_row>>();
  check<lb::format<lb::uniform<5, lb::full_range>, lb::per_group<20>>>();
  check<lb::format<lb::uniform<3, lb::asymmetric>, lb::per_group<32>>>();
  check<lb::format<lb::uniform<7, lb::real_zero>, lb::per_tensor>>();
  check<lb::format<lb::uniform<2, lb::minimum>, lb::per_block<2, 24>>>();
  check<lb::format<lb::uniform<4, lb::minimum>, lb::two_level<32, 8, lb::uniform<6>>>>();
  check<lb::format<lb::uniform<6, lb::centred>, lb::per_group<16, lb::bf16>>>();
}
TEST_CASE("runs have the bytes of code by code: tables and fields") {
  check<lb::format<lb::normal_float<4>, lb::per_group<64>>>();
  check<lb::format<lb::bnb_fp4, lb::per_group<64, lb::f32>>>();
  check<lb::format<lb::ternary, lb::per_group<64>>>();
  check<lb::format<lb::fp6_e2m3, lb::microscaling<32>>>();
  check<lb::format<lb::fp4_e2m1, lb::microscaling<16, lb::e4m3>>>();
  check<lb::format<lb::f16, lb::per_row>>();
}
TEST_CASE("values that are kept apart code as 0") {
  using F = lb::format<lb::uniform<3, lb::asymmetric>, lb::per_group<64>, lb::sparse<>>;
  std::vector<float> x = values(5 * 203, 0);
  x[7] = 9;
  const lb::matrix_view<const float> m(x.data(), 5, 203);
  CHECK(bytes(lb::quantize<F>(m)) == bytes(lb::quantize<F>(m, code_by_code{})));
}
