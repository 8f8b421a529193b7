// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// nvcc and its host compiler pick the same kernels: where they differ, the host launches a kernel
// that was never compiled. (nvcc 13 takes some constants in concepts for false without a word.)
#include <doctest/doctest.h>

#include <lowbit/gpu.hpp>
#include <lowbit/lowbit.hpp>

using namespace lowbit;

namespace {

template <class F>
constexpr bool int8 = kernels::has_int8_path<F>;

}  // namespace

static_assert(int8<q8_0::format_type> && int8<q4_k::format_type> && int8<nf4::format_type>);
static_assert(int8<vq_4x8::format_type> && int8<rvq_4x8x4::format_type>);
static_assert(kernels::has_tile_values<int4_g64::format_type>);
static_assert(kernels::has_tensor_path<int4_g64::format_type>);
static_assert(kernels::has_byte_path<nvfp4::format_type>);
static_assert(kernels::has_tensor_path<vq_4x8::format_type>);
static_assert(kernels::small_codebook<rvq_4x8x4::format_type::quantizer_type>);
static_assert(has_half_codec<nf4::format_type::quantizer_type>);
static_assert(has_byte_codec<mxfp8::format_type::quantizer_type>);

TEST_CASE("the kernels of a format are those that the host compiler sees") {
  CHECK(kernels::has_int8_path<vq_4x8::format_type>);
}
