// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp programs on CUDA: for nvcc only.
#pragma once
#include "warp.hpp"
#include "wgmma.hpp"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 800
#error "lowbit's kernels for GPUs need sm_80 or later: add -arch=sm_80 (nvcc's default is older)"
#endif
#if !defined(__CUDACC__)
#error "lowbit/kernels/exec/gpu.hpp is for CUDA sources: compile with nvcc"
#endif

namespace lowbit::inline LOWBIT_ABI {

/// The calling warp: all its 32 lanes must be here together.
struct gpu_warp {
  template <class T>
  struct var {
    T value;
    __device__ T& operator[](int) { return value; }
    __device__ const T& operator[](int) const { return value; }
  };
  template <class F>
  __device__ void lanes(F&& f) const {
    f(int(threadIdx.x & 31u));
  }
  template <class Var, class From>
  __device__ Var shuffle(const Var& v, From from) const {
    return {__shfl_sync(0xffffffffu, v.value, from(int(threadIdx.x & 31u)))};
  }
  __device__ void sync() const { __syncwarp(); }

  template <mma_kind Kind>
  __device__ void multiply_add(var<arr<float, 4>>& d, const var<arr<word, 4>>& a,
                               const var<arr<word, 2>>& b) const {
    float* const s = d.value.items;
    const word *const x = a.value.items, *const y = b.value.items;
    static_assert(Kind == mma_kind::half || Kind == mma_kind::bfloat);
    if constexpr (Kind == mma_kind::half)
      asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, "
          "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])
          : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
    else
      asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, "
          "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])
          : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
  }
  template <mma_kind Kind>
  __device__ void multiply_add(var<arr<std::int32_t, 4>>& d, const var<arr<word, 4>>& a,
                               const var<arr<word, 2>>& b) const {
    std::int32_t* const s = d.value.items;
    const word *const x = a.value.items, *const y = b.value.items;
    static_assert(Kind == mma_kind::u8s8 || Kind == mma_kind::s8s8);
    if constexpr (Kind == mma_kind::u8s8)
      asm("mma.sync.aligned.m16n8k32.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, "
          "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+r"(s[0]), "+r"(s[1]), "+r"(s[2]), "+r"(s[3])
          : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
    else
      asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, "
          "{%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
          : "+r"(s[0]), "+r"(s[1]), "+r"(s[2]), "+r"(s[3])
          : "r"(x[0]), "r"(x[1]), "r"(x[2]), "r"(x[3]), "r"(y[0]), "r"(y[1]));
  }
  template <mma_kind Kind>
  __device__ void multiply_add(var<arr<std::int32_t, 4>>& d, const var<arr<word, 2>>& a,
                               const var<arr<word, 1>>& b) const {
    std::int32_t* const s = d.value.items;
    const word *const x = a.value.items, *const y = b.value.items;
    static_assert(Kind == mma_kind::u8s8 || Kind == mma_kind::s8s8);
    if constexpr (Kind == mma_kind::u8s8)
      asm("mma.sync.aligned.m16n8k16.row.col.s32.u8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
          "{%0, %1, %2, %3};"
          : "+r"(s[0]), "+r"(s[1]), "+r"(s[2]), "+r"(s[3])
          : "r"(x[0]), "r"(x[1]), "r"(y[0]));
    else
      asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5}, {%6}, "
          "{%0, %1, %2, %3};"
          : "+r"(s[0]), "+r"(s[1]), "+r"(s[2]), "+r"(s[3])
          : "r"(x[0]), "r"(x[1]), "r"(y[0]));
  }
#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
  __device__ void multiply_shared_begin() const {
    asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
  }
  template <int Parts>
  __device__ void multiply_shared(var<arr<arr<float, 4>, Parts>>& d, const var<arr<word, 4>>& a,
                                  const word* b, bool more) const {
    detail::wgmma(d.value, a.value, detail::wgmma_right(b, 8 * Parts), more);
  }
  template <int Parts>
  __device__ void multiply_shared_end(var<arr<arr<float, 4>, Parts>>& d) const {
    asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
    asm volatile("wgmma.wait_group.sync.aligned 0;" ::: "memory");
    LOWBIT_UNROLL for (int n = 0; n < Parts; ++n)
      LOWBIT_UNROLL for (int i = 0; i < 4; ++i) asm volatile("" : "+f"(d.value[n][i]));
  }
