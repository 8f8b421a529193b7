// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/code_bytes.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/guarded_bytes.hpp"

using namespace lowbit;

namespace {

code_t some_code(int bits, index_t i) {
  return code_t(i * 2654435761u + 40503u) >> 9 & ((code_t(1) << bits) - 1);
}

/// The law: what unpack_rows gives is what the layout says, for any part of a tile.
template <int Bits>
void check_tile(const kernels::row_ops& ops, index_t row_codes) {
  const test::guarded_bytes tile(std::size_t(host_layout::tile_bytes(row_codes, Bits)));
  for (index_t i = 0; i < host_layout::tile_bytes(row_codes, Bits); ++i)
    tile.data()[i] = std::uint8_t(some_code(8, i));
  for (const index_t first : {0, 32, 96}) {
    const index_t n = row_codes - first, stride = row_codes + 64;
    if (n <= 0) continue;
    std::vector<std::uint8_t> rows(std::size_t(16 * stride));
    kernels::unpack_rows<Bits>(ops, tile.data(), first, n, rows.data(), stride);
    index_t wrong = 0;
    for (int r = 0; r < 16; ++r)
      for (index_t c = 0; c < n; ++c)
        wrong += rows[std::size_t(r * stride + c)] !=
                 host_layout::code_in_tile(tile.data(), Bits, r, first + c);
    CHECK(wrong == 0);
  }
}

}  // namespace

TEST_CASE("a part of a tile becomes rows of bytes, on every target") {
  for (const arch a : {arch::scalar, arch::avx2, arch::avx512, arch::neon}) {
    if (!kernels::has_arch(a)) continue;
    CAPTURE(int(a));
    const kernels::row_ops& ops = kernels::ops_of(a);
    for (const index_t row_codes : {1, 64, 97, 500}) {
      CAPTURE(row_codes);
      check_tile<1>(ops, row_codes);
      check_tile<3>(ops, row_codes);
      check_tile<4>(ops, row_codes);
      check_tile<7>(ops, row_codes);
      check_tile<8>(ops, row_codes);
    }
  }
}

TEST_CASE("long codes are split into bytes and joined again") {
  for (int bits = 9; bits <= 16; ++bits)
    for (const index_t n : {1, 2, 7, 8, 16, 17, 61, 96}) {
      CAPTURE(bits);
      CAPTURE(n);
      const std::size_t size = std::size_t(ceil_div(n * bits, 8));
      const test::guarded_bytes stream(size), again(size);
      for (index_t i = 0; i < n; ++i)
        write_bits(stream.data(), std::uint64_t(i * bits), bits, some_code(bits, i));
      std::vector<std::uint8_t> low(std::size_t(n + 64)), high(low);
      kernels::split_long_codes(stream.data(), bits, n, low.data(), high.data());
      index_t wrong = 0;
      for (index_t i = 0; i < n; ++i)
        wrong += code_t(low[std::size_t(i)] | high[std::size_t(i)] << 8) != some_code(bits, i);
      CHECK(wrong == 0);
      kernels::join_long_codes(low.data(), high.data(), bits, n, again.data());
      CHECK(std::memcmp(stream.data(), again.data(), size) == 0);
    }
}
