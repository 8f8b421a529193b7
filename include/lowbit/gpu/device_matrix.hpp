// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../kernels/device/quantize/task.hpp"
#include "../kernels/device/tensor_path.hpp"
#include "../packing/repack.hpp"
#include "device_memory.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// Visitor: gives each array a place in one block of memory. `Copy` is (to, from, bytes).
template <class Copy>
struct array_placer {
  static constexpr index_t alignment = 256;
  Copy copy;
  index_t used = 0;

  template <class T>
  void operator()(const path&, element, const unaligned_span<T>& from, unaligned_span<T>& to) {
    const index_t bytes = from.size() * index_t(sizeof(T));
    to = {copy(used, from.data(), bytes), from.size()};
    used += ceil_div(bytes, alignment) * alignment;
  }
  template <class T>
  void operator()(const path&, element, const T& from, T& to) const {
    to = from;
  }
  template <class T>
  void derived(const T& from, T& to) const {
    to = from;
  }
};
template <class Copy>
array_placer(Copy) -> array_placer<Copy>;

/// Visitor: the arrays of a device view into vectors.
struct array_fetcher {
  cudaStream_t stream;

  template <class T>
  void operator()(const path&, element, const unaligned_span<T>& from, std::vector<T>& to) const {
    to.resize(std::size_t(from.size()));
    if (!to.empty())
      gpu::check(cudaMemcpyAsync(to.data(), from.data(), to.size() * sizeof(T),
                                 cudaMemcpyDeviceToHost, stream),
                 "download");
  }
  template <class T>
  void operator()(const path&, element, const T& from, T& to) const {
    to = from;
  }
  template <class T>
  void derived(const T& from, T& to) const {
    to = from;
  }
};
}  // namespace detail

/// A quantized matrix in the memory of the device that was current when it was made: one
/// allocation, every array at a multiple of 256 bytes. `view()` is what products on that device
/// take, and kernels of one's own. It moves and does not copy.
template <format_like F, class Layout = device_layout<F>>
class device_matrix {
 public:
  using format_type = F;
  using layout_type = Layout;
  using view_type = quantized_view<F, Layout, device>;
  using value_type = typename F::value_type;

  device_matrix() = default;
  /// A copy of a matrix of the host, repacked first where its layout is another. Allocates; returns
  /// when the copy is there. Work of `stream` (the default one unless given) comes before it.
  /// Throws error device with CUDA's text.
  template <class From, executor Executor = serial>
  explicit device_matrix(const quantized_view<F, From>& w, cudaStream_t stream = nullptr,
                         const Executor& threads = {}) {
    if constexpr (std::same_as<From, Layout>) {
      upload(w, stream);
    } else {
      const quantized_matrix<F, Layout> laid = repack<Layout>(w, threads);
      upload(laid.view(), stream);
    }
  }
  template <class From, executor Executor = serial>
  explicit device_matrix(const quantized_matrix<F, From>& w, cudaStream_t stream = nullptr,
                         const Executor& threads = {})
      : device_matrix(w.view(), stream, threads) {}
  /// Room for a matrix of this shape, all codes and scales 0, for `quantize` on the device to
  /// write.
  explicit device_matrix(extent shape, cudaStream_t stream = nullptr) requires(
      quantized_on_line<F>&& std::same_as<Layout, canonical>) {
    using G = typename F::granularity_type;
    typename quantized_matrix<F>::data_type zeros;
    zeros.set_shape(shape);
    const extent groups = G::params_shape(shape);
    auto& scale = zeros.main.groups.scale[0];
    const auto size = [](extent e, int bits) {
      return std::size_t(canonical::bytes(e.rows, e.cols, bits));
    };
    zeros.main.codes.assign(size(shape, F::quantizer_type::bits), 0);
    scale.codes.assign(size(groups, G::scale_plane::quantizer_type::bits), 0);
    if constexpr (detail::is_nvfp4<F>)
      scale.groups.scale[0].codes.assign(shape.rows * shape.cols > 0 ? sizeof(float) : 0, 0);
    const quantized_matrix<F> matrix(std::move(zeros));
    upload(matrix.view(), stream);
  }
  device_matrix(device_matrix&& m) noexcept
      : memory_(std::move(m.memory_)), view_(std::exchange(m.view_, view_type{})) {}
  device_matrix& operator=(device_matrix&& m) noexcept {
    std::swap(memory_, m.memory_);
    std::swap(view_, m.view_);
    return *this;
  }

