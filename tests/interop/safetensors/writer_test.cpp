// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/interop/safetensors/writer.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>

#include "../../support/temporary_folder.hpp"
#include "make_file.hpp"

namespace {

using lowbit_test::bytes;
using lowbit_test::temporary_folder;
using lowbit_test::tensor_set;
namespace st = lowbit::safetensors;
using st::dtype;

bytes text_bytes(std::string_view text) { return {text.begin(), text.end()}; }

template <class F>
void check_error(F f, lowbit::errc code, const std::string& what) {
  try {
    f();
    FAIL("expected: " << what);
  } catch (const lowbit::error& e) {
    CHECK(std::string(e.what()) == "lowbit: " + what);
    CHECK(e.code() == code);
  }
}

constexpr auto bad_argument = lowbit::errc::bad_argument;

const bytes eight_bytes = lowbit_test::hashed_data(8, 0);

/// An otherwise good tensor of eight bytes.
st::tensor named(std::string name) { return {std::move(name), dtype::u8, {8}, eight_bytes}; }

}  // namespace

TEST_CASE("the bytes of a small file, one by one") {
  // The reference implementation's own test states these.
  const float values[] = {0, 1, 2, 3, 4, 5};
  const lowbit::span<const std::uint8_t> data(reinterpret_cast<const std::uint8_t*>(values), 24);
  const st::tensor t[] = {{"attn0", dtype::f32, {1, 1, 2, 3}, data}};
  const bytes expected = {72,  0,   0,   0,   0,   0,   0,   0,   123, 34, 97, 116, 116, 110, 48,
                          34,  58,  123, 34,  100, 116, 121, 112, 101, 34, 58, 34,  70,  51,  50,
                          34,  44,  34,  115, 104, 97,  112, 101, 34,  58, 91, 49,  44,  49,  44,
                          50,  44,  51,  93,  44,  34,  100, 97,  116, 97, 95, 111, 102, 102, 115,
                          101, 116, 115, 34,  58,  91,  48,  44,  50,  52, 93, 125, 125, 32,  32,
                          32,  32,  32,  32,  32,  0,   0,   0,   0,   0,  0,  128, 63,  0,   0,
                          0,   64,  0,   0,   64,  64,  0,   0,   128, 64, 0,  0,   160, 64};
  CHECK(st::serialize(t) == expected);
  CHECK(st::serialize({}) == text_bytes(std::string_view("\x8\0\0\0\0\0\0\0{}      ", 16)));
}

TEST_CASE("tensors go by dtype, then by name; the caller's order does not matter") {
  tensor_set set;
  set.add("b", dtype::u8, {3});
  set.add("a", dtype::f16, {1});
  set.add("a2", dtype::f4, {2});
  set.add("B", dtype::u8, {1});
  set.add("c", dtype::f64, {1});
  const bytes file = st::serialize(set.tensors);
  std::string order;
  const auto parsed = st::archive::parse(file).take();
  for (const st::tensor& t : parsed.tensors()) order += t.name + " ";
  CHECK(order == "c a B b a2 ");
  std::reverse(set.tensors.begin(), set.tensors.end());
  CHECK(st::serialize(set.tensors) == file);
}

TEST_CASE("data of a type whose bits divide the address of the file's start is aligned") {
  tensor_set set;
  set.add("one odd name", dtype::u8, {5});
  set.add("f", dtype::f64, {3});
  set.add("h", dtype::f16, {3});
  set.add("i", dtype::i32, {1});
  const bytes file = st::serialize(set.tensors);
  const auto parsed = st::archive::parse(file).take();
  for (const st::tensor& t : parsed.tensors())
    CHECK((t.data.data() - file.data()) % (st::bits_of(t.type) / 8) == 0);
}

TEST_CASE("metadata stays in the given order") {
  const st::metadata_list metadata = {{"z", "1"}, {"a", ""}, {"", "2"}};
  const bytes file = st::serialize({}, metadata);
  const auto parsed = st::archive::parse(file).take();
  CHECK(std::ranges::equal(parsed.metadata(), metadata));
}

TEST_CASE("a file is what serialize makes, and takes the place of the one before") {
  temporary_folder folder;
  tensor_set set;
  set.add("w", dtype::f32, {5, 7});
  set.add("nothing", dtype::f32, {0});
  st::write(folder / "f", set.tensors, st::metadata_list{{"k", "v"}});
  CHECK(lowbit::read_file(folder / "f") ==
        st::serialize(set.tensors, st::metadata_list{{"k", "v"}}));
  st::write(folder / "f", {});
  CHECK(lowbit::read_file(folder / "f") == st::serialize({}));
  CHECK(folder.entries() == 1);
}