#endif
};

/// The calling block: a grid of one dimension, blocks of whole warps.
struct gpu_block {
  using warp = gpu_warp;
  template <class T>
  struct per_warp {
    T value;
    __device__ explicit per_warp(const gpu_block&) {}
    __device__ T& operator[](int) { return value; }
  };
  __device__ int index() const { return int(blockIdx.x); }
  __device__ int count() const { return int(gridDim.x); }
  __device__ int warps() const { return int(blockDim.x >> 5); }
  template <class F>
  __device__ void phase_nosync(F&& f) const {
    f(gpu_warp{}, int(threadIdx.x >> 5));
  }
  template <class F>
  __device__ void phase(F&& f) const {
    phase_nosync(f);
    __syncthreads();
  }
  template <class T>
  __device__ T* shared() const {
    extern __shared__ __align__(16) unsigned char lowbit_shared[];
    return reinterpret_cast<T*>(lowbit_shared);
  }
  __device__ void copy16_async(void* to, const void* from) const {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(
                     word(__cvta_generic_to_shared(to))),
                 "l"(from)
                 : "memory");
  }
  __device__ void copy8_async(void* to, const void* from) const {
    asm volatile("cp.async.ca.shared.global [%0], [%1], 8;" ::"r"(
                     word(__cvta_generic_to_shared(to))),
                 "l"(from)
                 : "memory");
  }
  __device__ void copy_commit() const { asm volatile("cp.async.commit_group;" ::: "memory"); }
  template <int N>
  __device__ void copy_wait() const {
    asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
  }
  __device__ void barrier_init(std::uint64_t* b, int arrivals) const {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(at(b)), "r"(arrivals) : "memory");
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
  }
  __device__ void barrier_arrive(std::uint64_t* b) const {
    asm volatile("{ .reg .b64 s; mbarrier.arrive.shared::cta.b64 s, [%0]; }" ::"r"(at(b))
                 : "memory");
  }
  __device__ void barrier_wait(std::uint64_t* b, int parity) const {
    int over;
    do {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
      asm volatile("{ .reg .pred p; mbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;"
                   "selp.s32 %0, 1, 0, p; }"
                   : "=r"(over)
                   : "r"(at(b)), "r"(parity)
                   : "memory");
#else
      asm volatile("{ .reg .pred p; mbarrier.test_wait.parity.shared::cta.b64 p, [%1], %2;"
                   "selp.s32 %0, 1, 0, p; }"
                   : "=r"(over)
                   : "r"(at(b)), "r"(parity)
                   : "memory");
#endif
    } while (over == 0);
  }
  __device__ void copy_bulk(void* to, const void* from, int bytes, std::uint64_t* b) const {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [%0], %1;" ::"r"(at(b)),
                 "r"(bytes)
                 : "memory");
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
            "r"(at(to)),
        "l"(__cvta_generic_to_global(from)), "r"(bytes), "r"(at(b))
        : "memory");
#else
    for (int i = 0; i < bytes / 16; ++i) static_cast<uint4*>(to)[i] =
        static_cast<const uint4*>(from)[i];
#endif
  }
  __device__ void let_next_begin() const {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.launch_dependents;");
#endif
  }
  __device__ void wait_for_previous() const {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
    asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
  }
  __device__ unsigned arrive(unsigned* counter) const {
    __threadfence();
    const unsigned before = atomicAdd(counter, 1u);
    __threadfence();
    return before;
  }

 private:
  __device__ static word at(const void* shared) { return word(__cvta_generic_to_shared(shared)); }
};

/// The one __global__ function: runs a warp program. Internal to each translation unit, so that
/// differently compiled ones never share an entry.
template <class Kernel, class... Arguments>
static __global__ void __launch_bounds__(Kernel::max_warps * warp_size, Kernel::min_blocks)
    run_kernel(const Kernel kernel, const Arguments... arguments) {
  gpu_block block;
  kernel(block, arguments...);
}

}  // namespace lowbit::inline LOWBIT_ABI
