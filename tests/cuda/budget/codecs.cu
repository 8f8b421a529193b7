// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What decoding costs: for each codec the inner loop of a product, with groups of 128 columns. A
// warp reads a block of 16 rows and 128 columns in each turn, 64 weights in a lane.
#include <lowbit/codec.hpp>
#include <lowbit/kernels/device/byte_codec.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/device/entry_codec.hpp>
#include <lowbit/kernels/device/half_codec.hpp>
#include <lowbit/kernels/exec/gpu.hpp>

using namespace lowbit;

namespace {

/// Blocks in a turn of the loop: 64 bytes of a lane, or more.
template <int Bits>
constexpr int blocks_at_once = Bits < 4 ? 4 : 2;
/// Bytes of a block of mma16.
template <class Q>
constexpr std::size_t block_bytes = 256 * Q::bits;

template <class Q, table_place Place>
__device__ void add_half_products(const std::uint8_t* tile, const words4* x, const word* scales,
                                  int blocks, arr<float, 4>& total) {
  extern __shared__ words4 shared[];
  using codec_type = half_codec<Q, Place>;
  const int lane = int(threadIdx.x & 31);
  if constexpr (codec_type::table_words > 0) {
    codec_type::fill(Q{}, shared->items, int(threadIdx.x), int(blockDim.x));
    __syncthreads();
  }
  const codec_type codec(Q{}, shared->items, lane);
  const gpu_warp warp;
  constexpr int turn = blocks_at_once<Q::bits>;
  x += lane * 2;
  scales += lane / 4;
#pragma unroll 1
  for (int i = 0; i < blocks; i += turn) {
#pragma unroll
    for (int j = 0; j < turn; ++j) {
      const block_words<Q::bits> words = load_block<Q::bits>(tile + block_bytes<Q> * (i + j), lane);
      gpu_warp::var<arr<float, 4>> sum{};
      words4 b[4];
#pragma unroll
      for (int k = 0; k < 4; ++k) b[k] = load_once(x + j * 128 + k / 2 * 64 + k % 2);
#pragma unroll
      for (int unit = 0; unit < 8; ++unit) {
        const gpu_warp::var<arr<word, 4>> a{codec.fragment(words, unit, codec.displace())};
        const gpu_warp::var<arr<word, 2>> columns{
            {{b[unit / 2][unit % 2 * 2], b[unit / 2][unit % 2 * 2 + 1]}}};
        mma<mma_kind::half>(warp, sum, a, columns);
      }
      const word scale = __ldg(scales + 8 * j);
      const float s0 = half_low(scale), s1 = half_high(scale);
      total[0] += s0 * sum.value[0];
      total[1] += s0 * sum.value[1];
      total[2] += s1 * sum.value[2];
      total[3] += s1 * sum.value[3];
    }
    x += turn * 128;
    scales += turn * 8;
  }
}

/// The same with int8 activations: unit * (sum + bias * sum of x). Without groups rows have one
/// scale, so that there is nothing to do but the products.
template <class Q, bool Grouped>
__device__ void add_byte_products(const std::uint8_t* tile, const words4* x, const float2* x_sums,
                                  const word* scales, int blocks, arr<float, 4>& total) {
  extern __shared__ words4 shared[];
  using codec_type = byte_codec<Q>;
  const int lane = int(threadIdx.x & 31);
  if constexpr (codec_type::table_words > 0) {
    codec_type::fill(Q{}, shared->items, int(threadIdx.x), int(blockDim.x));
    __syncthreads();
  }
  const codec_type codec(Q{}, shared->items, lane);
  const gpu_warp warp;
  constexpr int turn = blocks_at_once<Q::bits>;
  x += lane;
  x_sums += lane % 4;
  scales += lane / 4;
  gpu_warp::var<arr<std::int32_t, 4>> sum{};
  const auto add = [&](word scale, float2 sums) {
    const float s0 = half_low(scale) * codec.unit(), s1 = half_high(scale) * codec.unit();
    const float s1_sum = s1 * (1.f / codec_type::upper_factor);
    total[0] += s0 * float(sum.value[0]);
    total[1] += s0 * float(sum.value[1]);
    total[2] += s1_sum * float(sum.value[2]);
    total[3] += s1_sum * float(sum.value[3]);
    if constexpr (codec_type::kind == mma_kind::u8s8) {
      const float x0 = codec.bias() * sums.x, x1 = codec.bias() * sums.y;
      total[0] += s0 * x0;
      total[1] += s0 * x1;
      total[2] += s1 * x0;
      total[3] += s1 * x1;
    }
  };
#pragma unroll 1
  for (int i = 0; i < blocks; i += turn) {
#pragma unroll
    for (int j = 0; j < turn; ++j) {
      const block_words<Q::bits> words = load_block<Q::bits>(tile + block_bytes<Q> * (i + j), lane);
      if constexpr (Grouped) sum = {};
      const words4 b[2] = {load_once(x + j * 64), load_once(x + j * 64 + 32)};
#pragma unroll
      for (int unit = 0; unit < 8; unit += 2) {
        const arr<word, 2> even = codec.scaled_fragment(words, unit),
                           odd = codec.scaled_fragment(words, unit + 1);
        const gpu_warp::var<arr<word, 4>> a{{{even[0], even[1], odd[0], odd[1]}}};
        const gpu_warp::var<arr<word, 2>> columns{
            {{b[unit / 4][unit % 4], b[unit / 4][unit % 4 + 1]}}};
        mma<codec_type::kind>(warp, sum, a, columns);
      }
      if constexpr (Grouped)
        add(__ldg(scales + 8 * j), __ldg(x_sums + 4 * j));
    }
    x += turn * 64;
    if constexpr (Grouped) {
      x_sums += turn * 4;
      scales += turn * 8;
    }
  }
  if constexpr (!Grouped) add(__ldg(scales), __ldg(x_sums));
}

/// Codes of 8 bits of vectors: 64 codes in a lane, 64 dim weights.
template <class Q>
__device__ void add_entry_products(const state_of<Q>& state, const std::uint8_t* tile,
                                   const words4* x, int blocks, arr<float, 4>& total) {
  extern __shared__ words4 shared[];
  constexpr int dim = Q::dim;
  const int lane = int(threadIdx.x & 31);
  entry_codec<Q>::fill(state, shared->items, int(threadIdx.x), int(blockDim.x));
  __syncthreads();
  const entry_codec<Q> codec(shared->items, lane);
  const gpu_warp warp;
  gpu_warp::var<arr<float, 4>> sum{};
  x += lane;
#pragma unroll 1
  for (int i = 0; i < blocks; ++i) {
    const wide_block_words<8> words{load_block<8>(tile + block_bytes<Q> * i, lane), {}};
#pragma unroll
    for (int unit = 0; unit < 8; ++unit) {
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        const arr<word, dim> a = codec.fragment(words, unit, c);
#pragma unroll
        for (int j = 0; j < dim / 4; j += 2) {
          const words4 b = load_once(x + ((unit * 4 + c) * (dim / 8) + j / 2) * 32);
#pragma unroll
          for (int k = 0; k < 2; ++k) {
            const int r = 4 * (j + k);
            const gpu_warp::var<arr<word, 4>> four{{{a[r], a[r + 1], a[r + 2], a[r + 3]}}};
            const gpu_warp::var<arr<word, 2>> columns{{{b[2 * k], b[2 * k + 1]}}};
            mma<mma_kind::half>(warp, sum, four, columns);
          }
        }
      }
    }
    x += 1024 * dim / 8;
  }
  total = sum.value;
}
/// The same with int8 activations.
template <class Q>
__device__ void add_entry_byte_products(const state_of<Q>& state, const std::uint8_t* tile,
                                        const words4* x, int blocks, arr<float, 4>& total) {
  extern __shared__ words4 shared[];
  constexpr int dim = Q::dim;
  const int lane = int(threadIdx.x & 31);
  entry_byte_codec<Q>::fill(state, 1.f / 127, shared->items, int(threadIdx.x), int(blockDim.x));
  __syncthreads();
  const entry_byte_codec<Q> codec(shared->items, lane);
  const gpu_warp warp;
  gpu_warp::var<arr<std::int32_t, 4>> sum{};
  x += lane;
#pragma unroll 1
  for (int i = 0; i < blocks; ++i) {
    const wide_block_words<8> words{load_block<8>(tile + block_bytes<Q> * i, lane), {}};
#pragma unroll
    for (int unit = 0; unit < 8; ++unit) {
#pragma unroll
      for (int c = 0; c < 4; c += 2) {
        const words4 b = load_once(x + (unit * 2 + c / 2) * 32);
        static_assert(dim == 8);
#pragma unroll
        for (int k = 0; k < 2; ++k) {
          const gpu_warp::var<arr<word, 4>> a{codec.fragment(words, unit, c + k)};
          const gpu_warp::var<arr<word, 2>> columns{{{b[2 * k], b[2 * k + 1]}}};
          mma<mma_kind::s8s8>(warp, sum, a, columns);
        }
      }
    }
    x += 512;
  }
  for (int k = 0; k < 4; ++k) total[k] = float(sum.value[k]);
}

}  // namespace

