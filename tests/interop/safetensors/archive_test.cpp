// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/interop/safetensors/archive.hpp>

#include <doctest/doctest.h>

#include "make_file.hpp"

namespace {

using lowbit_test::bytes;
using lowbit_test::file_of;
using shape = std::vector<lowbit::index_t>;
namespace st = lowbit::safetensors;
using st::archive;
using st::header_padding;

constexpr auto corrupted = lowbit::errc::corrupted;
constexpr auto unsupported = lowbit::errc::unsupported;

void check_rejected(const bytes& file, lowbit::errc code, const std::string& argument,
                    const std::string& problem) {
  const auto parsed = archive::parse(file);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.why().argument == argument);
  CHECK(parsed.why().problem == problem);
  CHECK(parsed.why().code == code);
}

/// A file that must be accepted, together with its archive.
struct opened_file {
  bytes file;
  archive content;
};
opened_file opened(const std::string& header, std::size_t data_bytes = 0) {
  bytes file = file_of(header, data_bytes);
  archive content = archive::parse(file).take();
  return {std::move(file), std::move(content)};
}

struct bad_header {
  std::string header;
  std::string argument;
  std::string problem;
  lowbit::errc code = corrupted;
  std::size_t data_bytes = 16;
};

void check_all_rejected(const std::vector<bad_header>& cases) {
  for (const bad_header& c : cases) {
    CAPTURE(c.header);
    check_rejected(file_of(c.header, c.data_bytes), c.code, c.argument, c.problem);
  }
}

/// A header with one tensor of these fields.
std::string one(const std::string& dtype, const std::string& dims, const std::string& offsets) {
  return R"({"t":{"dtype":)" + dtype + R"(,"shape":)" + dims + R"(,"data_offsets":)" + offsets +
         "}}";
}

std::string repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("a file is taken apart: by position, by name, with metadata and data in place") {
  const bytes file = file_of(
      R"({"b":{"dtype":"F32","shape":[2,2],"data_offsets":[2,18]},"__metadata__":{"k":"v","":"w"},)"
      R"("a":{"data_offsets":[0,2],"shape":[2],"dtype":"I8"},)"
      R"("nothing":{"dtype":"U64","shape":[0],"data_offsets":[2,2]}}   )",
      18);
  const auto parsed = archive::parse(file);
  REQUIRE(parsed);
  REQUIRE(parsed->tensors().size() == 3);
  CHECK(parsed->tensors()[0].name == "a");
  CHECK(parsed->tensors()[1].name == "nothing");
  const st::tensor& b = parsed->tensors()[2];
  CHECK(b.name == "b");
  CHECK(b.type == st::dtype::f32);
  CHECK(b.shape == shape{2, 2});
  CHECK(b.data.data() == file.data() + file.size() - 16);
  CHECK(b.data.size() == 16);
  CHECK(parsed->find("b") == &b);
  CHECK(parsed->find("c") == nullptr);
  CHECK(parsed->find("") == nullptr);
  REQUIRE(parsed->metadata("k") != nullptr);
  CHECK(*parsed->metadata("k") == "v");
  CHECK(*parsed->metadata("") == "w");
  CHECK(parsed->metadata("v") == nullptr);
  CHECK(parsed->metadata().size() == 2);
  CHECK(parsed->metadata()[0].first == "k");
}

TEST_CASE("tensors whose names begin alike are found together, in order of their names") {
  std::string header = "{";
  for (const char* name : {"b.z", "a", "b", "b.", "b.a", "c", "b-", "", "b/"})
    header += lowbit::message(header.size() > 1 ? "," : "", "\"", name,
                              R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})");
  const auto [file, content] = opened(header + "}");
  const archive& parsed = content;
  const auto names = [&](const char* prefix) {
    std::string all;
    parsed.for_each_with_prefix(prefix, [&](const st::tensor& t) { all += t.name + ";"; });
    return all;
  };
  CHECK(names("b.") == "b.;b.a;b.z;");
  CHECK(names("b.a") == "b.a;");
  CHECK(names("b.aa").empty());
  CHECK(names("d").empty());
  CHECK(names("") == ";a;b;b-;b.;b.a;b.z;b/;c;");
}

