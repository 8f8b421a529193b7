// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file of schema 1 that every later version reads: golden.safetensors has a matrix for
// each way in which something is stored. It was written by the last case below and stays as it is.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <lowbit/safetensors.hpp>

#include "storage_kinds.hpp"
#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"
#include "support/sha256.hpp"
#include "support/temporary_folder.hpp"

namespace {

const std::string golden_path = "tests/interop/matrices/golden.safetensors";

struct golden_matrix {
  const char* name;
  const char* format;
  const char* sha256;  // of the values, row by row, in binary32
};

/// In the order of storage_kinds.
constexpr golden_matrix golden[] = {
    {"ternary", "ternary/per_group<64,f16>",
     "e8eac71a4c1dee56a133d02dcbc3d7cc5068831d925a543655232f16c8ba3777"},
    {"trits5", "trits5/per_group<20,f16>",
     "34950418016b7ae75d0d2002827993b48eaf17c470a8b645ea8662ddf6951eb9"},
    {"mxfp8", "e4m3fn/per_group<32,e8m0>",
     "a49c4bedcb277f8a3ac5b39d4cd37ef0f8ad83fdd3d919f04866c80de06ef66c"},
    {"nvfp4", "e2m1/per_group<16,e4m3fn/per_tensor<f32>>",
     "3f0a9b28eefd42e7861729866231b504878d8039fae8db5d73a1878131d78796"},
    {"spqr", "uniform<3,real_zero>/per_group<16,uniform<3,real_zero>/per_block<16,1,f16>,*>",
     "bf4960c59d291bf787b48dfec8194bd94e046465569628b3678a0dfa55d7c2d9"},
    {"tile", "uniform<5,full_range>/per_block<2,16,bf16>",
     "9c0f1d803af1da4a68576a6c721e75eaea7a9f32308268f264c34b8db076a8f8"},
    {"cross", "uniform<8,symmetric>/cross<15,f16>",
     "3a851a2628efd9b4dbbf8139b6fb8678170feed3e2dac581a8d0ae942fac5dd1"},
    {"sparse16", "uniform<3,asymmetric>/per_group<64,f16>/sparse<u16>",
     "f5b2c62f0c202658a97a07159a2f3926bc769f4772882b57fdbf6f8eb0042d24"},
    {"sparse32", "uniform<3,symmetric>/per_row<f16>/sparse<u32>",
     "68f55f79f490171781ff67ebf26bd5dd35b3ffb980ba1c14b6856fd5a7e3a0b0"},
    {"columns", "uniform<4,symmetric>/per_row<f16>/columns",
     "d6c809653150b21ab8641927e4c8ebec7d581598e730a0be24756d337b37aba4"},
    {"low_rank", "uniform<2,symmetric>/per_row<f16>/low_rank<2>",
     "6d6777ceb25a999b9bbde3365bf10dff80c73b295531b03c1594b625b7dc19bd"},
    {"learned_int8", "learned_table<4,uniform<8,symmetric>>/per_row<f16>",
     "cee256bb95b6911897e2391ff962e677c1d5ba360fcf0e6fb6437136d61b236e"},
    {"learned_set", "learned_table_set<3,2,f16>/per_group<16,f16>",
     "e5305698029f832911f8238b3826cc6f5ea3df869d295aea4e3b7b214ff4d46b"},
    {"table_set", "table_set<normal_float<4>,table<iq4_nl>>::shared<1,0>/per_group<32,f16>",
     "e988ec8f969be94fe619a88cb4f2fd64f55bed9ae2da4749cbe5433bec806a57"},
    {"residual", "residual<vector_codebook<2,4,f16>,vector_codebook<2,3,e4m3fn>>/per_row<f16>",
     "4c3e698265c89505eda6db0ef9422d867055c5e895f772e34f707b9083ad308b"},
    {"hadamard", "linear<hadamard;uniform<4,symmetric>/per_group<32,f16>;>",
     "5504ee9535e3b37183e9a4d34e8af35277e0294e356dfaa51c03afb3d34855f3"},
    {"sum",
     "linear<channel_scale+permute;uniform<4,symmetric>/per_group<32,f16>,uniform<2,"
     "symmetric>/per_row<f16>;hadamard>",
     "a263c6677a632f906bbd96000b82a06e496b45c029b47188142c767bbc874043"},
    {"branch", "linear<;uniform<2,symmetric>/per_row<f16>,factored<f16/unscaled,f16/unscaled>;>",
     "a08b5c6577d023fc56914eeb7bd9356222cc36599c377b7253406b4c1498bb6c"},
    {"transposed", "transposed<vector_codebook<3,4,f16>/per_row<f16>>",
     "dd004d7c9624bdc3f5ad9928b3ed2b8c87815c0f9786467bc295027ce306c447"},
    {"complex",
     "linear<widely_linear;complex_unit/per_group<16,f16>,"
     "linear<conjugate;complex_unit/per_group<16,f16>;>;widely_linear>",
     "31713e39e8d4580dcbe6cf74d0834c6585f21c4a083b32c6d6ec83fcdf8c4c73"},
    {"int4", "uniform<4,symmetric>/per_group<32,f16>",
     "366b7d03259cd1ee99a7f94e767e3fba52190d105dbd354514b6cce3e33f4885"},
    {"row", "uniform<7,symmetric>/per_row<f32>",
     "ea6aa0e76ad84bb8429f42021b2ffedfec2131839229feccf61ce3c71b0e66bb"},
    {"tensor", "uniform<2,centred>/per_tensor<f16>",
     "f2757b0a603d2085f68172cbfafa1130b410ea468ff05777620de37629fa231b"},
    {"column", "uniform<6,symmetric>/per_column<f16>",
     "e3b01ece0a5e6552d1bdd2d5a8a48e3b4165406369a9307b84eb8edbe6f820eb"},
    {"integer_zero", "uniform<3,asymmetric>/per_group<16,f16>",
     "34efd52676ca0a145f5dc3a26793a1ab5e60b94454aec6760934b9c84726927c"},
    {"real_zero", "uniform<2,real_zero>/per_row<f16>",
     "7d0ed8c5f6762c0c5e9d0b6a8b5da9178842a9ddc2dc209fff28b70cabaf2f7c"},
    {"minimum", "uniform<4,minimum>/per_group<32,bf16>",
     "fadde26e21e30dfa25c69a3f3d1ce232c1c19046c2f3433a7bd4ed329aad6799"},
    {"k_quant", "uniform<4,minimum>/per_group<8,uniform<6,nonnegative>/per_group<4,f16>,*>",
     "bca7bd7c9ae08c6d18f9f58be5982f83174004c537d792fff69718acab970628"},
    {"double_quantized",
     "normal_float<4>/per_group<8,displaced<uniform<8,nonnegative>>/per_group<4,"
     "f32>>",
     "d6a02cbb42bf60eef06e8035337b4b82f1744eff87ae6f638181bbb38a3c90ba"},
    {"nf4", "normal_float<4>/per_group<64,f16>",
     "1692b2f6499c4c9b9a540e0e668b820975ace6a1d676e23cff4e844e076d6199"},
    {"fp4_bnb", "bnb_fp4/per_group<64,f16>",
     "7c191680eaeab232e08d35a902926ef397df9b4a2d24722042a06f4601974647"},
    {"iq4_nl", "table<iq4_nl>/per_group<32,f16>",
     "06973c062b24805e15392dd67959994996df71bfe9b2940cebaaee8fe38b41e9"},
    {"binary", "binary/per_row<f16>",
     "cb99f94ccab71d459ea965e8f8d82e9d617b3177f889aba894a589183f303278"},
    {"post4", "power_of_two<4,sqrt2,with_zero>/per_group<64,f16>",
     "76d74d64d8c6fea96c8b23dac66c15e60d34041c43cc5ea210bee68ae1258615"},
    {"log2", "logarithmic<4,2,symmetric,with_zero>/per_group<64,f16>",
     "632e09e863cdab5b3fc083a99f471cb1a38a63342e578d6e59850ed6d7089001"},
    {"e5m2", "e5m2ieee/per_row<f16>",
     "8981f4934bb42640accb44b901743b1dd54e99ea2f67b2c8d12d2fc1e9d13f2d"},
    {"twin_log", "twin_log<3>/per_row<f32>",
     "120b1b7c94660118d5d6d41d8d1fab72c742dd5eee4ae7a3a13387e30222ecc1"},
    {"real_bias", "real_bias<e2m1>/per_group<64,f16>",
     "4aac8357dafeaec741880662e469ed8836c82e5350c7d728e1ebbe474971929a"},
    {"learned", "learned_table<3,f16>/per_group<64,f16>",
     "d4b09643422bcdee47d190ae8034e7f41558471f593e6aed935a2554f567da20"},
    {"codebook", "vector_codebook<4,4,f16>/per_row<f16>",
     "38b8a7a3c9afe0a9ee41b42fbaa93faa4a67f2d702c10a645c4702e795099850"},
};

std::vector<float> values_of(const lowbit::any_matrix& m) {
  std::vector<float> values(std::size_t(m.shape().rows * m.shape().cols));
  m.dequantize({values.data(), m.shape().rows, m.shape().cols});
  return values;
}
std::string sha256_of(const lowbit::any_matrix& m) {
  const std::vector<float> values = values_of(m);
  test_support::sha256 sum;
  sum.update(values.data(), values.size() * sizeof(float));
  return sum.hex();
}

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const lowbit::error& e) {
    return e.what();
  }
  return "no error";
}

