// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/interop/safetensors/tensor.hpp>

#include <doctest/doctest.h>

namespace st = lowbit::safetensors;
using shape = std::vector<lowbit::index_t>;

TEST_CASE("each dtype has its own name, by which it is found, and the size of the format's text") {
  const std::pair<const char*, int> expected[] = {
      {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
      {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
      {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
      {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
      {"I64", 64},        {"U64", 64}};
  int i = 0;
  for (const auto& [name, bits] : expected) {
    const auto type = static_cast<st::dtype>(i++);
    CHECK(st::name_of(type) == name);
    CHECK(st::bits_of(type) == bits);
    CHECK(st::dtype_named(name) == type);
  }
  CHECK(st::name_of(st::dtype::u64) == "U64");
  CHECK_FALSE(st::dtype_named("f32"));
  CHECK_FALSE(st::dtype_named("F32 "));
  CHECK_FALSE(st::dtype_named(""));
}

TEST_CASE("bytes of a shape") {
  CHECK(*st::bytes_of(st::dtype::f32, shape{}) == 4);
  CHECK(*st::bytes_of(st::dtype::f32, shape{2, 3}) == 24);
  CHECK(*st::bytes_of(st::dtype::f4, shape{2, 3}) == 3);
  CHECK(*st::bytes_of(st::dtype::f6_e2m3, shape{4}) == 3);
  CHECK(*st::bytes_of(st::dtype::u64, shape{3, 0, 5}) == 0);
  CHECK(*st::bytes_of(st::dtype::u8, shape{INT64_MAX / 8}) == INT64_MAX / 8);
  CHECK(*st::bytes_of(st::dtype::u8, shape{0, INT64_MAX, INT64_MAX}) == 0);
}

TEST_CASE("shapes without a size in bytes say why") {
  const auto why = [](st::dtype type, const shape& s) {
    const auto bytes = st::bytes_of(type, s);
    REQUIRE_FALSE(bytes);
    CHECK(bytes.why().argument == "shape");
    return bytes.why().problem;
  };
  CHECK(why(st::dtype::f4, {1, 3}) == "shape [1,3] of F4 takes 12 bits, expected a multiple of 8");
  CHECK(why(st::dtype::f6_e3m2, {3}) ==
        "shape [3] of F6_E3M2 takes 18 bits, expected a multiple of 8");
  CHECK(why(st::dtype::f4, {}) == "shape [] of F4 takes 4 bits, expected a multiple of 8");
  CHECK(why(st::dtype::u8, {2, -1}) == "shape [2,-1] of U8 has a negative dimension");
  CHECK(why(st::dtype::u8, {INT64_MAX, 2}) ==
        "shape [9223372036854775807,2] of U8 has more than 2^63 - 1 values");
  CHECK(why(st::dtype::u8, {INT64_MAX, 2, 0}) ==
        "shape [9223372036854775807,2,0] of U8 has more than 2^63 - 1 values");
  CHECK(why(st::dtype::f4, {INT64_MAX / 4 + 1}) ==
        "shape [2305843009213693952] of F4 has more than 2^63 - 1 bits");
}
