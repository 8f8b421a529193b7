// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Register codecs under nvcc: proven while compiling, and run where there is a GPU.
#include <doctest/doctest.h>

#include <lowbit/codec.hpp>
#include <lowbit/kernels/device/half_codec.hpp>

#include "kernels/device/codec_blocks.hpp"

using namespace lowbit;

namespace {

template <class Q>
constexpr bool right_in_lane(int turn, int lane) {
  const code_tile<Q::bits> tile(turn);
  using codec_type = half_codec<Q>;
  const codec_type codec(Q{});
  bool right = true;
  for (int unit = 0; unit < 8; ++unit) {
    const arr<word, 4> a = codec.fragment(tile.lane(lane), unit, codec.displace(3, 5));
    each_half(lane, unit, [&](int row, int column, int reg, int which) {
      const code_t code = code_at<Q::bits>(turn, row, column);
      float level = codec_type::post_scale *
                    float(float16(Q{}.decode(code) / codec_type::post_scale));
      if (zero_of<Q> == zero_kind::integer) level -= row < 8 ? 3.f : 5.f;
      right = right && float(float16::from_bits(std::uint16_t(a[reg] >> (16 * which)))) *
                               codec_type::post_scale == level;
    });
  }
  return right;
}
static_assert(right_in_lane<uniform<4>>(3, 6) && right_in_lane<uniform<3, asymmetric>>(2, 30));
static_assert(right_in_lane<uniform<8, centred>>(77, 5) && right_in_lane<binary>(0, 31));
static_assert(right_in_lane<fp4_e2m1>(1, 17) && right_in_lane<normal_float<4>>(5, 2));

/// Four registers of each unit, lane by lane.
template <class Q, table_place Place>
__global__ void decode(const block_words<Q::bits>* words, word* out) {
  extern __shared__ words4 table[];
  using codec_type = half_codec<Q, Place>;
  const int lane = int(threadIdx.x);
  if constexpr (codec_type::table_words > 0) {
    codec_type::fill(Q{}, table->items, lane, 32);
    __syncthreads();
  }
  const codec_type codec(Q{}, table->items, lane);
  const block_words<Q::bits> mine = words[lane];
#pragma unroll
  for (int unit = 0; unit < 8; ++unit) {
    const arr<word, 4> a = codec.fragment(mine, unit, codec.displace(3, 5));
    for (int i = 0; i < 4; ++i) out[(lane * 8 + unit) * 4 + i] = a[i];
  }
}

bool has_gpu() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
}

template <class Q, table_place Place = table_place::registers>
void check_on_device() {
  CHECK(reinterpret_cast<const void*>(&decode<Q, Place>) != nullptr);
  if (!has_gpu()) return;
  using codec_type = half_codec<Q, Place>;
  block_words<Q::bits>* words = nullptr;
  word* out = nullptr;
  cudaMallocManaged(&words, 32 * sizeof(*words));
  cudaMallocManaged(&out, 32 * 32 * sizeof(word));
  index_t wrong = 0;
  for (int turn = 0; turn >> Q::bits == 0; turn += Q::bits > 4 ? 7 : 1) {
    const code_tile<Q::bits> tile(turn);
    for (int l = 0; l < 32; ++l) words[l] = tile.lane(l);
    decode<Q, Place><<<1, 32, codec_type::table_words * 4>>>(words, out);
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    for (int l = 0; l < 32; ++l)
      for (int unit = 0; unit < 8; ++unit)
        each_half(l, unit, [&](int row, int column, int reg, int which) {
          const code_t code = code_at<Q::bits>(turn, row, column);
          float level = codec_type::post_scale *
                        float(float16(Q{}.decode(code) / codec_type::post_scale));
          if (zero_of<Q> == zero_kind::integer) level -= row < 8 ? 3.f : 5.f;
          const word found = out[(l * 8 + unit) * 4 + reg] >> (16 * which);
          wrong += is_finite(level) && float(float16::from_bits(std::uint16_t(found))) *
                                               codec_type::post_scale != level;
        });
  }
  CHECK(wrong == 0);
  cudaFree(words);
  cudaFree(out);
}

template <class... Qs>
void check_all_on_device() {
  (check_on_device<Qs>(), ...);
}

}  // namespace

TEST_CASE("codecs decode every code in every place on a GPU") {
  check_all_on_device<uniform<2>, uniform<3, asymmetric>, uniform<4>, uniform<4, centred>,
                      uniform<5>, uniform<6, asymmetric>, uniform<7>, uniform<8, asymmetric>,
                      binary, ternary, fp4_e2m1, fp4_e3m0, fp6_e2m3, fp6_e3m2, fp8_e4m3, fp8_e5m2,
                      normal_float<2>, normal_float<3>, normal_float<4>, post<4>, post<5>, pot<4>,
                      tangent<8, 1250>>();
  check_on_device<normal_float<4>, table_place::shared>();
  check_on_device<normal_float<3>, table_place::shared>();
}
