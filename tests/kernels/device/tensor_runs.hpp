// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One launch of a product on tensor cores whose results are known exactly: weights and activations
// are small integers. For any executor: `run(blocks, warps, shared_bytes, kernel, arguments...)`.
#pragma once
#include <limits>
#include <lowbit/formats/known.hpp>
#include <lowbit/kernels/device/byte_arithmetic.hpp>
#include <lowbit/kernels/device/half_arithmetic.hpp>
#include <lowbit/kernels/device/prepare.hpp>
#include <lowbit/kernels/device/small_product.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/ranges/fixed_scale.hpp>
#include <vector>

namespace test {
namespace lb = lowbit;
using lb::index_t;

struct lockstep_run {
  lb::lockstep_order order = lb::lockstep_order::forward;
  template <class Kernel, class... Arguments>
  void operator()(int blocks, int warps, index_t shared, const Kernel& kernel,
                  const Arguments&... arguments) const {
    lb::run_lockstep(blocks, warps, std::size_t(shared), order, kernel, arguments...);
  }
};

/// The view that kernels on a device get.
template <class F, class L>
auto as_device(const lb::quantized_matrix<F, L>& q) {
  using data = typename lb::quantized_matrix<F, L>::view_type::data_type;
  lb::quantized_view<F, L, lb::device> v;
  const auto h = q.view();
  static_cast<data&>(v) = static_cast<const data&>(h);
  return v;
}

/// Memory at multiples of 64 bytes, as a workspace cuts it, that begins as NaN.
template <class T>
class poisoned {
 public:
  explicit poisoned(index_t n)
      : memory_(std::size_t(n) * sizeof(T) + 64, 0xff), size_(std::size_t(n)) {}
  T* data() {
    const auto at = reinterpret_cast<std::uintptr_t>(memory_.data());
    return reinterpret_cast<T*>((at + 63) / 64 * 64);
  }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data()[i]; }
  T& operator[](index_t i) { return data()[i]; }

 private:
  std::vector<std::uint8_t> memory_;
  std::size_t size_;
};

/// Activations prepared as halves.
template <class T, class Factors = lb::kernels::no_factors>
struct prepared_halves {
  poisoned<lb::word> fragments;
  poisoned<float> factors, sums;
  lb::kernels::half_columns x{};

  /// `run_codes`: 0 for no sums. `stride`: columns are filled up to a multiple of it. `group`: that
  /// of half_columns.
  template <class Run>
  prepared_halves(const Run& run, const std::vector<T>& values, index_t tokens, index_t cols,
                  int run_codes, int stride, const Factors& column_factors = {}, int warps = 2,
                  int sharers = 1, int group = 0)
      : fragments(lb::kernels::half_columns::words(
            cols, group > 0 ? stride
                            : int(tokens) * lb::kernels::prepare_halves<T, Factors>::parts)),
        factors(tokens),
        sums(run_codes == 0 ? 0 : lb::mma16::blocks(cols) * (128 / run_codes) * stride) {
    using kernel = lb::kernels::prepare_halves<T, Factors>;
    x.parts = kernel::parts;
    x.columns = int(tokens) * x.parts;
    x.stride = stride;
    x.group = group;
    x.fragments = fragments.data();
    x.factors = factors.data();
    x.sums = run_codes == 0 ? nullptr : sums.data();
    run(stride / x.parts * sharers, warps, 64, kernel{},
        lb::kernels::device_rows<T>{values.data(), cols, cols, int(tokens)}, column_factors, x,
        run_codes == 0 ? 128 : run_codes, sharers);
  }
};
/// And as bytes, `width` of them with one scale of `Number`.
template <class T, class Number = lb::f32>
struct prepared_bytes {
  poisoned<lb::word> fragments;
  poisoned<float> scales, sums;
  lb::kernels::byte_columns x{};