TEST_CASE("an archive is a value: copies find their own tensors in the same bytes") {
  const bytes file = file_of(one(R"("U8")", "[16]", "[0,16]"), 16);
  std::optional<archive> first = archive::parse(file).take();
  const archive copy = *first;
  first.reset();
  REQUIRE(copy.find("t") == &copy.tensors()[0]);
  CHECK(copy.find("t")->data.end() == file.data() + file.size());
}

TEST_CASE("what the reference accepts: scalars, empty tensors, empty names, escapes, no tensors") {
  CHECK(opened("{}").content.tensors().empty());
  CHECK(opened("{}     ").content.tensors().empty());
  CHECK(opened(R"({"__metadata__":{}})").content.metadata().empty());
  CHECK(opened(one(R"("I32")", "[]", "[0,4]"), 4).content.find("t")->shape.empty());
  CHECK(opened(one(R"("I32")", "[2,0]", "[0, 0]")).content.find("t")->data.empty());
  CHECK(opened(R"({"":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1).content.find(""));
  const auto escaped = opened(
      R"({"\u00e9\ud83e\uddee\n\u0000":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1);
  CHECK(escaped.content.find(std::string_view("\xC3\xA9\xF0\x9F\xA7\xAE\n\0", 8)));
  // Empty tensors may lie anywhere between the others, several at one position.
  const auto empties = opened(R"({"e":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},)"
                              R"("d":{"dtype":"U8","shape":[0],"data_offsets":[1,1]},)"
                              R"("t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                              1);
  CHECK(empties.content.tensors()[1].name == "d");
  CHECK(empties.content.tensors()[2].name == "e");
}

TEST_CASE("a failure becomes an error that names the tensor") {
  try {
    opened(one(R"("F32")", "[2]", "[0,4]"), 4);
    FAIL("expected an error");
  } catch (const lowbit::error& e) {
    CHECK(e.code() == corrupted);
    CHECK(
        std::string(e.what()) ==
        "lowbit: tensor 't': data_offsets [0,4] hold 4 bytes, expected 8 for its dtype and shape");
  }
}

TEST_CASE("the file's frame: length, header length") {
  check_rejected({}, corrupted, "file", "has 0 bytes, expected at least 8");
  check_rejected(bytes(7), corrupted, "file", "has 7 bytes, expected at least 8");
  check_rejected({60, 0, 0, 0, 0, 0, 0, 0}, corrupted, "header length",
                 "is 60, but only 0 bytes follow it");
  bytes file = file_of("{}");
  file[0] = 3;
  check_rejected(file, corrupted, "header length", "is 3, but only 2 bytes follow it");
  file[4] = 1;
  check_rejected(file, corrupted, "header length", "is 4294967299, expected at most 100000000");
  file = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, '{', '}'};
  check_rejected(file, corrupted, "header length",
                 "is 18446744073709551615, expected at most 100000000");
  file = {0x00, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, '{', '}'};
  check_rejected(file, corrupted, "header length", "is 100000000, but only 2 bytes follow it");
  file[0] = 1;
  check_rejected(file, corrupted, "header length", "is 100000001, expected at most 100000000");
}

TEST_CASE("the data: every byte belongs to exactly one tensor") {
  const std::string header = one(R"("I32")", "[2,2]", "[0,16]");
  opened(header, 16);
  check_rejected(file_of(header, 50), corrupted, "file",
                 "has 50 bytes of data, but its tensors end at 16");
  check_rejected(file_of(header, 14), corrupted, "tensor 't'",
                 "data_offsets [0,16] end after the data, which has 14 bytes");
  check_rejected(file_of("{}", 1), corrupted, "file",
                 "has 1 bytes of data, but its tensors end at 0");

  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"U8","shape":[8],"data_offsets":)" + a +
           R"(},"b":{"dtype":"U8","shape":[8],"data_offsets":)" + b + "}}";
  };
  opened(two("[0,8]", "[8,16]"), 16);
  opened(two("[8,16]", "[0,8]"), 16);
  check_all_rejected({
      {two("[0,8]", "[9,17]"), "tensor 'b'",
       "data_offsets [9,17] leave a hole, expected to begin at 8"},
      {two("[0,8]", "[7,15]"), "tensor 'b'",
       "data_offsets [7,15] overlap the tensor before, which ends at 8"},
      {two("[0,8]", "[0,8]"), "tensor 'b'",
       "data_offsets [0,8] overlap the tensor before, which ends at 8"},
      {two("[1,9]", "[9,17]"), "tensor 'a'",
       "data_offsets [1,9] leave a hole, expected to begin at 0"},
      {two("[0,8]", "[16,8]"), "tensor 'b'", "data_offsets [16,8] end before they begin"},
      {two("[8,0]", "[0,8]"), "tensor 'a'", "data_offsets [8,0] end before they begin"},
      {two("[0,8]", "[8,18446744073709551615]"), "tensor 'b'",
       "data_offsets [8,18446744073709551615] end after the data, which has 16 bytes"},
      {two("[0,8]", "[18446744073709551615,18446744073709551615]"), "tensor 'b'",
       "data_offsets [18446744073709551615,18446744073709551615] leave a hole, expected to begin "
       "at 8"},
  });
}

