// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saving and loading matrices. (interop/matrices has the golden file, with every way of storing.)
#include <lowbit/safetensors.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/integer.hpp>
#include <lowbit/formats/tables.hpp>
#include <lowbit/formats/transformed.hpp>
#include <lowbit/transforms/permute.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"
#include "support/temporary_folder.hpp"

using namespace lowbit;

namespace {

using w4 = q4_0::format_type;
using rotated = int4_g64_hadamard::matrix_type;
using sorted = linear_for<permute, quantized_matrix<w4>>;
using few = format_list<q4_0, nf4, int3_g64_sparse, int4_g64_hadamard, complex_unit_x2_g64>;

struct nameless : uniform<4> {
  static constexpr int name = 0;
};

std::vector<float> values_of(const any_matrix& m) {
  std::vector<float> out(std::size_t(m.shape().rows * m.shape().cols));
  dequantize(m, matrix_view<float>(out.data(), m.shape().rows, m.shape().cols));
  return out;
}
template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const error& e) {
    return e.what();
  }
  return "";
}

/// A file with one matrix "w", to be changed before it is read.
struct stored {
  lowbit_test::temporary_folder folder;
  std::vector<safetensors::tensor> tensors;
  safetensors::metadata_list metadata;
  std::vector<std::vector<std::uint8_t>> bytes;

  explicit stored(const any_matrix& m) {
    save(path(), "w", m);
    const std::vector<std::uint8_t> file = read_file(path());
    const auto archive = safetensors::archive::parse(span<const std::uint8_t>(file)).take();
    for (const safetensors::tensor& t : archive.tensors()) {
      tensors.push_back(t);
      bytes.emplace_back(t.data.begin(), t.data.end());
    }
    metadata.assign(archive.metadata().begin(), archive.metadata().end());
  }
  std::string path() const { return folder / "file"; }
  std::vector<std::uint8_t>& array(const std::string& name) { return bytes[index(name)]; }
  std::size_t index(const std::string& name) const {
    for (std::size_t i = 0; i < tensors.size(); ++i)
      if (tensors[i].name == name) return i;
    FAIL("no tensor ", name);
    return 0;
  }
  std::string& value(const std::string& key) {
    for (auto& [k, v] : metadata)
      if (k == key) return v;
    FAIL("no key ", key);
    return metadata[0].second;
  }
  matrix_file read() {
    for (std::size_t i = 0; i < tensors.size(); ++i) tensors[i].data = bytes[i];
    safetensors::write(path(), tensors, metadata);
    return matrix_file(path());
  }
  template <class M>
  std::string failure() {
    return error_of([&] { read().load<M>("w"); });
  }
};

}  // namespace

TEST_CASE("matrices of a file come back, of formats found by their names and of known ones") {
  const lowbit_test::temporary_folder folder;
  const test::random_matrix w(10, 90, 1);
  matrix_writer out;
  std::vector<any_matrix> saved;
  few::for_each([&](auto entry) {
    saved.emplace_back(entry.quantize(w.view(), serial{}));
    out.add("layer." + std::string(std::string_view(entry.name)), saved.back());
  });
  const std::vector<float> bias(10, 0.5f);
  out.add({"bias",
           safetensors::dtype::f32,
           {10},
           {reinterpret_cast<const std::uint8_t*>(bias.data()), 40}});
  out.add_metadata("license", "none");
  out.write(folder / "file");

  const matrix_file file(folder / "file");
  std::size_t i = 0;
  few::for_each([&](auto entry) {
    const std::string name = "layer." + std::string(std::string_view(entry.name));
    CAPTURE(name);
    CHECK(file.contains(name));
    CHECK(file.format(name) == saved[i].format());
    CHECK(file.shape(name) == extent{10, 90});
    const any_matrix found = file.load_any<few>(name);
    CHECK(values_of(found) == values_of(saved[i]));
    CHECK(found.bytes() == saved[i].bytes());
    using M = typename decltype(entry)::matrix_type;
    CHECK(values_of(file.load<M>(name)) == values_of(saved[i]));
    CHECK(found.template get<M>() != nullptr);
    ++i;
  });
  CHECK(!file.contains("bias"));
  CHECK(*file.archive().metadata("license") == "none");
  CHECK(values_of(file.load<w4>("layer.q4_0")) == values_of(saved[0]));
}

