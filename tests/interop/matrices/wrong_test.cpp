// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of matrices that are wrong in one place: what the error says.
#include <doctest/doctest.h>

#include <functional>

#include "one_matrix.hpp"
#include "storage_kinds.hpp"
#include "support/compiled_kernels.hpp"

namespace {

using lowbit::safetensors::dtype;
using lowbit_test::fragile_kinds;
using lowbit_test::one_matrix;

struct wrong {
  const char* matrix;
  std::function<void(one_matrix&)> change;
  const char* error;  // what follows "lowbit: "
};
void check_errors(const std::vector<wrong>& cases) {
  for (const wrong& w : cases) {
    one_matrix m(w.matrix);
    w.change(m);
    CAPTURE(w.matrix);
    CHECK(m.error<fragile_kinds>() == std::string("lowbit: ") + w.error);
  }
}

constexpr std::uint16_t half_infinity = 0x7C00;
constexpr std::uint32_t quiet_nan = 0x7FC00000;

}  // namespace

TEST_CASE("arrays that are missing, of another dtype or of another size") {
  check_errors({
      {"tile", [](auto& m) { m.arrays.erase("w.scales"); },
       "w.scales: this array of the matrix is missing"},
      {"tile", [](auto& m) { m.arrays.at("w.scales").type = dtype::f16; },
       "w.scales: dtype F16, expected BF16"},
      {"tile", [](auto& m) { m.arrays.at("w.codes").type = dtype::i8; },
       "w.codes: dtype I8, expected U8"},
      {"tile", [](auto& m) { m.resize("codes", 5 * 45 - 1); },
       "w.codes: 224 elements, expected 225"},
      {"tile", [](auto& m) { m.resize("scales", 2 * 16); }, "w.scales: 32 elements, expected 30"},
      {"mxfp8", [](auto& m) { m.arrays.at("w.codes").type = dtype::u8; },
       "w.codes: dtype U8, expected F8_E4M3"},
      {"spqr", [](auto& m) { m.arrays.erase("w.zeros.zeros"); },
       "w.zeros.zeros: this array of the matrix is missing"},
      {"cross", [](auto& m) { m.resize("columns", 2 * 70); },
       "w.columns: 140 elements, expected 142"},
      {"low_rank", [](auto& m) { m.resize("outliers.right", 2 * 141); },
       "w.outliers.right: 141 elements, expected 142"},
      {"residual", [](auto& m) { m.resize("first.codebook", 2 * 31); },
       "w.first.codebook: 31 elements, expected 32"},
      {"sum", [](auto& m) { m.arrays.erase("w.terms.1.scales"); },
       "w.terms.1.scales: this array of the matrix is missing"},
      {"hadamard", [](auto& m) { m.resize("in.0.seed", 16); }, "w.in.0.seed: 16 bytes, expected 8"},
  });
}

TEST_CASE("tensors of any dtype may stand beside a matrix, under names that begin like its own") {
  one_matrix m("tile");
  m.arrays["w.positions"] = {dtype::i64, {1}, lowbit_test::one_matrix("tile").bytes("scales")};
  m.resize("positions", 8);
  m.arrays["w.codes.old"] = m.arrays["wx"] = m.arrays["w.positions"];
  CHECK(m.error<fragile_kinds>().empty());
}