TEST_CASE("sizes that overflow or do not fit are found before anything is allocated") {
  check_all_rejected({
      {one(R"("I32")", "[2,18446744073709551614]", "[0,16]"), "tensor 't'",
       "shape holds 18446744073709551614, expected integers from 0 to 2^63 - 1"},
      {one(R"("I32")", "[2,18446744073709551616]", "[0,16]"), "tensor 't'",
       "shape holds '18446744073709551616', expected integers from 0 to 2^63 - 1"},
      {one(R"("I32")", "[2,9223372036854775807]", "[0,16]"), "tensor 't'",
       "shape [2,9223372036854775807] of I32 has more than 2^63 - 1 values"},
      {one(R"("I32")", "[4611686018427387904]", "[0,16]"), "tensor 't'",
       "shape [4611686018427387904] of I32 has more than 2^63 - 1 bits"},
      // Wraps to 16 bytes in 64 bits.
      {one(R"("U8")", "[4294967296,4294967296,16]", "[0,16]"), "tensor 't'",
       "shape [4294967296,4294967296,16] of U8 has more than 2^63 - 1 values"},
      {one(R"("F4")", "[31]", "[0,16]"), "tensor 't'",
       "shape [31] of F4 takes 124 bits, expected a multiple of 8"},
      {one(R"("U8")", "[15]", "[0,16]"), "tensor 't'",
       "data_offsets [0,16] hold 16 bytes, expected 15 for its dtype and shape"},
      {one(R"("U8")", "[1000000000000]", "[0,16]"), "tensor 't'",
       "data_offsets [0,16] hold 16 bytes, expected 1000000000000 for its dtype and shape"},
      {one(R"("U8")", "[1" + repeated(",1", 64) + "]", "[0,16]"), "tensor 't'",
       "shape has too many dimensions, expected at most 64", unsupported},
  });
  opened(one(R"("U8")", "[1" + repeated(",1", 63) + "]", "[0,1]"), 1);
}