TEST_CASE("a view points into the file") {
  const test::random_matrix w(10, 90, 2);
  stored s(quantize<w4>(w.view()));
  const matrix_file file = s.read();
  const auto view = file.view<w4>("w");
  CHECK(view.main.codes.data() == file.archive().find("w.codes")->data.data());
  CHECK(view.at(3, 70) == values_of(file.load<w4>("w"))[3 * 90 + 70]);
}

TEST_CASE("a linear is saved as its transforms and its terms") {
  const test::random_matrix w(10, 90, 3);
  const any_matrix m = complex_unit_x2_g64::quantize(w.view(), serial{});
  stored s(m);
  CHECK(s.value("w.format") ==
        "linear<widely_linear;complex_unit/per_group<64,f16>,complex_unit/per_group<64,f16>,"
        "linear<conjugate;complex_unit/per_group<64,f16>,complex_unit/per_group<64,f16>;>;"
        "widely_linear>");
  CHECK(s.value("w.shape") == "10,90");
  for (const char* name : {"w.terms.0.codes", "w.terms.1.scales", "w.terms.2.terms.1.scales2"})
    CHECK(s.array(name).size() > 0);
  stored r(int4_g64_hadamard::quantize(w.view(), serial{}));
  CHECK(r.array("w.in.0.seed") == std::vector<std::uint8_t>{1, 0, 0, 0, 0, 0, 0, 0});
  CHECK(r.tensors[r.index("w.in.0.block")].type == safetensors::dtype::u32);
}

TEST_CASE("what a file says about transforms is checked") {
  const test::random_matrix w(10, 90, 4);
  const any_matrix m = int4_g64_hadamard::quantize(w.view(), serial{});
  const auto after = [&](auto change) {
    stored s(m);
    change(s);
    return s.failure<rotated>();
  };
  CHECK(after([](stored&) {}).empty());
  CHECK(after([](stored& s) {
          s.array("w.in.0.block") = {44, 0, 0, 0};
        }) == "lowbit: w.in.0.block: 44, expected a power of two, 12, 20, 28 or 36 times one, or "
             "0 for all");
  // Valid, but not what the codes were made for.
  CHECK(after([](stored& s) { s.array("w.in.0.block") = {64, 0, 0, 0}; }).empty());
  CHECK(after([](stored& s) {
          s.array("w.in.0.block") = {0, 1, 0, 0};
        }) == "lowbit: w.terms.0.codes: 640 elements, expected 1280");
  CHECK(after([](stored& s) { s.tensors[s.index("w.in.0.seed")].name = "w.seed"; }) ==
        "lowbit: w.in.0.seed: this array of the matrix is missing");
  CHECK(after([](stored& s) { s.value("w.shape") = "10,200"; }) ==
        "lowbit: w.terms.0.codes: 640 elements, expected 1280");
  CHECK(after([](stored& s) { s.value("w.shape") = "9,90"; }) ==
        "lowbit: w.terms.0.codes: 640 elements, expected 576");
  CHECK(after([](stored& s) { s.value("w.shape") = "10,9223372036854775807"; }) ==
        "lowbit: w.shape: 10 x 9223372036854775807, expected sizes from 0 to 2^55");
  CHECK(after([](stored& s) {
          s.value("w.shape") = "10,36028797018963968";
        }).starts_with("lowbit: w.terms.0.codes: 640 elements, expected "));

  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < 90; ++i) order.push_back(89 - i);
  stored s(quantize_linear<w4>(w.view(), permute(order)));
  CHECK(s.failure<sorted>().empty());
  s.array("w.in.0.order")[0] = 5;
  CHECK(s.failure<sorted>() ==
        "lowbit: w.in.0.order: position 84 holds 5 again, expected each of 0 .. 89 once");
  stored t(quantize_linear<w4>(w.view(), permute(order)));
  t.value("w.shape") = "10,91";
  CHECK(t.failure<sorted>() == "lowbit: permute: an order of 90 positions for 91 values");
}

