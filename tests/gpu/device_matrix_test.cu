// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/gpu/device_matrix.hpp>

#include <lowbit/core/thread_pool.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/storage/any_matrix.hpp>

#include "runner.hpp"

using namespace lowbit;

namespace {

template <quantized_matrix_like View>
__global__ void decode(View w, typename View::value_type* out) {
  const index_t i = index_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i < w.rows() * w.cols()) out[i] = w.at(i / w.cols(), i % w.cols());
}

/// The values that a kernel reads from a device view.
template <class View>
auto values_of(const View& w) {
  using V = typename View::value_type;
  const test::device_array<V> out(std::vector<V>(std::size_t(w.rows() * w.cols())));
  decode<<<unsigned(ceil_div(w.rows() * w.cols(), 128)), 128>>>(w, out.data());
  gpu::check(cudaDeviceSynchronize(), "decode");
  return out.read();
}
template <class F>
auto host_values(const quantized_matrix<F>& q) {
  std::vector<typename F::value_type> values(std::size_t(q.shape().rows * q.shape().cols));
  dequantize(q.view(), matrix_view<typename F::value_type>(values.data(), q.shape().rows,
                                                           q.shape().cols));
  return values;
}

/// Visitor: arrays that do not begin at multiples of 256 bytes.
struct misaligned {
  int& count;
  template <class T>
  void operator()(const path&, element, const unaligned_span<T>& a) const {
    count += reinterpret_cast<std::uintptr_t>(a.data()) % 256 != 0;
  }
  template <class T>
  void operator()(const path&, element, const T&) const {}
  template <class T>
  void derived(const T&) const {}
};

template <class F, class Layout = device_layout<F>>
void check() {
  const auto q = quantize<F>(test::random_matrix(37, 301, 3).view());
  const device_matrix<F, Layout> w(q);
  CHECK(w.shape() == q.shape());
  CHECK(test::same_bits(values_of(w.view()), host_values(q)));
  int count = 0;
  using data = typename device_matrix<F, Layout>::view_type::data_type;
  const auto view = w.view();
  data::each(misaligned{count}, static_cast<const data&>(view));
  CHECK(count == 0);
  const quantized_matrix<F, Layout> back = w.download();
  CHECK(back.bytes() == w.bytes());
  CHECK(test::same_bits(host_values(repack<canonical>(back)), host_values(q)));
}

}  // namespace

TEST_CASE("a matrix goes to the device and comes back, and a kernel reads its values") {
  if (!test::has_gpu()) return;
  check<format<uniform<4>, per_group<32>>>();
  check<format<uniform<4>, per_group<32>>, canonical>();
  check<format<uniform<3, minimum>, two_level<32, 8, uniform<6>>>>();
  check<format<normal_float<4>, per_group<64>, sparse<>>>();
  check<format<uniform<4>, per_group<32>, columns>>();
  check<format<uniform<4>, per_group<32>, low_rank<2>>>();
  check<format<learned_table<4>, per_group<32>>>();
  check<format<vector_codebook<4, 8>, per_row>>();
}
TEST_CASE("matrices move; empty ones are nothing special") {
  if (!test::has_gpu()) return;
  using w4 = format<uniform<4>, per_group<32>>;
  const auto q = quantize<w4>(test::random_matrix(5, 64, 3).view());
  device_matrix a(q, nullptr, thread_pool{2}), b = std::move(a);
  CHECK(test::same_bits(values_of(b.view()), host_values(q)));
  CHECK(a.shape() == extent{});
  a = std::move(b);
  CHECK(test::same_bits(values_of(a.view()), host_values(q)));
  const std::vector<float> nothing;
  const device_matrix none(quantize<w4>(matrix_view<const float>(nothing.data(), 0, 32)));
  CHECK(none.shape() == extent{0, 32});
  CHECK(none.download().shape() == extent{0, 32});
}
TEST_CASE("a view of arrays that lie on the device is checked once, and reads them there") {
  if (!test::has_gpu()) return;
  using F = format<uniform<4, asymmetric>, per_group<32>, sparse<>>;
  const auto q = quantize<F>(test::random_matrix(9, 70, 3).view());
  const any_matrix stored = q;
  std::vector<test::device_array<std::uint8_t>> memory;
  std::vector<part> parts;
  const auto arrays = stored.arrays();
  for (const stored_array& a : arrays) {
    memory.emplace_back(std::vector<std::uint8_t>(a.bytes.begin(), a.bytes.end()));
    parts.push_back({a.name, {memory.back().data(), a.bytes.size()}, a.type});
  }
  const auto w = device_view_from_parts<F>(q.shape(), parts);
  CHECK(w.main.codes.data() == memory[0].data());
  CHECK(test::same_bits(values_of(w), host_values(q)));
  parts[0].bytes = parts[0].bytes.part(0, 8);
  CHECK_THROWS_AS(device_view_from_parts<F>(q.shape(), parts), error);
}