TEST_CASE("tensors of a mapped file can be written to that file") {
  temporary_folder folder;
  tensor_set set;
  set.add("w", dtype::f32, {2000});
  st::write(folder / "f", set.tensors);
  const bytes before = lowbit::read_file(folder / "f");
  const int descriptor = ::open((folder / "f").c_str(), O_RDONLY);
  void* mapped = ::mmap(nullptr, before.size(), PROT_READ, MAP_SHARED, descriptor, 0);
  REQUIRE(mapped != MAP_FAILED);
  const auto parsed = st::archive::parse({static_cast<const std::uint8_t*>(mapped),
                                          static_cast<lowbit::index_t>(before.size())})
                          .take();
  st::write(folder / "f", parsed.tensors());
  CHECK(lowbit::read_file(folder / "f") == before);
  ::munmap(mapped, before.size());
  ::close(descriptor);
}

TEST_CASE("what no file can hold is an error before anything is written") {
  temporary_folder folder;
  lowbit::write_file(folder / "f", {});
  const auto write = [&](const std::vector<st::tensor>& tensors,
                         const st::metadata_list& metadata = {}) {
    return [&folder, tensors, metadata] { st::write(folder / "f", tensors, metadata); };
  };
  st::tensor t = named("t");
  t.shape = {9};
  check_error(write({t}), lowbit::errc::shape_mismatch,
              "tensor 't': has 8 bytes of data, expected 9 for its dtype and shape");
  t.shape = {7};
  check_error(write({t}), lowbit::errc::shape_mismatch,
              "tensor 't': has 8 bytes of data, expected 7 for its dtype and shape");
  t.shape = {-8};
  check_error(write({t}), bad_argument, "tensor 't': shape [-8] of U8 has a negative dimension");
  t.shape = {INT64_MAX, 8};
  check_error(write({t}), bad_argument,
              "tensor 't': shape [9223372036854775807,8] of U8 has more than 2^63 - 1 values");
  t.shape = std::vector<lowbit::index_t>(65, 1);
  check_error(write({t}), bad_argument, "tensor 't': has 65 dimensions, expected at most 64");
  t = named("t");
  t.type = dtype::f4;
  t.shape = {15};
  check_error(write({t}), bad_argument,
              "tensor 't': shape [15] of F4 takes 60 bits, expected a multiple of 8");
  t.type = static_cast<dtype>(22);
  check_error(write({t}), bad_argument, "tensor 't': has no dtype (22)");
  t = named("t");
  t.data = {nullptr, 8};
  check_error(write({t}), bad_argument, "tensor 't': has null data, expected 8 bytes");
  check_error(write({named("t"), named("u"), named("t")}), bad_argument,
              "tensor 't': is there twice, expected each name once");
  check_error(write({named("__metadata__")}), bad_argument,
              "tensor '__metadata__': has the name that the format keeps for metadata");
  check_error(write({named("t\xFF")}), bad_argument, "tensor 't\\xff': is not UTF-8 at byte 1");
  check_error(write({}, {{"k", "a"}, {"k", "b"}}), bad_argument,
              "__metadata__ 'k': is there twice, expected each key once");
  check_error(write({}, {{"k", "v\x80"}}), bad_argument,
              "__metadata__ 'k': is not UTF-8 at byte 1");
  check_error(write({}, {{"\x80", "v"}}), bad_argument,
              "__metadata__ '\\x80': is not UTF-8 at byte 0");
  const std::pair<std::string, std::string> large[] = {{"k", std::string(100'000'000, 'v')}};
  check_error([&] { st::write(folder / "f", {}, large); }, lowbit::errc::unsupported,
              "header: takes 100000032 bytes, expected at most 100000000");
  const std::vector<st::tensor> many(st::max_entries + 1);
  check_error([&] { st::write(folder / "f", many); }, lowbit::errc::unsupported,
              "file: has 1048577 tensors, expected at most 1048576");
  const st::metadata_list long_list(st::max_entries + 1);
  check_error([&] { st::write(folder / "f", {}, long_list); }, lowbit::errc::unsupported,
              "file: has 1048577 entries of metadata, expected at most 1048576");
  CHECK(lowbit::read_file(folder / "f").empty());
  CHECK(folder.entries() == 1);
}

TEST_CASE("what the system refuses is an io error that names the path") {
  temporary_folder folder;
  const std::string path = folder / "none/f";
  check_error([&] { st::write(path, {}); }, lowbit::errc::io,
              path + ": cannot create a file in its directory: No such file or directory");
}
