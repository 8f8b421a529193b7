// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A matrix quantized by the kernels of kernels/device/quantize.hpp, on any executor.
#pragma once
#include <lowbit/kernels/device/quantize.hpp>
#include <lowbit/lowbit.hpp>
#include <vector>

namespace test {

using namespace lowbit;

/// The planes of a matrix as the host stores them, as bytes.
struct stored_planes {
  std::vector<std::uint8_t> codes, scales;
  float tensor_scale = -1;
  bool operator==(const stored_planes&) const = default;
};
template <class F>
stored_planes planes_of(matrix_view<const float> values) {
  const auto q = quantize<F>(values);
  const auto& main = q.data().main;
  const auto bytes = [](const auto& from) {
    return std::vector<std::uint8_t>(from.data(), from.data() + from.size());
  };
  stored_planes p{bytes(main.codes), bytes(main.groups.scale[0].codes)};
  if constexpr (detail::is_nvfp4<F>) {
    const auto g = bytes(main.groups.scale[0].groups.scale[0].codes);
    __builtin_memcpy(&p.tensor_scale, g.data(), g.size() < 4 ? g.size() : 4);
  }
  return p;
}

/// launch(kernel, blocks, shared_bytes, arguments...) runs a kernel of `warps` warps.
template <class F, class T, class Launch>
void launch_quantize(const quantize_task<T>& task, int warps, int most_blocks, Launch launch) {
  const quantize_rows<F> kernel;
  const index_t blocks = kernel.blocks(task.shape, warps);
  if constexpr (detail::is_nvfp4<F>) {
    unsigned counter = 0;
    std::vector<float> partial(std::size_t(most_blocks), -1);
    const find_tensor_scale<F> first;
    launch(first, most_blocks, first.shared_bytes(warps), task, partial.data(), &counter);
    if (counter != 0) return;  // no result: the test sees it
  }
  launch(kernel, int(blocks < most_blocks ? blocks : most_blocks), kernel.shared_bytes(warps),
         task);
}

}  // namespace test
