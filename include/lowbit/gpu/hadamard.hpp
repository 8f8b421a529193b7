// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For nvcc only: launches need its compiler.
#pragma once
#include "../kernels/device/gemm.hpp"
#include "../kernels/device/hadamard/hadamard_on.hpp"
#include "../transforms/hadamard.hpp"
#include "cuda_launcher.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace gpu {
namespace detail {

template <bool Inverse, class In, class Out>
void launch_hadamard(cudaStream_t stream, const hadamard& transform, matrix_view<In> x,
                     matrix_view<Out> out) {
  constexpr int parts = kernels::is_complex<std::remove_const_t<In>> ? 2 : 1;
  static_assert(parts == (kernels::is_complex<Out> ? 2 : 1),
                "lowbit::gpu: both sides of a transform are complex, or none is");
  const index_t plain = Inverse ? out.cols() : x.cols(), found = Inverse ? x.cols() : out.cols();
  const index_t cols = transform.transformed_size(plain);
  if (found != cols || x.rows() != out.rows())
    fail(errc::shape_mismatch, "out",
         message(out.rows(), " x ", out.cols(), " for x of ", x.rows(), " x ", x.cols(),
                 ", expected as many rows, and ", cols, " transformed columns for ", plain));
  kernels::check_overlap(x, out);
  kernels::check_aligned("x", x.data());
  kernels::check_aligned("out", out.data());
  using from = std::conditional_t<parts == 2, float, std::remove_const_t<In>>;
  using to = std::conditional_t<parts == 2, float, Out>;
  hadamard_task<from, to> task{};
  task.in = reinterpret_cast<const from*>(x.data());
  task.in_stride = parts * x.stride();
  task.in_cols = parts * x.cols();
  task.out = reinterpret_cast<to*>(out.data());
  task.out_stride = parts * out.stride();
  task.out_cols = parts * out.cols();
  task.rows = x.rows();
  task.order = hadamard_order::of(transform.block != 0 ? transform.block : cols);
  task.seed = transform.seed;
  task.parts = parts;
  task.inverse = Inverse;
  kernels::hadamard_on(cuda_launcher(stream), task);
}

}  // namespace detail

/// Transforms every row of x, in the order of a stream: out has transform.transformed_size(K)
/// columns. For f32 the bits are those of hadamard::apply; f16 and bf16 are computed in binary32
/// and rounded once. Complex values are pairs of floats. x and out do not overlap.
///
/// Never allocates, never synchronizes, and can be captured in a graph. Orders of up to 57344 where
/// a block may have 224 KiB of shared memory.
/// Throws, before anything is launched: shape_mismatch, overlap, bad_argument (no order of a
/// Hadamard matrix, an address that is not aligned for its type), unsupported for an order that is
/// too large, device as gpu::current_device does.
template <class In, class Out>
void apply(cudaStream_t stream, const hadamard& transform, matrix_view<In> x,
           matrix_view<Out> out) {
  detail::launch_hadamard<false>(stream, transform, x, out);
}
/// And back: x has transform.transformed_size(K) columns, out K.
template <class In, class Out>
void inverse(cudaStream_t stream, const hadamard& transform, matrix_view<In> x,
             matrix_view<Out> out) {
  detail::launch_hadamard<true>(stream, transform, x, out);
}

}  // namespace gpu
}  // namespace lowbit::inline LOWBIT_ABI