TEST_CASE("arrays of a file are named in full") {
  const test::random_matrix w(10, 90, 5);
  const any_matrix m = quantize<w4>(w.view());
  const auto after = [&](auto change) {
    stored s(m);
    change(s);
    return s.failure<quantized_matrix<w4>>();
  };
  CHECK(after([](stored& s) { s.tensors[s.index("w.scales")].name = "scales"; }) ==
        "lowbit: w.scales: this array of the matrix is missing");
  CHECK(after([](stored& s) {
          auto& t = s.tensors[s.index("w.scales")];
          t.type = safetensors::dtype::bf16;
        }) == "lowbit: w.scales: dtype BF16, expected F16");
  CHECK(after([](stored& s) {
          s.array("w.scales")[1] = 0x7c;
          s.array("w.scales")[0] = 0;
        }) == "lowbit: w.scales: code 31744 at (0, 0) stands for no finite value");
}

TEST_CASE("schemas, formats and shapes that are not known or not there") {
  const test::random_matrix w(10, 90, 6);
  const any_matrix m = quantize<w4>(w.view());
  const auto after = [&](auto change) {
    stored s(m);
    change(s);
    return error_of([&] { s.read().load_any<few>("w"); });
  };
  CHECK(after([](stored&) {}).empty());
  CHECK(after([](stored& s) { s.value("lowbit.schema") = "2"; }) ==
        "lowbit: lowbit.schema: '2' is not known; known is '1'");
  CHECK(after([](stored& s) { s.metadata.clear(); }) ==
        "lowbit: lowbit.schema: is missing: the file holds no quantized matrices of lowbit");
  CHECK(after([](stored& s) { s.value("w.format") = "int4"; }) ==
        "lowbit: w.format: 'int4' is not known; known are: "
        "'uniform<4,full_range>/per_group<32,f16>', 'normal_float<4>/per_group<64,f16>', "
        "'uniform<3,asymmetric>/per_group<64,f16>/sparse<u16>', "
        "'linear<hadamard;uniform<4,symmetric>/per_group<64,f16>;>', "
        "'linear<widely_linear;complex_unit/per_group<64,f16>,complex_unit/per_group<64,f16>,"
        "linear<conjugate;complex_unit/per_group<64,f16>,complex_unit/per_group<64,f16>;>;"
        "widely_linear>'");
  for (const char* shape :
       {"", "10", "10,", ",90", "10,90,", "10 ,90", "-10,90", "10,9x", "10,99999999999999999999"})
    CHECK(after([&](stored& s) { s.value("w.shape") = shape; }) ==
          "lowbit: w.shape: '" + std::string(shape) +
              "', expected rows and columns like '4096,11008'");
  stored s(m);
  CHECK(error_of([&] { s.read().load<rotated>("w"); }) ==
        "lowbit: w.format: 'uniform<4,full_range>/per_group<32,f16>', expected "
        "'linear<hadamard;uniform<4,symmetric>/per_group<64,f16>;>'");
  CHECK(error_of([&] { s.read().load<w4>("v"); }) ==
        "lowbit: v.format: is missing in the metadata of the file");
}

TEST_CASE("a format without a name cannot be saved, and is named by its matrix") {
  const test::random_matrix w(4, 32, 7);
  matrix_writer out;
  CHECK_THROWS_WITH_AS(
      out.add("w", quantize<format<nameless, per_row>>(w.view())),
      "lowbit: w: has no format name: give each part of the format a `name` to save it", error);
}

TEST_CASE("one name for two matrices is an error, and nothing is written") {
  const lowbit_test::temporary_folder folder;
  const test::random_matrix w(4, 32, 8);
  matrix_writer out;
  out.add("w", quantize<w4>(w.view()));
  out.add("w", quantize<w4>(w.view()));
  CHECK_THROWS_AS(out.write(folder / "file"), error);
  CHECK(folder.entries() == 0);
}

TEST_CASE("every truncated file is an error") {
  const test::random_matrix w(2, 32, 9);
  stored s(int4_g64_hadamard::quantize(w.view(), serial{}));
  s.read();
  const std::vector<std::uint8_t> bytes = read_file(s.path());
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    std::vector<std::uint8_t> part(bytes.begin(), bytes.begin() + long(n));
    CHECK(!error_of([&] { matrix_file(std::move(part)).load<rotated>("w"); }).empty());
  }
}