  view_type view() const& { return view_; }
  view_type view() && = delete;  // it would outlive its arrays

  /// A copy in the host's memory. Work of `stream` comes before it; returns when it is there.
  quantized_matrix<F, Layout> download(cudaStream_t stream = nullptr) const {
    typename quantized_matrix<F, Layout>::data_type data;
    decltype(data)::each(detail::array_fetcher{stream}, static_cast<const borrowed_type&>(view_),
                         data);
    gpu::check(cudaStreamSynchronize(stream), "download");
    return quantized_matrix<F, Layout>(std::move(data));
  }

  extent shape() const { return view_.shape(); }
  /// As for a view; the allocation is larger by what aligns its arrays.
  index_t bytes() const { return view_.bytes(); }
  double bits_per_weight() const { return view_.bits_per_weight(); }

 private:
  using borrowed_type = typename view_type::data_type;

  void upload(const quantized_view<F, Layout>& w, cudaStream_t stream) {
    const auto& from = static_cast<const borrowed_type&>(w);
    borrowed_type counted;
    detail::array_placer count{[](index_t, const void*, index_t) -> void* { return nullptr; }};
    borrowed_type::each(count, from, counted);
    memory_ = gpu::device_memory(count.used);
    // What lies between arrays is read by whole vectors and must not be undefined.
    if (count.used > 0)
      gpu::check(cudaMemsetAsync(memory_.data(), 0, std::size_t(count.used), stream), "upload");
    detail::array_placer place{[&](index_t at, const void* data, index_t bytes) -> void* {
      void* const to = static_cast<std::uint8_t*>(memory_.data()) + at;
      if (bytes > 0)
        gpu::check(cudaMemcpyAsync(to, data, std::size_t(bytes), cudaMemcpyHostToDevice, stream),
                   "upload");
      return to;
    }};
    borrowed_type::each(place, from, static_cast<borrowed_type&>(view_));
    gpu::check(cudaStreamSynchronize(stream), "upload");
  }

  gpu::device_memory memory_;
  view_type view_{};
};

template <format_like F, class From, class... How>
device_matrix(const quantized_view<F, From>&, const How&...) -> device_matrix<F>;
template <format_like F, class From, class... How>
device_matrix(const quantized_matrix<F, From>&, const How&...) -> device_matrix<F>;

/// A view of arrays in the caller's memory of the device, under the names that any_matrix::arrays
/// lists. Their contents are copied to the host once and checked there, as quantized_view's
/// from_parts does; so this waits for `stream` and is for loading, not for every call.
/// Throws error corrupted naming the array, bad_argument for a shape, device with CUDA's text.
template <format_like F, class Layout = canonical>
quantized_view<F, Layout, device> device_view_from_parts(extent shape, span<const part> parts,
                                                         cudaStream_t stream = nullptr,
                                                         const path& root = {}) {
  using host_view = quantized_view<F, Layout>;
  using data_type = typename host_view::data_type;
  std::vector<std::vector<std::uint8_t>> copies;
  std::vector<part> checked;
  for (const part& p : parts) {
    std::vector<std::uint8_t>& bytes = copies.emplace_back(std::size_t(p.bytes.size()));
    if (!bytes.empty())
      gpu::check(cudaMemcpyAsync(bytes.data(), p.bytes.data(), bytes.size(), cudaMemcpyDeviceToHost,
                                 stream),
                 p.name);
    checked.push_back({p.name, {bytes.data(), p.bytes.size()}, p.type, p.foreign_type});
  }
  gpu::check(cudaStreamSynchronize(stream), "parts");
  const host_view copy = host_view::from_parts(shape, checked, root);
  quantized_view<F, Layout, device> v;
  detail::array_placer place{[&](index_t, const void* data, index_t) -> const void* {
    for (std::size_t i = 0; i < copies.size(); ++i)
      if (data == copies[i].data()) return parts[index_t(i)].bytes.data();
    return nullptr;
  }};
  data_type::each(place, static_cast<const data_type&>(copy), static_cast<data_type&>(v));
  return v;
}

}  // namespace lowbit::inline LOWBIT_ABI
