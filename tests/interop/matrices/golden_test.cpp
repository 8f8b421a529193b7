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
    {"complex",
     "linear<widely_linear;complex_unit/per_group<16,f16>,"
     "linear<conjugate;complex_unit/per_group<16,f16>;>;widely_linear>",
     "657c67c3c2c636fa86d84b15b190f5ed2c2999e296ae17dc4a218f91bccac282"},
    {"int4", "uniform<4,symmetric>/per_group<32,f16>",
     "da73e877bf05187aaa438f3adf1ae086c60651f78d0dda450d0a88779f2a8198"},
    {"row", "uniform<7,symmetric>/per_row<f32>",
     "af09fe7e59774e6dae50db3ef56ce9529de49104935acaf3dc74418aabec1033"},
    {"tensor", "uniform<2,centred>/per_tensor<f16>",
     "423d5b8726a04cf5c577e2fd81357ea9502f0a71a317ef0cc3cace9cb80c4389"},
    {"column", "uniform<6,symmetric>/per_column<f16>",
     "e49c69dc13f2b08aa7c843edac1f047a9057f7a390a7ce3ac179a6174fae2918"},
    {"integer_zero", "uniform<3,asymmetric>/per_group<16,f16>",
     "b943c38c544a3f712d10682a13820dfcc99de7e68e60aad26828dc474fff5918"},
    {"real_zero", "uniform<2,real_zero>/per_row<f16>",
     "bc88fb7dbec362e59e230641141cb2a700a3646f128652a48614e65ae0cbb64f"},
    {"minimum", "uniform<4,minimum>/per_group<32,bf16>",
     "707ff6353507c68ce3b42758041cfd4d8936d3b843e4188b51418af88aee5ef1"},
    {"k_quant", "uniform<4,minimum>/per_group<8,uniform<6,nonnegative>/per_group<4,f16>,*>",
     "502b36f6861f143361519a54032e158cb0ee9c233cd0f4f858a6d431eb5ee7ab"},
    {"double_quantized",
     "normal_float<4>/per_group<8,displaced<uniform<8,nonnegative>>/per_group<4,"
     "f32>>",
     "11c09a20b19c13df855adc9eb976b5f4f452216e6aab31bf4cace2e046ce2aeb"},
    {"nf4", "normal_float<4>/per_group<64,f16>",
     "351406fa95a68978135f0709f5e305710bee0af58c128a31d3849425ce4f4b27"},
    {"fp4_bnb", "bnb_fp4/per_group<64,f16>",
     "98e6fe4a82ab994039abf6d735caffc76e9e3861948a7d967675f141feb9216d"},
    {"iq4_nl", "table<iq4_nl>/per_group<32,f16>",
     "a2e7c058c00412ff7b3f8a931b15eb1fe691e3f161f6519a14a38677262b6bc9"},
    {"binary", "binary/per_row<f16>",
     "9e2d17df75ac7117662aa49f893ab9e9d09dd4f2f1dd1f3d6684253d81bd6178"},
    {"post4", "power_of_two<4,sqrt2,with_zero>/per_group<64,f16>",
     "fb62153b38cb9d9d064ca280f4f2cb28a4c504a7d7c080b0b1cd9be489eed7cf"},
    {"log2", "logarithmic<4,2,symmetric,with_zero>/per_group<64,f16>",
     "90b454ee4a13dd80349c03fed370785a7c2c0b1be3489d133c686341629daa3e"},
    {"e5m2", "e5m2ieee/per_row<f16>",
     "83a43e4629e35285fb79693f84543eda9bf37fe04d94dcc8933d41c799b0cb2f"},
    {"learned", "learned_table<3,f16>/per_group<64,f16>",
     "3ecf0fab415b39d784a7855bc4a5980fe4250d207e2de88bd7aeb26251477667"},
    {"codebook", "vector_codebook<4,4,f16>/per_row<f16>",
     "cc4c21a5157b523abaa38fda6a4c632b904ecc99f1fb911f786e33ab7d60188c"},
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
