// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/packing/code_rows.hpp>

#include <doctest/doctest.h>

#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"

using namespace lowbit;

namespace {

code_t some_code(int bits, index_t r, index_t c) {
  return code_t(r * 2654435761u + c * 40503u) >> 7 & ((code_t(1) << bits) - 1);
}

template <class Layout>
std::vector<std::uint8_t> codes_in(int bits, index_t rows, index_t cols) {
  std::vector<std::uint8_t> codes(std::size_t(Layout::bytes(rows, cols, bits)));
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c)
      Layout::write(codes.data(), cols, bits, r, c, some_code(bits, r, c));
  return codes;
}

/// The law: all bytes of a matrix that is moved are those of one that was written code by code.
template <class From, class To, int Bits>
void check(arch target, index_t rows, index_t cols) {
  CAPTURE(Bits);
  CAPTURE(rows);
  CAPTURE(cols);
  const auto from = codes_in<From>(Bits, rows, cols), expected = codes_in<To>(Bits, rows, cols);
  const test::guarded_bytes memory(from.data(), from.size());
  std::vector<std::uint8_t> to(expected.size());
  constexpr index_t most = detail::code_rows<Bits>::most;
  for (index_t r = 0; r < rows; r += 16)
    for (index_t c = 0; c < cols; c += most)
      detail::move_codes<From, To, Bits>(
          kernels::ops_of(target), memory.data(), index_t(from.size()),
          {cols, r, min_of(16, rows - r), c, min_of(most, cols - c)}, to.data());
  CHECK(to == expected);
}
template <int Bits>
void check_layouts(arch target) {
  for (const extent e : {extent{1, 1}, {16, 512}, {19, 1187}}) {
    check<canonical, host_layout, Bits>(target, e.rows, e.cols);
    check<canonical, mma16, Bits>(target, e.rows, e.cols);
    check<host_layout, canonical, Bits>(target, e.rows, e.cols);
    check<mma16, canonical, Bits>(target, e.rows, e.cols);
    check<mma16, host_layout, Bits>(target, e.rows, e.cols);
  }
}

}  // namespace

TEST_CASE("codes move between all layouts, on every target") {
  for (const arch a : {arch::scalar, arch::avx2, arch::avx512, arch::neon}) {
    if (!kernels::has_arch(a)) continue;
    CAPTURE(int(a));
    check_layouts<1>(a);
    check_layouts<2>(a);
    check_layouts<4>(a);
    check_layouts<7>(a);
    check_layouts<8>(a);
    check_layouts<11>(a);
  }
}
