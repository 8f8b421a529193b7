// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A file of schema 1 that every later version reads: golden.safetensors has a matrix for
// each way in which something is stored. It was written by the last case below and stays as it is.
#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <lowbit/safetensors.hpp>

#include "storage_kinds.hpp"
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
    {"complex",
     "linear<widely_linear;complex_unit/per_group<16,f16>,"
     "linear<conjugate;complex_unit/per_group<16,f16>;>;widely_linear>",
     "3e3ba14bfd6c285c83ab409159bc4fc976c2242946a5363e63f39e0a52563c20"},
    {"int4", "uniform<4,symmetric>/per_group<32,f16>",
     "64a1979b76d538ecc15d58fc91e3f0159366a9f54e1ba9227c72bcd73d53f363"},
    {"row", "uniform<7,symmetric>/per_row<f32>",
     "1e51e6333b4b01e19131322f29b37cda1bcf617b0890337fdbc8ce5ab0de3790"},
    {"tensor", "uniform<2,centred>/per_tensor<f16>",
     "3c51d6452244b386a6fa25716e555876c612b866eff4a17d3c510a322558a4fc"},
    {"column", "uniform<6,symmetric>/per_column<f16>",
     "24ba8ef4cb3d561db824405c6ddf82c3cc67ac2ac6d9a8bdfd4eddeff786f3a6"},
    {"integer_zero", "uniform<3,asymmetric>/per_group<16,f16>",
     "e8b6351b9fd310dc3a49febb3b90b0ca38f9d2ed9756d90a8ad1a8db0143ade8"},
    {"real_zero", "uniform<2,real_zero>/per_row<f16>",
     "80f919ebfba8c08d6e19f44fd41043f39fa053b46a17771e44ad27c3211dc2e6"},
    {"minimum", "uniform<4,minimum>/per_group<32,bf16>",
     "014311569b9e5efe8d053bcd198444fac2b722b53d2da5318ef78d18e8356168"},
    {"k_quant", "uniform<4,minimum>/per_group<8,uniform<6,nonnegative>/per_group<4,f16>,*>",
     "921b4a2fd42827a8ba46c114d8b95f7a1f93fb762b7f60188951dc49e77f8f7a"},
    {"double_quantized",
     "normal_float<4>/per_group<8,displaced<uniform<8,nonnegative>>/per_group<4,"
     "f32>>",
     "1f947728b12e91936a86140398381a24f87f133d3485e2ce843ff89f6d98e7c0"},
    {"nf4", "normal_float<4>/per_group<64,f16>",
     "fcbddb00c960e67e6abf72a0b54d9bd9ba5f4ff82f33f0cf4e4702c1cbcf15c6"},
    {"fp4_bnb", "bnb_fp4/per_group<64,f16>",
     "0329246eaa4da527c872dd662f916a0923d131cd34b82222cfb19a3a87736215"},
    {"iq4_nl", "table<iq4_nl>/per_group<32,f16>",
     "fd191467232965f5209f8371cd82f25e0d4cebcb974cde6c2d9b9801ba9515b9"},
    {"binary", "binary/per_row<f16>",
     "eeb1555c95a63ca23a035ca18bb95848afc058715c8a9085e4423aa17cc22d28"},
    {"post4", "power_of_two<4,sqrt2,with_zero>/per_group<64,f16>",
     "590397e712f51dff54392c155785f1b3f3be9a6c4f5bef7ec2826e2d69813f34"},
    {"log2", "logarithmic<4,2,symmetric,with_zero>/per_group<64,f16>",
     "ccd05f5703077d7a5da2ad8d30e2075197655c01e2ce5b98b39910e9f986dc33"},
    {"e5m2", "e5m2ieee/per_row<f16>",
     "3efbcccacfe3c2b77349860dcd2bd12015894958c90d18843a55750b771899e4"},
    {"learned", "learned_table<3,f16>/per_group<64,f16>",
     "bb5d172ad0bc9835149b3ccaf26320d2d2538eeda9eaf10ff2d3d2511cbd9b47"},
    {"codebook", "vector_codebook<4,4,f16>/per_row<f16>",
     "9b6e06033a0031854835931fd98df23761a364636771cce9e0829be5d952ef23"},
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
