// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Codecs of bytes under nvcc: proven while compiling, and run where there is a GPU.
#include <doctest/doctest.h>

#include <lowbit/codec.hpp>
#include <lowbit/kernels/device/byte_codec.hpp>

#include "kernels/device/codec_blocks.hpp"

using namespace lowbit;

namespace {

/// The byte that a code must become.
template <class Q>
constexpr int expected_byte(code_t code) {
  if (byte_codec<Q>::kind == mma_kind::u8s8) return int(code);
  return kernels::find_int8_scale(level_table<Q>, 1 << Q::bits, has_zero<Q>)
      .value(level_table<Q>[int(code)]);
}
/// Wrong bytes of a unit in a lane.
template <class Q>
constexpr int wrong_bytes(int turn, int lane, int unit, const arr<word, 2>& a) {
  int wrong = 0;
  for (int row = 0; row < 2; ++row)
    for (int i = 0; i < 4; ++i) {
      const code_t code =
          code_at<Q::bits>(turn, lane / 4 + 8 * row, 16 * unit + lane % 4 * 4 + i);
      const int place = i == 1 ? 2 : i == 2 ? 1 : i;
      wrong += (a[row] >> (8 * place) & 255) != (word(expected_byte<Q>(code)) & 255);
    }
  return wrong;
}
template <class Q>
constexpr bool right_in_lane(int turn, int lane) {
  const code_tile<Q::bits> tile(turn);
  const byte_codec<Q> codec(Q{});
  int wrong = 0;
  for (int unit = 0; unit < 8; ++unit)
    wrong += wrong_bytes<Q>(turn, lane, unit, codec.fragment(tile.lane(lane), unit));
  return wrong == 0;
}
static_assert(right_in_lane<uniform<4>>(3, 6) && right_in_lane<uniform<3, asymmetric>>(2, 30));
static_assert(right_in_lane<ternary>(1, 9) && right_in_lane<uniform<7>>(70, 11));
static_assert(right_in_lane<fp4_e2m1>(1, 17) && right_in_lane<normal_float<4>>(5, 2));

template <class Q>
__global__ void decode_bytes(const block_words<Q::bits>* words, word* out) {
  extern __shared__ words4 table[];
  using codec_type = byte_codec<Q>;
  const int lane = int(threadIdx.x);
  if constexpr (codec_type::table_words > 0) {
    codec_type::fill(Q{}, table->items, lane, 32);
    __syncthreads();
  }
  const codec_type codec(Q{}, table->items, lane);
  const block_words<Q::bits> mine = words[lane];
#pragma unroll
  for (int unit = 0; unit < 8; ++unit) {
    const arr<word, 2> a = codec.fragment(mine, unit);
    out[(lane * 8 + unit) * 2] = a[0];
    out[(lane * 8 + unit) * 2 + 1] = a[1];
  }
}

bool has_gpu() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
}

template <class Q>
void check_on_device() {
  CHECK(reinterpret_cast<const void*>(&decode_bytes<Q>) != nullptr);
  if (!has_gpu()) return;
  block_words<Q::bits>* words = nullptr;
  word* out = nullptr;
  cudaMallocManaged(&words, 32 * sizeof(*words));
  cudaMallocManaged(&out, 32 * 16 * sizeof(word));
  int wrong = 0;
  for (int turn = 0; turn >> Q::bits == 0; turn += Q::bits > 4 ? 7 : 1) {
    const code_tile<Q::bits> tile(turn);
    for (int l = 0; l < 32; ++l) words[l] = tile.lane(l);
    decode_bytes<Q><<<1, 32, byte_codec<Q>::table_words * 4>>>(words, out);
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    for (int l = 0; l < 32; ++l)
      for (int unit = 0; unit < 8; ++unit)
        wrong += wrong_bytes<Q>(turn, l, unit,
                                {{out[(l * 8 + unit) * 2], out[(l * 8 + unit) * 2 + 1]}});
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

TEST_CASE("codecs of bytes decode every code in every place on a GPU") {
  check_all_on_device<uniform<2>, uniform<3, asymmetric>, uniform<4>, uniform<5>, uniform<6>,
                      uniform<7>, uniform<8, asymmetric>, binary, ternary, fp4_e2m1, fp6_e2m3,
                      normal_float<2>, normal_float<3>, normal_float<4>, post<4>>();
}
