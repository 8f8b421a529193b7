// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Kernels whose instructions are known, for the test of the counter.
#include <cstdint>

/// A loop of 5 LOP3, 3 PRMT, 2 HFMA2, 1 HMMA, and loads of 16, 16 and 8 bytes.
extern "C" __global__ void known_loop(const uint4* wide, const uint2* narrow, uint4* out, int n) {
  float d[4] = {};
  std::uint32_t x = threadIdx.x, y = threadIdx.y;
#pragma unroll 1
  for (int i = 0; i < n; ++i) {
    const uint4 a = __ldg(wide + 64 * i), b = __ldg(wide + 64 * i + 32);
    const uint2 c = __ldg(narrow + 32 * i);
#pragma unroll
    for (int k = 0; k < 5; ++k)
      asm volatile("lop3.b32 %0, %0, %1, %2, 0x96;" : "+r"(x) : "r"(a.x), "r"(b.y));
#pragma unroll
    for (int k = 0; k < 3; ++k)
      asm volatile("prmt.b32 %0, %0, %1, 0x5410;" : "+r"(x) : "r"(b.x));
    asm volatile("fma.rn.f16x2 %0, %0, %1, %2;" : "+r"(y) : "r"(a.y), "r"(a.z));
    asm volatile("fma.rn.f16x2 %0, %0, %1, %2;" : "+r"(y) : "r"(c.x), "r"(c.y));
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, {%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(x), "r"(y), "r"(a.w), "r"(b.z), "r"(b.w), "r"(c.x));
  }
  out[threadIdx.x] = {x, y, __float_as_uint(d[0] + d[1]), __float_as_uint(d[2] + d[3])};
}

/// An array that is indexed at run time lives in memory.
extern "C" __global__ void known_local(const int* in, int* out) {
  int array[32];
  for (int i = 0; i < 32; ++i) array[i] = in[i * 33];
  for (int i = 0; i < 32; ++i) array[in[i] & 31] += i;
  out[threadIdx.x] = array[in[threadIdx.x] & 31];
}

/// No loop, no shared memory but one load of 4 bytes, one product of bytes.
extern "C" __global__ void known_line(const std::uint32_t* in, int* out) {
  __shared__ std::uint32_t shared[64];
  shared[threadIdx.x] = in[threadIdx.x];
  __syncthreads();
  const std::uint32_t a = shared[threadIdx.x ^ 1];
  int d[4] = {};
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %4}, {%4}, "
      "{%0, %1, %2, %3};"
      : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
      : "r"(a));
  out[threadIdx.x] = d[0] ^ d[1] ^ d[2] ^ d[3];
}
