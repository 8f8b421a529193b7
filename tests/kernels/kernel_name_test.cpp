// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/kernel_name.hpp>

#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/table_set.hpp>
#include <string>

using namespace lowbit;

namespace {

using w4 = format<uniform<4>, per_group<32>>;
using w4_host = quantized_view<w4, host_layout>;
using e2m3 = format<fp6_e2m3, per_group<32>>;
using nf = format<normal_float<4>, per_group<64>>;
using unit = format<complex_unit, per_group<64>>;

struct twelve {  // its own strategy: kernels know nothing of it
  static constexpr int bits = 12;
  static constexpr float decode(unsigned code) { return float(code) * 0x1p-11f - 1; }
  static constexpr unsigned encode(float x) { return unsigned((x + 1) * 0x1p11f) & 0xfff; }
};

}  // namespace

// Integer products, by where levels come from.
static_assert(kernel_name<w4_host, a8>() == "int8_tiles<4,codes>/host");
static_assert(kernel_name<w4, a8>() == "int8_tiles<4,table>/canonical");
static_assert(kernel_name<quantized_view<nf, host_layout>, a8>() == "int8_tiles<4,table>/host");
static_assert(kernel_name<format<vector_codebook<4, 8>>, a8>() ==
              "int8_tiles<8,entries>/canonical");
static_assert(kernel_name<format<uniform<4>, per_group<32>, sparse<>>, a8>() ==
              kernel_name<w4, a8>());

// Real ones.
static_assert(kernel_name<w4>() == "real_tiles<4,table>/canonical");
static_assert(kernel_name<quantized_view<format<uniform<6>>, host_layout>>() ==
              "real_tiles<6,codes>/host");
static_assert(kernel_name<format<learned_table<3>>>() == "real_tiles<3,table>/canonical");
static_assert(kernel_name<e2m3>() == "real_tiles<6,field>/canonical");
static_assert(kernel_name<format<fp6_e2m3, per_block<2, 6>>>() == "rows<6,field>/canonical");
static_assert(kernel_name<e2m3, a8>() == "int8_tiles<6,table>/canonical");
static_assert(kernel_name<format<f16, unscaled>>() == "rows<16,float>/canonical");
static_assert(kernel_name<format<e8m0, per_block<2, 6>>>() == "rows<8,exponent>/canonical");
static_assert(kernel_name<format<uniform<4>, per_block<2, 6>>>() == "rows<4,affine>/canonical");
static_assert(kernel_name<format<vector_codebook<4, 8>>>() == "rows<8,entries>/canonical");
static_assert(kernel_name<format<twelve>>() == "rows<12,generic>/canonical");
static_assert(kernel_name<format<twelve>, a8>() == "rows<12,generic>/canonical");

// Complex codes, and groups of activations that cannot be taken apart for them.
static_assert(kernel_name<unit, complex32>() == "axes<real_tiles<2,table>>/canonical");
static_assert(kernel_name<quantized_view<unit, host_layout>, prepared<a8>>() ==
              "axes<int8_tiles<2,table>>/host");
static_assert(kernel_name<unit, format<uniform<8>, per_group<4, f32>>>() ==
              kernel_name<unit, complex32>());
static_assert(kernel_name<unit, a8r>() == kernel_name<unit, complex32>());
static_assert(kernel_name<unit, format<uniform<8>, per_row::with<f32>>>() ==
              kernel_name<unit, a8>());

// One kernel by all the types that lead to it.
static_assert(kernel_name<quantized_matrix<w4, host_layout>, a8>() == kernel_name<w4_host, a8>());
static_assert(kernel_name<w4, quantized_activations<a8, float16>>() == kernel_name<w4, a8>());
static_assert(kernel_name<w4, float16>() == kernel_name<w4>());
static_assert(kernel_name<w4, a8r>() == kernel_name<w4, a8>());
static_assert(kernel_name<w4, static_uint8>() == kernel_name<w4, a8>());
static_assert(kernel_name<w4, prepared<>>() == kernel_name<w4, bfloat16>());
// A format that has no integer kernel is multiplied as real values.
static_assert(kernel_name<w4, nf>() == kernel_name<w4, float>());

TEST_CASE("no named format falls to the generic kernel") {
  int seen = 0;
  known_formats::for_each([&](auto entry) {
    if constexpr (requires { typename decltype(entry)::format_type; }) {
      using F = typename decltype(entry)::format_type;
      using view = quantized_view<F, host_layout>;
      ++seen;
      const std::string name(std::string_view(entry.name));
      CAPTURE(name);
      CHECK(kernel_name<view>().find("generic") == std::string_view::npos);
      CHECK(kernel_name<view, a8>().starts_with("rows") == false);
    }
  });
  CHECK(seen > 30);
}
