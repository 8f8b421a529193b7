// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the reader asks of the heap is bounded by the length of the header that is there, whatever
// sizes the header or the file's length field claim.
#include <doctest/doctest.h>

#include <lowbit/interop/safetensors/archive.hpp>

#include "../../support/heap_watch.hpp"
#include "make_file.hpp"
#include "mutator.hpp"

namespace {

using lowbit_test::bytes;
using lowbit_test::file_of;
using lowbit_test::heap_watch;
namespace st = lowbit::safetensors;

struct outcome {
  bool accepted;
  long peak;
};

outcome parse(const bytes& file) {
  heap_watch heap;
  const bool accepted = static_cast<bool>(st::archive::parse(file));
  return {accepted, heap.peak()};
}

/// Per byte of the header, and for any file at all. The most is asked for by empty metadata: six
/// bytes of text become two strings in a list that is growing.
constexpr long factor = 40;
constexpr long constant = 8192;

void check_bound(const bytes& file, bool accepted) {
  const outcome got = parse(file);
  CHECK(got.accepted == accepted);
  CHECK(got.peak <= factor * static_cast<long>(file.size()) + constant);
}

std::string tensor(const std::string& name, const std::string& shape, const std::string& offsets) {
  return lowbit::message("\"", name, R"(":{"dtype":"U8","shape":)", shape, R"(,"data_offsets":)",
                         offsets, "}");
}

}  // namespace

TEST_CASE("a short file that claims to be large gets a constant at most") {
  bytes length_lies = {0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, '{', '}'};  // 100,000,000
  CHECK(parse(length_lies).peak <= constant);
  for (const char* header : {
           R"({"t":{"dtype":"F64","shape":[1000000000000],"data_offsets":[0,8000000000000]}})",
           R"({"t":{"dtype":"U8","shape":[9223372036854775807],)"
           R"("data_offsets":[0,9223372036854775807]}})",
           R"({"t":{"dtype":"U8","shape":[0,9223372036854775807],"data_offsets":[0,0]}})",
           R"({"t":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,1]},"u":{)",
       })
    CHECK(parse(file_of(header)).peak <= constant);
}

TEST_CASE("the data of a large file is not copied") {
  const bytes file = file_of("{" + tensor("t", "[50000000]", "[0,50000000]") + "}", 50'000'000);
  const outcome got = parse(file);
  CHECK(got.accepted);
  CHECK(got.peak <= constant);
}

TEST_CASE("long headers, accepted or not: a fixed number of bytes for each of theirs") {
  const std::string text(1'000'000, 'x');
  check_bound(file_of(R"({"__metadata__":{"k":")" + text + "\"}}"), true);
  check_bound(file_of(R"({"__metadata__":{")" + text + R"(":""}})"), true);
  check_bound(file_of("{" + tensor(text, "[0]", "[0,0]") + "}"), true);
  check_bound(file_of("{\"" + text + "\":1}"), false);
  check_bound(file_of("{\"" + text + "}"), false);
  check_bound(file_of("{" + text + "}"), false);
  check_bound(file_of(R"({"t":{"shape":[)" + std::string(1'000'000, '1') + "]}}"), false);
  check_bound(file_of(R"({"t":{"dtype":")" + text + "\"}}"), false);
  check_bound(file_of(R"({"t":{")" + text + "\":1}}"), false);

  std::string header = "{", metadata = R"({"__metadata__":{)", wide = "{";
  std::string shape = "[0";
  for (int i = 1; i < 64; ++i) shape += ",0";
  for (int i = 0; i < 20'000; ++i) {
    header += tensor(std::to_string(i), "[0]", "[0,0]") + ",";
    wide += tensor(std::to_string(i), shape + "]", "[0,0]") + ",";
    metadata += lowbit::message("\"", i, "\":\"\",");
  }
  header.back() = wide.back() = metadata.back() = '}';
  check_bound(file_of(header), true);
  check_bound(file_of(wide), true);
  check_bound(file_of(metadata + "}"), true);
  check_bound(file_of(metadata), false);

  std::string dense = R"({"__metadata__":{"":"")";
  for (int i = 0; i < 1 << 16; ++i) dense += R"(,"":"")";
  check_bound(file_of(dense + "}}"), false);

  std::string endless = R"({"t":{"shape":[1)";
  for (int i = 0; i < 500'000; ++i) endless += ",1";
  check_bound(file_of(endless + "]}}"), false);
}

TEST_CASE(
    "as many entries as there may be take a fraction of what a hostile header could ask for") {
  const auto metadata_of = [](std::size_t count) {
    std::string header = R"({"__metadata__":{"0":"")";
    for (std::size_t i = 1; i < count; ++i) header += lowbit::message(",\"", i, "\":\"\"");
    return file_of(header + "}}");
  };
  constexpr long most = 200'000'000;
  const outcome largest = parse(metadata_of(st::max_entries));
  CHECK(largest.accepted);
  CHECK(largest.peak <= most);
  const auto refusal = [most](const bytes& file) {
    heap_watch heap;
    const lowbit::failure why = st::archive::parse(file).why();
    CHECK(heap.peak() <= most);
    CHECK(why.code == lowbit::errc::unsupported);
    CHECK(why.argument == "header");
    return why.problem;
  };
  CHECK(refusal(metadata_of(st::max_entries + 1)) ==
        "has too many entries of metadata, expected at most 1048576");
  std::string tensors = "{" + tensor("", "[0]", "[0,0]");
  for (std::size_t i = 0; i < st::max_entries; ++i) tensors += "," + tensor("", "[0]", "[0,0]");
  CHECK(refusal(file_of(tensors + "}")) == "has too many tensors, expected at most 1048576");
}

TEST_CASE("malformed files keep to the bound too") {
  lowbit_test::file_mutator mutator(2);
  for (int i = 0; i < 20'000; ++i) {
    const bytes file = mutator.next();
    const long peak = parse(file).peak;
    if (peak > factor * static_cast<long>(file.size()) + constant)
      FAIL("peak of " << peak << " bytes for " << std::string(file.begin(), file.end()));
  }
}