/// The golden file with other metadata.
lowbit::matrix_file with_metadata(const std::string& key, const std::string& value) {
  const std::vector<std::uint8_t> bytes = lowbit::read_file(golden_path);
  const auto file = lowbit::safetensors::archive::parse(bytes).take();
  lowbit::safetensors::metadata_list metadata(file.metadata().begin(), file.metadata().end());
  for (auto& [k, v] : metadata)
    if (k == key) v = value;
  return lowbit::matrix_file(lowbit::safetensors::serialize(file.tensors(), metadata));
}

}  // namespace

TEST_CASE("the golden file: every matrix loads and has the values that it had") {
  const lowbit::matrix_file file(golden_path);
  for (const golden_matrix& g : golden) {
    CAPTURE(g.name);
    const lowbit::any_matrix m = file.load_any<lowbit_test::storage_kinds>(g.name);
    CHECK(m.format() == g.format);
    CHECK(m.shape() == lowbit::extent{5, 71});
    CHECK(sha256_of(m) == g.sha256);
  }
  CHECK(file.archive().metadata().size() == 1 + 2 * lowbit::index_t(std::size(golden)));
}

TEST_CASE("the golden file: saving what was loaded gives the same bytes") {
  const lowbit::matrix_file file(golden_path);
  lowbit::matrix_writer again;
  for (const golden_matrix& g : golden)
    again.add(g.name, file.load_any<lowbit_test::storage_kinds>(g.name));
  const lowbit_test::temporary_folder folder;
  again.write(folder / "again");
  CHECK(lowbit::read_file(folder / "again") == lowbit::read_file(golden_path));
}