TEST_CASE("metadata that is missing or makes no sense") {
  const auto shaped = [](const char* text) {
    return [text](one_matrix& m) { m.metadata["w.shape"] = text; };
  };
  check_errors({
      {"tile", [](auto& m) { m.metadata.erase("lowbit.schema"); },
       "lowbit.schema: is missing: the file holds no quantized matrices of lowbit"},
      {"tile", [](auto& m) { m.metadata["lowbit.schema"] = "1.1"; },
       "lowbit.schema: '1.1' is not known; known is '1'"},
      {"tile", [](auto& m) { m.metadata.erase("w.format"); },
       "w.format: is missing in the metadata of the file"},
      {"tile", [](auto& m) { m.metadata.erase("w.shape"); },
       "w.shape: is missing in the metadata of the file"},
      {"tile", shaped(""), "w.shape: '', expected rows and columns like '4096,11008'"},
      {"tile", shaped("5"), "w.shape: '5', expected rows and columns like '4096,11008'"},
      {"tile", shaped("5,"), "w.shape: '5,', expected rows and columns like '4096,11008'"},
      {"tile", shaped("5,71,1"), "w.shape: '5,71,1', expected rows and columns like '4096,11008'"},
      {"tile", shaped("5, 71"), "w.shape: '5, 71', expected rows and columns like '4096,11008'"},
      {"tile", shaped("-5,71"), "w.shape: '-5,71', expected rows and columns like '4096,11008'"},
      {"tile", shaped("5x71"), "w.shape: '5x71', expected rows and columns like '4096,11008'"},
      {"tile", shaped("9223372036854775808,1"),
       "w.shape: '9223372036854775808,1', expected rows and columns like '4096,11008'"},
      {"tile", shaped("1,36028797018963969"),
       "w.shape: 1 x 36028797018963969, expected sizes from 0 to 2^55"},
      {"tile", shaped("36028797018963968,36028797018963968"),
       "w.codes: 36028797018963968 rows of 22517998136852480 bytes do not fit 64 bits"},
      {"tile", shaped("4,71"), "w.codes: 225 elements, expected 180"},
      {"sum", shaped("5,70"), "channel_scale: 71 scales for 70 values"},
  });
}

TEST_CASE("codes and scales that stand for nothing, and bits that belong to no code") {
  check_errors({
      {"ternary", [](auto& m) { m.bytes("codes")[18 + 2] |= 3 << 4; },
       "w.codes: code 3 at (1, 10) stands for no finite value"},
      {"ternary", [](auto& m) { m.bytes("codes")[18 + 17] |= 0x80; },
       "w.codes: bits after the last code of row 1 are set, expected 0"},
      {"trits5", [](auto& m) { m.bytes("codes")[15 + 3] = 1; },
       "w.codes: code 1 at (1, 3) stands for no finite value"},
      {"mxfp8", [](auto& m) { m.bytes("codes")[71 + 5] = 0xFF; },
       "w.codes: code 255 at (1, 5) stands for no finite value"},
      {"mxfp8", [](auto& m) { m.bytes("scales")[3 + 2] = 0xFF; },
       "w.scales: code 255 at (1, 2) stands for no finite value"},
      {"nvfp4", [](auto& m) { m.bytes("scales")[5 + 4] = 0x7F; },
       "w.scales: code 127 at (1, 4) stands for no finite value"},
      {"nvfp4", [](auto& m) { m.set("scales.scales", 0, quiet_nan); },
       "w.scales.scales: code 2143289344 at (0, 0) stands for no finite value"},
      {"spqr", [](auto& m) { m.set("zeros.zeros", 3, half_infinity); },
       "w.zeros.zeros: code 31744 at (0, 3) stands for no finite value"},
      {"cross", [](auto& m) { m.set("columns", 70, half_infinity); },
       "w.columns: code 31744 at (0, 70) stands for no finite value"},
      {"learned_set", [](auto& m) { m.bytes("selectors")[2] |= 3; },
       "w.selectors: code 3 at (1, 0) stands for no finite value"},
      {"table_set", [](auto& m) { m.bytes("selectors.scales")[1] = 2; },
       "w.selectors.scales: bits after the last code of row 1 are set, expected 0"},
  });
}

TEST_CASE("scales whose product is beyond binary32") {
  check_errors({{"nvfp4", [](auto& m) { m.set("scales.scales", 0, 0x7F7FFFFF); },
                 "w.scales: the parameter at (0, 0) is beyond binary32"}});
}