TEST_CASE("fields: each of the three once, each of its type, nothing else") {
  const std::string known =
      "BOOL, F4, F6_E2M3, F6_E3M2, U8, I8, F8_E5M2, F8_E4M3, F8_E8M0, F8_E4M3FNUZ, F8_E5M2FNUZ, "
      "I16, U16, F16, BF16, I32, U32, F32, C64, F64, I64, U64";
  check_all_rejected({
      {one(R"("F128")", "[1]", "[0,16]"), "tensor 't'", "dtype is 'F128', expected one of " + known,
       unsupported},
      {one(R"("f32")", "[4]", "[0,16]"), "tensor 't'", "dtype is 'f32', expected one of " + known,
       unsupported},
      {one("7", "[4]", "[0,16]"), "tensor 't'", "dtype is 7, expected a string"},
      {one("null", "[4]", "[0,16]"), "tensor 't'", "dtype is null, expected a string"},
      {one(R"(["F32"])", "[4]", "[0,16]"), "tensor 't'", "dtype is an array, expected a string"},
      {one(R"("F32")", "4", "[0,16]"), "tensor 't'", "shape is 4, expected an array of sizes"},
      {one(R"("F32")", "{}", "[0,16]"), "tensor 't'",
       "shape is an object, expected an array of sizes"},
      {one(R"("F32")", R"("4")", "[0,16]"), "tensor 't'",
       "shape is the string '4', expected an array of sizes"},
      {one(R"("F32")", "[-4]", "[0,16]"), "tensor 't'",
       "shape holds -4, expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[-0]", "[0,16]"), "tensor 't'",
       "shape holds -0, expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[4.0]", "[0,16]"), "tensor 't'",
       "shape holds '4.0', expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[4e0]", "[0,16]"), "tensor 't'",
       "shape holds '4e0', expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[4e999]", "[0,16]"), "tensor 't'",
       "shape holds '4e999', expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[[4]]", "[0,16]"), "tensor 't'",
       "shape holds an array, expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", R"(["4"])", "[0,16]"), "tensor 't'",
       "shape holds the string '4', expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[null]", "[0,16]"), "tensor 't'",
       "shape holds null, expected integers from 0 to 2^63 - 1"},
      {one(R"("F32")", "[4]", "[]"), "tensor 't'", "data_offsets has 0 numbers, expected 2"},
      {one(R"("F32")", "[4]", "[0]"), "tensor 't'", "data_offsets has 1 numbers, expected 2"},
      {one(R"("F32")", "[4]", "[0,16,16]"), "tensor 't'",
       "data_offsets has too many numbers, expected 2"},
      {one(R"("F32")", "[4]", "16"), "tensor 't'",
       "data_offsets is 16, expected an array of two positions"},
      {one(R"("F32")", "[4]", "[0,true]"), "tensor 't'",
       "data_offsets holds true, expected integers from 0 to 2^64 - 1"},
      {one(R"("F32")", "[4]", "[-1,16]"), "tensor 't'",
       "data_offsets holds -1, expected integers from 0 to 2^64 - 1"},
      {one(R"("F32")", "[4]", "[0,16.5]"), "tensor 't'",
       "data_offsets holds '16.5', expected integers from 0 to 2^64 - 1"},
      {R"({"t":{"shape":[4],"data_offsets":[0,16]}})", "tensor 't'", "has no dtype, expected one"},
      {R"({"t":{"dtype":"F32","data_offsets":[0,16]}})", "tensor 't'",
       "has no shape, expected one"},
      {R"({"t":{"dtype":"F32","shape":[4]}})", "tensor 't'", "has no data_offsets, expected one"},
      {R"({"t":{}})", "tensor 't'", "has no dtype, expected one"},
      {R"({"t":{"dtype":"F32","dtype":"F32","shape":[4],"data_offsets":[0,16]}})", "tensor 't'",
       "has dtype twice, expected it once"},
      {R"({"t":{"dtype":"F32","shape":[4],"shape":[4],"data_offsets":[0,16]}})", "tensor 't'",
       "has shape twice, expected it once"},
      {R"({"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"data_offsets":[0,16]}})",
       "tensor 't'", "has data_offsets twice, expected it once"},
      {R"({"t":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"stride":[1]}})", "tensor 't'",
       "has the field 'stride', expected dtype, shape and data_offsets only", unsupported},
      {R"({"t":[4]})", "tensor 't'",
       "is an array, expected an object with dtype, shape and data_offsets"},
      {R"({"t":"F32"})", "tensor 't'",
       "is the string 'F32', expected an object with dtype, shape and data_offsets"},
      {R"({"line\nbreak":null})", "tensor 'line\\x0abreak'",
       "is null, expected an object with dtype, shape and data_offsets"},
  });
}

TEST_CASE("no name twice: tensors, metadata, metadata's keys, however they are spelled") {
  const std::string t = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  check_all_rejected({
      {R"({"t":)" + t + R"(,"u":)" + t + R"(,"t":)" + t + "}", "tensor 't'",
       "is in the header twice, expected each name once", corrupted, 0},
      {R"({"t":)" + t + R"(,"\u0074":)" + t + "}", "tensor 't'",
       "is in the header twice, expected each name once", corrupted, 0},
      {R"({"__metadata__":{"k":"1","l":"2","k":"1"}})", "__metadata__ 'k'",
       "is there twice, expected each key once", corrupted, 0},
      {R"({"__metadata__":{},"__metadata__":{}})", "header",
       "has '__metadata__' twice, expected it at most once", corrupted, 0},
  });
}

TEST_CASE("metadata: an object of strings") {
  check_all_rejected({
      {R"({"__metadata__":null})", "__metadata__", "is null, expected an object of strings"},
      {R"({"__metadata__":["a"]})", "__metadata__", "is an array, expected an object of strings"},
      {R"({"__metadata__":{"k":1}})", "__metadata__ 'k'", "is 1, expected a string"},
      {R"({"__metadata__":{"k":{"l":"m"}}})", "__metadata__ 'k'",
       "is an object, expected a string"},
      {R"({"__metadata__":{"k":[]}})", "__metadata__ 'k'", "is an array, expected a string"},
      {R"({"__metadata__":{"k":true}})", "__metadata__ 'k'", "is true, expected a string"},
  });
}