#define HALF_PRODUCT(name, place, ...)                                                           \
  extern "C" __global__ void __launch_bounds__(256, 2)                                           \
      name(const std::uint8_t* codes, const words4* x, const word* scales, int blocks,           \
           arr<float, 4>* out) {                                                                 \
    arr<float, 4> total{};                                                                       \
    add_half_products<__VA_ARGS__, table_place::place>(                                          \
        codes + std::size_t(blockIdx.x) * blocks * 256 * __VA_ARGS__::bits, x, scales, blocks,   \
        total);                                                                                  \
    out[blockIdx.x * blockDim.x + threadIdx.x] = total;                                          \
  }

#define BYTE_PRODUCT(name, grouped, ...)                                                         \
  extern "C" __global__ void __launch_bounds__(256, 2)                                           \
      name(const std::uint8_t* codes, const words4* x, const float2* x_sums, const word* scales, \
           int blocks, arr<float, 4>* out) {                                                     \
    arr<float, 4> total{};                                                                       \
    add_byte_products<__VA_ARGS__, grouped>(                                                     \
        codes + std::size_t(blockIdx.x) * blocks * 256 * __VA_ARGS__::bits, x, x_sums, scales,   \
        blocks, total);                                                                          \
    out[blockIdx.x * blockDim.x + threadIdx.x] = total;                                          \
  }