TEST_CASE("positions of outliers") {
  check_errors({
      {"sparse16", [](auto& m) { m.set("outliers.row_starts", 0, std::uint32_t(1)); },
       "w.outliers.row_starts: the first is 1, expected 0"},
      {"sparse16", [](auto& m) { m.set("outliers.row_starts", 2, std::uint32_t(99)); },
       "w.outliers.row_starts: row 2 starts at 99 and ends at 2"},
      {"sparse16", [](auto& m) { m.set("outliers.row_starts", 5, ~std::uint32_t(0)); },
       "w.outliers.row_starts: the last is 4294967295, expected the number of elements, 3"},
      {"sparse16", [](auto& m) { m.set("outliers.columns", 0, std::uint16_t(71)); },
       "w.outliers.columns: column 71 in row 0, expected less than 71"},
      {"sparse32", [](auto& m) { m.set("outliers.columns", 2, ~std::uint32_t(0)); },
       "w.outliers.columns: column 4294967295 in row 4, expected less than 71"},
      {"sparse32", [](auto& m) { m.resize("outliers.columns", 4 * 2); },
       "w.outliers.row_starts: the last is 3, expected the number of elements, 2"},
      {"sparse32", [](auto& m) { m.resize("outliers.values", 2 * 2); },
       "w.outliers.values: 2 elements, expected 3"},
      {"sparse32", [](auto& m) { m.set("outliers.values", 2, half_infinity); },
       "w.outliers.values: element 2 is not finite"},
      {"columns", [](auto& m) { m.set("outliers.columns", 0, std::uint32_t(71)); },
       "w.outliers.columns: column 71, expected less than 71"},
      {"columns", [](auto& m) { m.resize("outliers.values", 2 * 4); },
       "w.outliers.values: 4 elements, expected 5"},
      {"low_rank", [](auto& m) { m.set("outliers.left", 9, half_infinity); },
       "w.outliers.left: element 9 is not finite"},
  });
}

TEST_CASE("levels and codebooks") {
  check_errors({
      {"learned_int8", [](auto& m) { m.bytes("state")[7] = m.bytes("state")[6] - 1; },
       "w.state: level 7 is below the one before, expected ascending levels"},
      {"learned_set", [](auto& m) { m.set("state", 5, half_infinity); },
       "w.state: number 5 is not finite"},
      {"residual", [](auto& m) { m.set("first.codebook", 7, half_infinity); },
       "w.first.codebook: value 1 of entry 3 is not finite"},
      {"residual", [](auto& m) { m.bytes("second.codebook")[2] = 0x7F; },
       "w.second.codebook: value 0 of entry 1 is not finite"},
  });
}

TEST_CASE("sizes behind transforms that would cost memory for nothing") {
  check_errors({
      {"hadamard",
       [](auto& m) {
         m.metadata["w.shape"] = "0,71";
         m.set("in.0.block", 0, std::uint32_t(1) << 31);
       },
       "w: transforms make 2147483648 of 71 numbers, expected at most 65678"},
      {"branch", [](auto& m) { m.set("terms.1.rank", 0, ~std::uint32_t(0)); },
       "w.terms.1.rank: 4294967295, expected at most 65612 for 5 x 71"},
      {"branch", [](auto& m) { m.set("terms.1.rank", 0, 3); },
       "w.terms.1.left.codes: 20 elements, expected 30"},
  });
}

TEST_CASE("transforms") {
  check_errors({
      {"hadamard", [](auto& m) { m.set("in.0.block", 0, std::uint32_t(44)); },
       "w.in.0.block: 44, expected a power of two, 12, 20, 28 or 36 times one, or 0 for all"},
      {"sum", [](auto& m) { m.set("in.1.order", 3, std::uint32_t(71)); },
       "w.in.1.order: position 3 holds 71, expected each of 0 .. 70 once"},
      {"sum", [](auto& m) { m.set("in.1.order", 3, std::uint32_t(70)); },
       "w.in.1.order: position 3 holds 70 again, expected each of 0 .. 70 once"},
      {"sum", [](auto& m) { m.set("in.0.scales", 4, 0); },
       "w.in.0.scales: the scale of channel 4 is 0.000000, expected a positive finite number"},
      {"sum", [](auto& m) { m.set("in.0.scales", 70, quiet_nan); },
       "w.in.0.scales: the scale of channel 70 is nan, expected a positive finite number"},
      {"sum", [](auto& m) { m.resize("in.0.scales", 4 * 70); },
       "channel_scale: 70 scales for 71 values"},
  });
}
