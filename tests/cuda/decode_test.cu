// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every level set and a view of every way to store a matrix, decoded in kernels of one's own. That
// nvcc compiles this without a word and without a flag is half of the test; where there is a GPU,
// the kernels give the host's bits.
#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/lowbit.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/every_decode.hpp"
#include "support/gpu_memory.hpp"

using namespace lowbit;
using test::has_gpu;
using test::managed;

namespace {

/// The levels of Q, code by code.
template <class Q>
__global__ void decode_levels(value_of<Q>* out, code_t first) {
  const code_t code = first + code_t(threadIdx.x);
  out[threadIdx.x] = level_of<Q>(code);
}
/// A matrix, element by element.
template <quantized_matrix_like View>
__global__ void decode_matrix(View w, typename View::value_type* out) {
  const index_t i = index_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < w.rows() * w.cols()) out[i] = w.at(i / w.cols(), i % w.cols());
}

/// The borrowed arrays of a matrix moved to the device.
struct mover {
  std::vector<void*>& memory;
  template <class T>
  void operator()(const path&, element, unaligned_span<T>& a) const {
    void* to = nullptr;
    cudaMalloc(&to, std::size_t(a.size() > 0 ? a.size() : 1) * sizeof(T));
    cudaMemcpy(to, a.data(), std::size_t(a.size()) * sizeof(T), cudaMemcpyHostToDevice);
    memory.push_back(to);
    a = {to, a.size()};
  }
  template <class T>
  void operator()(const path&, element, T&) const {}
  template <class T>
  void derived(T&) const {}
};

template <class T>
bool same_bits(const T* a, const std::vector<T>& b) {
  return std::memcmp(a, b.data(), b.size() * sizeof(T)) == 0;
}

struct check_levels {
  template <class Q>
  void operator()() const {
    constexpr code_t count = Q::bits >= 8 ? 256 : code_t(1) << Q::bits;
    constexpr code_t first = Q::bits > 8 ? 0x3c00 : 0;
    std::vector<value_of<Q>> expected;
    for (code_t c = 0; c < count; ++c) expected.push_back(Q::decode(first + c));
    if (!has_gpu()) return;
    const managed<value_of<Q>> out(count);
    decode_levels<Q><<<1, count>>>(out.data(), first);
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(same_bits(out.data(), expected));
  }
};
struct check_matrix {
  template <class F>
  void operator()() const {
    using V = typename F::value_type;
    const extent shape{5, 70};
    std::vector<V> weights;
    for (index_t i = 0; i < shape.rows * shape.cols; ++i) {
      const float x = philox{1}.normal(std::uint64_t(i));
      if constexpr (std::same_as<V, float>)
        weights.push_back(x);
      else
        weights.push_back({x, philox{2}.normal(std::uint64_t(i))});
    }
    const auto q = quantize<F>(matrix_view<const V>(weights.data(), shape.rows, shape.cols));
    std::vector<V> expected(weights.size());
    dequantize(q.view(), matrix_view<V>(expected.data(), shape.rows, shape.cols));
    std::vector<V> elements;
    for (index_t i = 0; i < shape.rows * shape.cols; ++i)
      elements.push_back(q.view().at(i / shape.cols, i % shape.cols));
    CHECK(same_bits(elements.data(), expected));

    using view = quantized_view<F, canonical, device>;
    view w;
    matrix_data<F, owned>::each(detail::binder{}, q.data(),
                                static_cast<matrix_data<F, borrowed>&>(w));
    static_assert(std::is_trivially_copyable_v<view> && sizeof(view) <= 256);
    static_assert(sizeof(view) == sizeof(quantized_view<F>));
    if (!has_gpu()) {
      // The kernel is compiled and linked all the same.
      CHECK(reinterpret_cast<const void*>(&decode_matrix<view>) != nullptr);
      return;
    }
    std::vector<void*> memory;
    matrix_data<F, borrowed>::each(mover{memory}, static_cast<matrix_data<F, borrowed>&>(w));
    const managed<V> out(std::size_t(shape.rows * shape.cols));
    decode_matrix<<<3, 128>>>(w, out.data());
    CHECK(cudaDeviceSynchronize() == cudaSuccess);
    CHECK(same_bits(out.data(), expected));
    for (void* p : memory) cudaFree(p);
  }
};

}  // namespace

TEST_CASE("every level set is decoded in a kernel") { every::plain::for_each(check_levels{}); }

TEST_CASE("a view of every way to store a matrix is passed by value and decoded in a kernel") {
  every::formats::for_each(check_matrix{});
}