#define ENTRY_PRODUCT(name, function, ...)                                                       \
  extern "C" __global__ void __launch_bounds__(256, 2)                                           \
      name(const state_of<__VA_ARGS__> state, const std::uint8_t* codes, const words4* x,        \
           int blocks, arr<float, 4>* out) {                                                     \
    arr<float, 4> total{};                                                                       \
    function<__VA_ARGS__>(state, codes + std::size_t(blockIdx.x) * blocks * 2048, x, blocks,     \
                          total);                                                                \
    out[blockIdx.x * blockDim.x + threadIdx.x] = total;                                          \
  }

using nf3 = normal_float<3>;
using nf4 = normal_float<4>;
using post4 = post<4>;
using pot4 = pot<4>;
using tangent8 = tangent<8, 1250>;
HALF_PRODUCT(half_binary, registers, binary)
HALF_PRODUCT(half_ternary, registers, ternary)
HALF_PRODUCT(half_int2, registers, uniform<2>)
HALF_PRODUCT(half_int3, registers, uniform<3>)
HALF_PRODUCT(half_int4, registers, uniform<4>)
HALF_PRODUCT(half_int5, registers, uniform<5>)
HALF_PRODUCT(half_int6, registers, uniform<6>)
HALF_PRODUCT(half_int7, registers, uniform<7>)
HALF_PRODUCT(half_int8, registers, uniform<8>)
HALF_PRODUCT(half_fp4_e2m1, registers, fp4_e2m1)
HALF_PRODUCT(half_fp6_e2m3, registers, fp6_e2m3)
HALF_PRODUCT(half_fp6_e3m2, registers, fp6_e3m2)
HALF_PRODUCT(half_fp8_e4m3, registers, fp8_e4m3)
HALF_PRODUCT(half_fp8_e5m2, registers, fp8_e5m2)
HALF_PRODUCT(half_pot4, registers, pot4)
HALF_PRODUCT(half_post4, registers, post4)
HALF_PRODUCT(half_post4_shared, shared, post4)
HALF_PRODUCT(half_nf3, registers, nf3)
HALF_PRODUCT(half_nf4, registers, nf4)
HALF_PRODUCT(half_nf4_shared, shared, nf4)
HALF_PRODUCT(half_tangent8_shared, shared, tangent8)

BYTE_PRODUCT(byte_binary, true, binary)
BYTE_PRODUCT(byte_ternary, true, ternary)
BYTE_PRODUCT(byte_int2, true, uniform<2>)
BYTE_PRODUCT(byte_binary_row, false, binary)
BYTE_PRODUCT(byte_ternary_row, false, ternary)
BYTE_PRODUCT(byte_int2_row, false, uniform<2>)
BYTE_PRODUCT(byte_int4_row, false, uniform<4>)
BYTE_PRODUCT(byte_int3, true, uniform<3>)
BYTE_PRODUCT(byte_int4, true, uniform<4>)
BYTE_PRODUCT(byte_int5, true, uniform<5>)
BYTE_PRODUCT(byte_int6, true, uniform<6>)
BYTE_PRODUCT(byte_int7, true, uniform<7>)
BYTE_PRODUCT(byte_int8, true, uniform<8>)
BYTE_PRODUCT(byte_fp4_e2m1, true, fp4_e2m1)
BYTE_PRODUCT(byte_nf3, true, nf3)
BYTE_PRODUCT(byte_nf4, true, nf4)
BYTE_PRODUCT(byte_fp6_e2m3_shared, true, fp6_e2m3)
BYTE_PRODUCT(byte_tangent8_shared, true, tangent8)
using vectors8 = vector_codebook<8, 8>;
ENTRY_PRODUCT(vector_8d, add_entry_products, vectors8)
ENTRY_PRODUCT(vector_8d_bytes, add_entry_byte_products, vectors8)
