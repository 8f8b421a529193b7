// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Against the reference implementation: files that it made (data/make_safetensors.py) are read as
// meant, and our writer makes the same bytes of the same tensors.
#include <lowbit/interop/safetensors.hpp>

#include <doctest/doctest.h>

#include "safetensors/make_file.hpp"

namespace {

using lowbit_test::bytes;
using lowbit_test::tensor_set;
namespace st = lowbit::safetensors;
using st::dtype;

void check_golden(const std::string& name, const tensor_set& set,
                  const st::metadata_list& metadata) {
  const bytes file = st::read_file("tests/interop/data/" + name + ".safetensors");
  CHECK(st::serialize(set.tensors, metadata) == file);

  const auto parsed = st::archive::parse(file).take();
  CHECK(parsed.tensors().size() == static_cast<lowbit::index_t>(set.tensors.size()));
  for (const st::tensor& expected : set.tensors) {
    CAPTURE(expected.name);
    const st::tensor* t = parsed.find(expected.name);
    REQUIRE(t != nullptr);
    CHECK(t->type == expected.type);
    CHECK(t->shape == expected.shape);
    CHECK(bytes(t->data.begin(), t->data.end()) ==
          bytes(expected.data.begin(), expected.data.end()));
  }
  CHECK(st::metadata_list(parsed.metadata().begin(), parsed.metadata().end()) == metadata);
}

}  // namespace

TEST_CASE("golden file: all dtypes") {
  tensor_set set;
  set.add("f32 b", dtype::f32, {2, 3});
  set.add("f32 a", dtype::f32, {3});
  set.add("f32 B", dtype::f32, {1});
  set.add("bool", dtype::boolean, {3});
  set.add("f4", dtype::f4, {1, 6});
  set.add("u8", dtype::u8, {5});
  set.add("i8", dtype::i8, {1, 1, 7});
  set.add("f8_e5m2", dtype::f8_e5m2, {2});
  set.add("f8_e4m3", dtype::f8_e4m3, {3});
  set.add("f8_e8m0", dtype::f8_e8m0, {4});
  set.add("f8_e4m3fnuz", dtype::f8_e4m3fnuz, {5});
  set.add("f8_e5m2fnuz", dtype::f8_e5m2fnuz, {6});
  set.add("i16", dtype::i16, {2});
  set.add("u16", dtype::u16, {3});
  set.add("f16", dtype::f16, {1, 2, 1, 2});
  set.add("bf16", dtype::bf16, {5});
  set.add("i32", dtype::i32, {2});
  set.add("u32", dtype::u32, {1});
  set.add("c64", dtype::c64, {2});
  set.add("f64", dtype::f64, {});
  set.add("i64", dtype::i64, {1});
  set.add("u64", dtype::u64, {3, 0, 2});
  check_golden("dtypes", set, {{"format", "pt"}});
}

TEST_CASE("golden file: names and metadata that need escapes") {
  tensor_set set;
  std::string long_name = "a.very.";
  for (int i = 0; i < 30; ++i) long_name += "long.";
  for (const std::string& name :
       {std::string(), std::string("z"), std::string("Z"), std::string("quote\" and \\ slash/"),
        std::string("\b\f\n\r\t\x01\x1f\x7f"), std::string("\u00e9\u4e2d"),
        std::string("\U0001f9ee"), std::string("\u2028"), std::string("nul\0inside", 10),
        long_name + "name"})
    set.add(name, dtype::u8, {2});
  check_golden("names", set, {{"key \"1\"\n", "value \\ \u00e9\U0001f9ee\x1f"}});
}

TEST_CASE("golden files: no tensors, with and without metadata") {
  check_golden("empty", {}, {});
  check_golden("metadata_only", {}, {{"framework", "pt"}});
}