TEST_CASE("a reader in Python, written after SCHEMA.md, finds the same values") {
  const lowbit::matrix_file file(golden_path);
  std::vector<std::vector<float>> values;
  std::vector<lowbit::safetensors::tensor> tensors;
  for (const golden_matrix& g : golden) {
    values.push_back(values_of(file.load_any<lowbit_test::storage_kinds>(g.name)));
    const lowbit::span<const float> all(values.back());
    tensors.push_back({g.name,
                       lowbit::safetensors::dtype::f32,
                       {all.size()},
                       {reinterpret_cast<const std::uint8_t*>(all.data()), 4 * all.size()}});
  }
  const lowbit_test::temporary_folder folder;
  lowbit::safetensors::write(folder / "values", tensors);
  const std::string command = "python3 -B tests/interop/matrices/read_matrices.py " + golden_path +
                              " " + folder / "values" + " > " + folder / "said";
  CHECK(std::system(command.c_str()) == 0);
  const std::vector<std::uint8_t> said = lowbit::read_file(folder / "said");
  CHECK(std::string(said.begin(), said.end()) ==
        lowbit::message(std::size(golden), " matrices agree\n"));
}

TEST_CASE("an unknown schema or format is an error that names what is known") {
  CHECK(error_of([] { with_metadata("lowbit.schema", "2"); }) ==
        "lowbit: lowbit.schema: '2' is not known; known is '1'");
  using two = lowbit::format_list<lowbit::int8_row, lowbit::q8_0>;
  const lowbit::matrix_file file = with_metadata("int4.format", "uniform<4,asymmetric>/rows");
  CHECK(error_of([&] { file.load_any<two>("int4"); }) ==
        "lowbit: int4.format: 'uniform<4,asymmetric>/rows' is not known; known are: "
        "'uniform<8,symmetric>/per_row<f16>', 'uniform<8,symmetric>/per_group<32,f16>'");
}

TEST_CASE("what a file says for a format is quoted in one line of moderate length") {
  const lowbit::matrix_file file =
      with_metadata("int4.format", "two\nlines" + std::string(100'000, 'x'));
  using one = lowbit::format_list<lowbit::q8_0>;
  const std::string error = error_of([&] { file.load_any<one>("int4"); });
  CHECK(error.starts_with("lowbit: int4.format: 'two\\x0alinesxxx"));
  CHECK(
      error.ends_with("xxx'... is not known; known are: 'uniform<8,symmetric>/per_group<32,f16>'"));
  CHECK(error.size() < 700);
  CHECK(error_of([&] {
          file.load<lowbit::q8_0::format_type>("int4");
        }).ends_with("xxx'..., expected 'uniform<8,symmetric>/per_group<32,f16>'"));
}

TEST_CASE("writes the golden file" * doctest::skip()) {
  lowbit::matrix_writer out;
  unsigned i = 0;
  lowbit_test::storage_kinds::for_each([&](auto kind) {
    const test::random_matrix weights(5, 71, i + 1);
    const lowbit::any_matrix m = kind.quantize(weights.view(), lowbit::serial{});
    const std::string name = i < std::size(golden) ? golden[i].name : "m" + std::to_string(i);
    std::printf("    {\"%s\", \"%s\",\n     \"%s\"},\n", name.c_str(),
                std::string(m.format()).c_str(), sha256_of(m).c_str());
    out.add(name, m);
    ++i;
  });
  out.write(golden_path);
}