TEST_CASE("the header's text: UTF-8, one JSON object, spaces after it and nothing else") {
  check_all_rejected({
      {"", "header", "is empty, expected '{'"},
      {"    ", "header", "is empty, expected '{'"},
      {"[]", "header", "begins with '[', expected '{'"},
      {" {}", "header", "begins with ' ', expected '{'"},
      {"\n{}", "header", "begins with '\\x0a', expected '{'"},
      {"\xEF\xBB\xBF{}", "header", "begins with '\\xef', expected '{'"},
      {"{", "header", "ends with '{', expected '}' and then nothing but spaces"},
      {"{}\n", "header", "ends with '\\x0a', expected '}' and then nothing but spaces"},
      {"{}x", "header", "ends with 'x', expected '}' and then nothing but spaces"},
      {"{}}", "header", "is not JSON: has '}' at byte 2"},
      {"{} {}", "header", "is not JSON: has '{}' at byte 3"},
      {std::string("{}\0{}", 5), "header",
       "byte 2 is the control character 0x00, expected JSON in UTF-8"},
      {R"({"t":"\xFF"})"
       "}",
       "header", R"(is not JSON: has 'xFF"}}' at byte 7)"},
      {"{\"\xFF\":1}", "header", "byte 2 is 0xff, which begins no UTF-8 character"},
      {"{\"\xC0\x80\":1}", "header", "byte 2 is 0xc0, which begins no UTF-8 character"},
      {"{\"\xED\xA0\x80\":1}", "header", "byte 2 is 0xed, which begins no UTF-8 character"},
      {"{\"a\tb\":1}", "header", "is not JSON: has '\\x09b\":1}' at byte 3"},
      {R"({"\ud800":1})", "header", R"(is not JSON: has '":1}' at byte 8)"},
      {R"({"a":1,})", "tensor 'a'", "is 1, expected an object with dtype, shape and data_offsets"},
      {R"({"__metadata__":{},})", "header", "is not JSON: has '}' at byte 19"},
      {R"({"__metadata__" {}})", "header", "is not JSON: has '{}}' at byte 16"},
      {R"({__metadata__:{}})", "header", "is not JSON: has '__metadata__:{}}' at byte 1"},
      {R"({"a":{/**/}})", "header", "is not JSON: has '/**/}}' at byte 6"},
      {R"({"a":{"dtype":F32}})", "header", "is not JSON: has 'F32}}' at byte 14"},
      {R"({"a":{"shape":[01]}})", "header", "is not JSON: has '1]}}' at byte 16"},
      {R"({"a":{"shape":[1 1]}})", "header", "is not JSON: has '1]}}' at byte 17"},
      {R"({"a":{"shape":[1}})", "header", "is not JSON: has '}}' at byte 16"},
      {R"({"a":{"shape":[NaN]}})", "header", "is not JSON: has 'NaN]}}' at byte 15"},
      {R"({"__metadata__":{})", "header", "is not JSON: has its end at byte 18"},
  });
}

TEST_CASE("nesting is cut off at once, however deep") {
  const int deep = 1'000'000;
  check_rejected(file_of(repeated(R"({"a":)", deep) + repeated("}", deep)), unsupported,
                 "tensor 'a'", "has the field 'a', expected dtype, shape and data_offsets only");
  check_rejected(file_of(R"({"a":{"shape":)" + repeated("[", deep) + "}}"), corrupted, "tensor 'a'",
                 "shape holds an array, expected integers from 0 to 2^63 - 1");
}

TEST_CASE("padding: any JSON whitespace on both sides, for whom asks for it") {
  const auto accepted = [](const std::string& header) {
    const bytes file = file_of(header);
    return static_cast<bool>(archive::parse(file, header_padding::any_whitespace));
  };
  CHECK(accepted("\t\n{}\r \t\n"));
  CHECK(accepted("{}"));
  CHECK_FALSE(accepted(" \xEF\xBB\xBF{}"));
  CHECK_FALSE(accepted("\f{}"));
  CHECK_FALSE(accepted("  "));
  CHECK_FALSE(accepted(" {} {}"));
  CHECK_FALSE(accepted(" 1 "));
}
