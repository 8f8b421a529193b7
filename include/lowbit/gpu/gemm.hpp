// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For nvcc only: launches need its compiler.
#pragma once
#include "cuda_launcher.hpp"
#include "workspace.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Y = alpha X W^T + beta Y on the device, in the order of a stream; X is tokens x K, Y tokens x
/// rows, both row-major in the memory of the current device, as is what `w` points at.
///
/// X is a matrix_view of float, float16, bfloat16 or any `scalar` (complex32 for complex formats),
/// or `as<A>(X)` with a format like a8: int8 codes, a scale for whole quads of columns. A workspace
/// of at least `gpu::workspace_bytes(w, tokens)` bytes serves one stream at a time.
///
/// On tensor cores, from the layout mma16: real or complex levels of up to 8 bits whose groups span
/// 16 columns or more, and vectors of 4, 8 or 16 values of at most 4096 entries (64 KB as halves)
/// whose groups span 16 codes. The rest is slow. Cost: the bytes of w once for up to 8 columns of X
/// (16 where there are few rows); complex ones twice. A column is a token, or two where X does not
/// fit halves (float, factors of columns), or four (complex32). Few f16 columns whose rows begin at
/// multiples of 8 bytes are read as they are, in one launch; others are brought into order by a
/// kernel first.
///
/// Never allocates, never synchronizes, and can be captured in a graph. Results are the same bits
/// from run to run. Real activations: |error| <= (ceil(K / 16) + 16) 2^-23 sum |w x| and what
/// rounding X to the arithmetic's type costs. Int8 activations: exact integer sums of int8 levels,
/// scaled in binary32; in code for sm_90a more than 32 tokens are multiplied as the values that the
/// levels stand for, as if they were real, where those of w are exact in int8: that is faster. Also
/// vectors of a codebook are, by any number of tokens. A token with a NaN or an infinity has
/// NaN results, since a device cannot throw.
/// Throws, before anything is launched: shape_mismatch, overlap of X and Y, bad_argument (a pointer
/// that is not aligned for its type, a workspace that is too small), device and unsupported as
/// gpu::current_device does.
template <format_like F, class Layout, class T>
void gemm(cudaStream_t stream, const quantized_view<F, Layout, device>& w, matrix_view<T> x,
          std::type_identity_t<matrix_view<typename F::value_type>> y,
          const gpu::workspace& memory, update factors = {}) {
  static_assert(kernels::is_complex<T> == kernels::is_complex<typename F::value_type>,
                "lowbit::gemm: complex formats take complex32 activations, real ones real");
  kernels::multiply_on(gpu::cuda_launcher(stream), w,
                       kernels::device_real<std::remove_const_t<T>>{x}, y, memory.memory(),
                       factors);
}
template <format_like F, class Layout, class A, class T>
void gemm(cudaStream_t stream, const quantized_view<F, Layout, device>& w,
          const quantized_activations<A, T>& x,
          std::type_identity_t<matrix_view<typename F::value_type>> y,
          const gpu::workspace& memory, update factors = {}) {
  static_assert(!kernels::is_complex<typename F::value_type>,
                "lowbit::gemm: quantize complex activations as real ones, re and im interleaved");
  static_assert(format_like<A> && kernels::int8_activations<A>,
                "lowbit::gemm: activations on a device are quantized to uniform<8> with a scale "
                "for whole quads of columns, as a8; quantize others on the host");
  kernels::multiply_on(gpu::cuda_launcher(stream), w, kernels::device_int8<A, T>{x.values}, y,
                       memory.memory(), factors);
}

/// y = W x: gemm of one token. x and y are spans of device memory, or `as<A>(x)`.
template <format_like F, class Layout, class X>
void gemv(cudaStream_t stream, const quantized_view<F, Layout, device>& w, const X& x,
          span<typename F::value_type> y, const gpu::workspace& memory, update factors = {}) {
  const matrix_view<typename F::value_type> row(y.data(), 1, y.size());
  if constexpr (requires { span(x); }) {
    const span s(x);
    using T = std::remove_const_t<std::remove_pointer_t<decltype(s.data())>>;
    gemm(stream, w, matrix_view<const T>(s.data(), 1, s.size()), row, memory, factors);
  } else {
    gemm(stream, w, x, row, memory, factors);
  }
}

// A view of the host's memory on a device does not compile, and this is the sentence that says so.
template <class F, class Layout, class... Rest>
void gemm(cudaStream_t, const quantized_view<F, Layout, host>&, const Rest&...) {
  static_assert(!std::same_as<F, F>,
                "lowbit::gemm: w is a view of the host's memory, and this call is for a device: "
                "see device_matrix");
}
template <class F, class Layout, class... Rest>
void gemv(cudaStream_t, const quantized_view<F, Layout, host>&, const Rest&...) {
  static_assert(!std::same_as<F, F>,
                "lowbit::gemv: w is a view of the host's memory, and this call is for a device: "
                "see device_matrix");
}

}  // namespace lowbit::inline LOWBIT_ABI
