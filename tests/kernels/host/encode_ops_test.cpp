// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/host/encode_ops.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/arith.hpp>

namespace lb = lowbit;

TEST_CASE("ordered bits are ordered like floats, -0 below 0, and give the bits back") {
  constexpr float ascending[] = {-3e38f, -1, -0x1p-149f, -0.f, 0.f, 0x1p-149f, 0x1p-126f, 1, 3e38f};
  for (int i = 0; i < 9; ++i) {
    const auto bits = lb::bits_as<std::int32_t>(ascending[i]);
    const std::int32_t key = lb::kernels::ordered_bits(bits);
    CHECK(lb::kernels::ordered_bits(key) == bits);
    if (i > 0)
      CHECK(key > lb::kernels::ordered_bits(lb::bits_as<std::int32_t>(ascending[i - 1])));
  }
}
