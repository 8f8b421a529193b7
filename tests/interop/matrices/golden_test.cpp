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
    {"int4", "uniform<4,symmetric>/per_group<32,f16>",
     "43f9051d21f913baa063409b6f66e9407adcdf13cb089984220856b40a1d55d7"},
    {"row", "uniform<7,symmetric>/per_row<f32>",
     "af111393fe01acb894dd2c9fe209a8262d347289360ed9ba577efaab4307e89e"},
    {"tile", "uniform<5,full_range>/per_block<2,16,bf16>",
     "8dc0738a9220762acb5f4a058f4bf9de1dc9d72f6dba3410ce3d5f6254363d5a"},
    {"tensor", "uniform<2,centred>/per_tensor<f16>",
     "7017452294e5329c4bae62517aceb8a52025f49f56d30d781d3833014995c9ec"},
    {"column", "uniform<6,symmetric>/per_column<f16>",
     "75beef7e2c3925765d9105916b6fd5bd252ecff19f2563a70db0df8b468da041"},
    {"cross", "uniform<8,symmetric>/cross<15,f16>",
     "14cc04acb2f229dd9298608fe5e33da163d097f37de0542353a7ad43cf05a9b5"},
    {"integer_zero", "uniform<3,asymmetric>/per_group<16,f16>",
     "a2b656af32be7a9da95f0b91f4a700232c590ef984f2ea9fff52cbcb99321245"},
    {"real_zero", "uniform<2,real_zero>/per_row<f16>",
     "0f45a52a5fdd76ba4b5c862be10a0381606f2a10636b4c7403ac79b1282379ae"},
    {"minimum", "uniform<4,minimum>/per_group<32,bf16>",
     "138e4be5958ba5ec46981e37863298951eadb905890ad058adacc2523b4eab8b"},
    {"nf4", "normal_float<4>/per_group<64,f16>",
     "a3f535886fce8438125fd9c541d97455f18c4dd64a1b85d71904ef6fe78abb8e"},
    {"fp4_bnb", "bnb_fp4/per_group<64,f16>",
     "6be4cb9dfbddbf063b0db0d0dd7d05a89a8c60fe1fb16f50f413e16f72725fdf"},
    {"iq4_nl", "table<iq4_nl>/per_group<32,f16>",
     "f73422850930985db3b1fb6d8b8e06ef951b55b20df3d4248167f305d09c64d8"},
    {"ternary", "ternary/per_group<64,f16>",
     "f2696b274cd34a2d67e0225c89d0ebf394100a4a27ddcd9fa2e88a052428371f"},
    {"binary", "binary/per_row<f16>",
     "fda0bb8f0ecaf6561ce004ec52053d20f7e04cdb19e9bed6de24b4eaded60fae"},
    {"post4", "power_of_two<4,sqrt2,with_zero>/per_group<64,f16>",
     "f62e9c2815c2a45855d10fd5b99737b0a79b8400aead69a06e622820fe978bde"},
    {"log2", "logarithmic<4,2,symmetric,with_zero>/per_group<64,f16>",
     "76251bfbf084432a4ab68ecd01f20b594a1d3f3924a81e9ece6da4129396cec9"},
    {"trits5", "trits5/per_group<20,f16>",
     "a6505df4b5a874daa0ba617ea6e65bd2c89983303efb68b82802df656d2f7010"},
    {"mxfp8", "e4m3fn/per_group<32,e8m0>",
     "64a42b0a6d62daa0cda52ccdca1d14b506f9d292b232843756e2de4780b55c0e"},
    {"e5m2", "e5m2ieee/per_row<f16>",
     "477ce278133df831512ccba58f303c87cdf7fd617ac6d168820cddefe6e92a1a"},
    {"nvfp4", "e2m1/per_group<16,e4m3fn/per_tensor<f32>>",
     "0be8d73435d2deb7648fc9749357d45a4fb485f332d696cfc6b9419f40446b75"},
    {"k_quant", "uniform<4,minimum>/per_group<8,uniform<6,nonnegative>/per_group<4,f16>,*>",
     "ec6eb70832179ba941d32e5247c60320dbf5430b19fc30312e757a833a85d0d2"},
    {"spqr", "uniform<3,real_zero>/per_group<16,uniform<3,real_zero>/per_block<16,1,f16>,*>",
     "c27cf609a1342b4501909d621f0927579e8c73f263b5eed7e1ad13cfff7abfa1"},
    {"double_quantized",
     "normal_float<4>/per_group<8,displaced<uniform<8,nonnegative>>/per_group<4,"
     "f32>>",
     "15940345a2ad60bc4914de8abe325e83411f27fa7f02399a413bc58fd3bc633a"},
    {"sparse16", "uniform<3,asymmetric>/per_group<64,f16>/sparse<u16>",
     "32d32741a4cba0b4a2e4d7803505c8cf6b8c80197389bf7597079a7014c8977f"},
    {"sparse32", "uniform<3,symmetric>/per_row<f16>/sparse<u32>",
     "1918c23a9f1667e60e6ea7c90fa6f09604ccd1be043ca9876d66369d64eee69f"},
    {"columns", "uniform<4,symmetric>/per_row<f16>/columns",
     "d068127446c7e7136f351a4ac51503ff41543242ba794adf719195c32a5275ff"},
    {"low_rank", "uniform<2,symmetric>/per_row<f16>/low_rank<2>",
     "54b3fd888a525ad7f0ed39418772deeef1f8bccebda4b5035ee783e5dd0c5fd3"},
    {"learned", "learned_table<3,f16>/per_group<64,f16>",
     "0e8d97cca9a0fab82ae88444654ce9dde9d55075c86063026de63f643f729d51"},
    {"learned_int8", "learned_table<4,uniform<8,symmetric>>/per_row<f16>",
     "b50d8801187cc4f5fa9acf1c4069d14672b4fbc16cf247c8e0e0f9b0e3bd7144"},
    {"learned_set", "learned_table_set<3,2,f16>/per_group<16,f16>",
     "d7ce2441ce73a916ff70982b9eea85c6e88b57e2d56669e2916be8c8c7660d96"},
    {"table_set", "table_set<normal_float<4>,table<iq4_nl>>::shared<1,0>/per_group<32,f16>",
     "e4e48d9d71fb7f1059d81a26bfce9e98a91a73291842f3fd23980b88ba1c9272"},
    {"codebook", "vector_codebook<4,4,f16>/per_row<f16>",
     "950ec6aac482a5060a4b9a51855336efd3625f0b94173b34c54939286d23d2d2"},
    {"residual", "residual<vector_codebook<2,4,f16>,vector_codebook<2,3,e4m3fn>>/per_row<f16>",
     "3469db411997f85bb7bc44b655ce0a0fdfd7f202237a29df273f348e81a3d51a"},
    {"hadamard", "linear<hadamard;uniform<4,symmetric>/per_group<32,f16>;>",
     "9db47a090d0899a79bc7ecc2dedda5c60bd3726b719b77da58da57ccc4658b0e"},
    {"sum",
     "linear<channel_scale+permute;uniform<4,symmetric>/per_group<32,f16>,uniform<2,"
     "symmetric>/per_row<f16>;hadamard>",
     "a7b56910c717fd147ca85bdd43363c2255ea7c4186ec744f11163c25859ff484"},
    {"complex",
     "linear<widely_linear;complex_unit/per_group<16,f16>,"
     "linear<conjugate;complex_unit/per_group<16,f16>;>;widely_linear>",
     "d862d6344978afd07be3319460bd708e2e2eb58c32b0a60f93cf8b2d14ef3b80"},
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