  template <class Run>
  prepared_bytes(const Run& run, const std::vector<T>& values, index_t tokens, index_t cols,
                 int width, int run_codes, int stride, int warps = 2, int sharers = 1)
      : fragments(lb::kernels::byte_columns::words(cols, int(tokens))),
        scales(lb::ceil_div(cols, width) * stride),
        sums(lb::mma16::blocks(cols) * (128 / run_codes) * stride) {
    x.columns = int(tokens);
    x.stride = stride;
    x.width = width;
    x.groups = int(lb::ceil_div(cols, width));
    x.fragments = fragments.data();
    x.scales = scales.data();
    x.sums = sums.data();
    run(stride * sharers, warps, 64, lb::kernels::prepare_bytes<T, Number>{},
        lb::kernels::device_rows<T>{values.data(), cols, cols, int(tokens)}, x, run_codes, sharers);
  }
};

/// W X with integers: codes of uniform<4> with scale 1; activations within -4 .. 4, but 127 first
/// of each 64, so that their int8 codes are they.
struct integer_product {
  using format = lb::format<lb::uniform<4>, lb::per_group<32>>;
  using view_type = decltype(as_device(std::declval<lb::quantized_matrix<format, lb::mma16>>()));
  using real = lb::kernels::half_arithmetic<view_type>;
  using integer = lb::kernels::byte_arithmetic<view_type, 64>;

  index_t rows, cols, tokens;
  std::vector<float> weights;
  std::vector<lb::float16> x;
  lb::quantized_matrix<format, lb::mma16> matrix;

  integer_product(index_t r, index_t c, index_t t)
      : rows(r), cols(c), tokens(t), weights(std::size_t(r * c)) {
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = float(int(i * 7 % 15) - 7);
    for (index_t i = 0; i < t * c; ++i)
      x.push_back(lb::float16(i % c % 64 == 0 ? 127.f : float(int(i * 5 % 9) - 4)));
    matrix = lb::repack<lb::mma16>(lb::quantize<format>(
        lb::matrix_view<const float>(weights.data(), r, c), lb::fixed_scale{1.f}));
  }
  std::vector<float> exact() const {
    std::vector<float> y;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t r = 0; r < rows; ++r) {
        float sum = 0;
        for (index_t i = 0; i < cols; ++i)
          sum += weights[std::size_t(r * cols + i)] * float(x[std::size_t(t * cols + i)]);
        y.push_back(sum);
      }
    return y;
  }

  /// The results of one launch, and how many counters it did not set back. All that no kernel
  /// should read is NaN.
  struct results {
    std::vector<float> y;
    int counting = 0;
  };
  template <class Kernel, class Run, class Columns>
  results launch(const Run& run, const Kernel& kernel, const Columns& prepared, int blocks,
                 int warps, int splits) const {
    // Room for kernels whose blocks share one tile, and for those whose warps have one each.
    const index_t tiles = lb::ceil_div(rows, 16) * splits;
    poisoned<float> partial((tiles + blocks * warps) * Kernel::cells);
    std::vector<unsigned> counters(std::size_t(tiles), 0u);
    results out;
    out.y.assign(std::size_t(rows * tokens), std::numeric_limits<float>::quiet_NaN());
    const lb::kernels::device_results to{{out.y.data(), rows}, lb::update{}, partial.data(),
                                         counters.data()};
    run(blocks, warps, kernel.shared_bytes(warps), kernel, as_device(matrix), prepared, to, splits);
    for (const unsigned c : counters) out.counting += c != 0;
    return out;
  }
};

/// How many results of both arithmetics, in a launch of a kernel of each, are not the exact sums.
template <class Real, class Integer, class Run>
int wrong_results(const integer_product& p, const Run& run, const Real& real,
                  const Integer& integer, int blocks, int warps, int splits) {
  const int stride = int(lb::ceil_div(p.tokens, Real::columns)) * Real::columns;
  const prepared_halves<lb::float16> halves(run, p.x, p.tokens, p.cols, 0, stride);
  const prepared_bytes<lb::float16> bytes(run, p.x, p.tokens, p.cols, 64,
                                          integer_product::integer::run, stride);
  const std::vector<float> exact = p.exact();
  const auto first = p.launch(run, real, halves.x, blocks, warps, splits);
  const auto second = p.launch(run, integer, bytes.x, blocks, warps, splits);
  int wrong = first.counting + second.counting;
  for (std::size_t i = 0; i < exact.size(); ++i)
    wrong += !(first.y[i] == exact[i]) + !(second.y[i] == exact[i]);
  return wrong;
}

}  // namespace test
