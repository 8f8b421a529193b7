// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Vectors of a codebook in kernels: compiled, and run where there is a GPU.
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/device/entry_codec.hpp>

#include "kernels/device/codec_blocks.hpp"

using namespace lowbit;

namespace {

/// All fragments of a lane for one block.
template <class Q>
__global__ void decode_entries(state_of<Q> state, const wide_block_words<Q::bits>* words,
                               arr<word, Q::dim>* out) {
  extern __shared__ words4 table[];
  const int lane = int(threadIdx.x);
  entry_codec<Q>::fill(state, table->items, lane, 32);
  __syncthreads();
  const entry_codec<Q> codec(table->items, lane);
  const wide_block_words<Q::bits> mine = words[lane];
#pragma unroll
  for (int unit = 0; unit < 8; ++unit)
#pragma unroll
    for (int i = 0; i < 4; ++i) out[(lane * 8 + unit) * 4 + i] = codec.fragment(mine, unit, i);
}
template <class Q>
__global__ void decode_entry_bytes(state_of<Q> state, float unit_value,
                                   const wide_block_words<Q::bits>* words,
                                   arr<word, Q::dim / 2>* out) {
  extern __shared__ words4 table[];
  const int lane = int(threadIdx.x);
  entry_byte_codec<Q>::fill(state, unit_value, table->items, lane, 32);
  __syncthreads();
  const entry_byte_codec<Q> codec(table->items, lane);
  const wide_block_words<Q::bits> mine = words[lane];
#pragma unroll
  for (int unit = 0; unit < 8; ++unit)
#pragma unroll
    for (int i = 0; i < 4; ++i) out[(lane * 8 + unit) * 4 + i] = codec.fragment(mine, unit, i);
}

bool has_gpu() {
  int devices = 0;
  return cudaGetDeviceCount(&devices) == cudaSuccess && devices > 0;
}
template <class T>
T* shared_by_both(index_t n) {
  void* memory = nullptr;
  cudaMallocManaged(&memory, std::size_t(n) * sizeof(T));
  return static_cast<T*>(memory);
}

/// The same fragments on the device and here.
template <class Q>
void check_entries() {
  CHECK(reinterpret_cast<const void*>(&decode_entries<Q>) != nullptr);
  CHECK(reinterpret_cast<const void*>(&decode_entry_bytes<Q>) != nullptr);
  if (!has_gpu()) return;
  constexpr index_t numbers = (index_t(1) << Q::bits) * Q::dim;
  auto* const entries = shared_by_both<std::uint16_t>(numbers);
  for (index_t i = 0; i < numbers; ++i)
    entries[i] = std::uint16_t(f16::encode(float(i * 7919 % numbers) / float(numbers) - 0.4f));
  state_of<Q> state;
  state.table = {entries, numbers};
  using words_type = wide_block_words<Q::bits>;
  auto* const words = shared_by_both<words_type>(32);
  auto* const out = shared_by_both<arr<word, Q::dim>>(1024);
  auto* const bytes = shared_by_both<arr<word, Q::dim / 2>>(1024);
  const code_tile<(Q::bits < 8 ? Q::bits : 8)> tile(3);
  const code_tile<(Q::bits > 8 ? Q::bits - 8 : 1)> upper(5);
  for (int l = 0; l < 32; ++l) words[l] = words_type{tile.lane(l), upper.lane(l)};

  const float unit_value = entry_byte_codec<Q>::unit_of(state);
  constexpr int size = entry_codec<Q>::table_words * 4;
  constexpr int byte_size = entry_byte_codec<Q>::table_words * 4;
  cudaFuncSetAttribute(decode_entries<Q>, cudaFuncAttributeMaxDynamicSharedMemorySize, size);
  decode_entries<Q><<<1, 32, size>>>(state, words, out);
  cudaFuncSetAttribute(decode_entry_bytes<Q>, cudaFuncAttributeMaxDynamicSharedMemorySize,
                       byte_size);
  decode_entry_bytes<Q><<<1, 32, byte_size>>>(state, unit_value, words, bytes);
  CHECK(cudaDeviceSynchronize() == cudaSuccess);

  auto* const table = shared_by_both<words4>(size / 16);
  auto* const byte_table = shared_by_both<words4>(byte_size / 16);
  entry_codec<Q>::fill(state, table->items, 0, 1);
  entry_byte_codec<Q>::fill(state, unit_value, byte_table->items, 0, 1);
  index_t wrong = 0;
  for (int l = 0; l < 32; ++l)
    for (int unit = 0; unit < 8; ++unit)
      for (int i = 0; i < 4; ++i) {
        const auto a = entry_codec<Q>(table->items, l).fragment(words[l], unit, i);
        const auto b = entry_byte_codec<Q>(byte_table->items, l).fragment(words[l], unit, i);
        const int at = (l * 8 + unit) * 4 + i;
        wrong += std::memcmp(&a, out + at, sizeof(a)) != 0;
        wrong += std::memcmp(&b, bytes + at, sizeof(b)) != 0;
      }
  CHECK(wrong == 0);
  cudaFree(entries);
  cudaFree(words);
  cudaFree(out);
  cudaFree(bytes);
  cudaFree(table);
  cudaFree(byte_table);
}

}  // namespace

TEST_CASE("entries of a codebook are the same on a GPU and on the host") {
  check_entries<vector_codebook<4, 8>>();
  check_entries<vector_codebook<8, 8>>();
  check_entries<vector_codebook<8, 12>>();
  check_entries<vector_codebook<16, 6>>();
}
