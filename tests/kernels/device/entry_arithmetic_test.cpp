// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Products with vectors of a codebook on tensor cores, in lockstep: every number of values, codes
// in one plane and in two, with few columns and with many, beside sums in binary64 and beside the
// host's.
#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/device/entry_arithmetic.hpp>

#include "support/lockstep_runner.hpp"

using namespace lowbit;

namespace {

template <class F, class T = float16>
void check(std::initializer_list<index_t> counts, extent shape = {150, 300}) {
  const auto q = quantize<F>(test::random_matrix(shape.rows, shape.cols, 3).view());
  static_assert(kernels::has_tensor_path<F>);
  for (const index_t tokens : counts) {
    CAPTURE(tokens);
    test::check_matrix<mma16, T>(test::lockstep_runner{}, q, tokens);
    if (tokens > 8)  // by few multiprocessors too
      test::check_matrix<mma16, T>(test::lockstep_runner{lockstep_order::reverse, true}, q, tokens);
  }
}

/// Sixteen values for each code, by arithmetic: no table travels with the matrix.
struct ramps {
  static constexpr int bits = 6, dim = 16;
  static constexpr float peak = 1.5f;
  static constexpr arr<float, 16> decode(code_t code) {
    arr<float, 16> v{};
    for (int i = 0; i < 16; ++i) v[i] = float(int(code) - 32) / 32 + float(i - 8) / 16;
    return v;
  }
  static constexpr code_t encode(const arr<float, 16>& x) {
    float sum = 0;
    for (int i = 0; i < 16; ++i) sum += x[i];
    const int c = int(sum * 2 + 32.5f);
    return code_t(c < 0 ? 0 : c > 63 ? 63 : c);
  }
};

}  // namespace

// A format takes some ten seconds to compile: each shows several things.
TEST_CASE("four values for each code, one scale for a row") {
  check<format<vector_codebook<4, 8>, per_row>>({1, 13, 70});
}
TEST_CASE("eight values, codes of more than eight bits of a sum of tables, scales of groups") {
  check<format<residual<vector_codebook<8, 6>, vector_codebook<8, 4>>, per_group<128>>>({2, 33});
}
TEST_CASE("sixteen values of a user's own set, rows that end within a code") {
  check<format<ramps, per_row>>({3, 40}, {40, 333});
}
TEST_CASE("codes that share a scale fill a unit, or there is no product of entries") {
  using four = vector_codebook<4, 8>;
  static_assert(kernels::has_tensor_path<format<four, per_group<64>>>);
  static_assert(!kernels::has_tensor_path<format<four, per_group<32>>>);
  static_assert(!kernels::has_tensor_path<format<vector_codebook<32, 4>, per_row>>);
  static_assert(!kernels::has_byte_path<format<four, per_row>>);
}
