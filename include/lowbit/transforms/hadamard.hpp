// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"
#include "../core/random.hpp"
#include "hadamard_order.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// x' = H D x with the normalised Hadamard matrix H of Sylvester's construction, H[i][j] =
/// (-1)^popcount(i & j) / sqrt(n), and random signs D: spreads outliers over all channels (QuIP#,
/// QuaRot). Orthogonal, so that rows of weights get the same.
///
/// `block` = 0: one matrix over everything, of the next power of two; the values are filled up with
/// zeros, and the additional columns are stored and counted like any other. A power of two: blocks
/// of that size along the values (QuEST: 128), only the last one filled up. 12, 20, 28 or 36 times
/// a power of two: the same with H = H_12 (x) H_2^k and so on (Paley's matrices, hadamard_factor),
/// for channels that no power of two divides. 1 leaves the values alone. `seed` = 0: no random
/// signs (D = 1). Else D's sign i is bit i % 32 of word i / 32 of Philox with that seed.
///
/// Additions in binary32 in the order of the fast transform (distance 1, 2, 4, ...), then those of
/// the factor in the order of its columns, then one product with 1 / sqrt(n): the same bits
/// everywhere, relative error (log2 n + 2) 2^-24 of the norm, with a factor (log2 n + 38) 2^-24.
/// Cost: n log2 n additions, up to 36 n more with a factor. Stored: 12 bytes.
struct hadamard {
  static constexpr auto name = text("hadamard");
  static constexpr bool orthogonal = true;

  std::uint32_t block = 0;
  std::uint64_t seed = 0;

  /// Throws error bad_argument for a block that is no order of a Hadamard matrix.
  index_t transformed_size(index_t n) const {
    check(errc::bad_argument, path{} / "block");
    const index_t b = block_of_size(n);
    return ceil_div(n, b) * b;
  }
  template <class V>
  void apply(span<const V> x, span<V> out) const {
    for (index_t i = 0; i < out.size(); ++i) out[i] = i < x.size() ? x[i] : V{};
    flip(span<V>(out.data(), min_of(x.size(), out.size())));
    rotate<false>(out, block_of_size(x.size()));
  }
  template <class V>
  void inverse(span<V> x, span<V> out) const {
    rotate<true>(x, block_of_size(out.size()));
    for (index_t i = 0; i < out.size(); ++i) out[i] = x[i];
    flip(out);
  }

  template <class Visit, class... Self>
  static void each(Visit&& visit, const path& at, Self&... self) {
    visit(at / "block", element::u32, self.block...);
    visit(at / "seed", element::u64, self.seed...);
  }
  void validate(const path& at) const { check(errc::corrupted, at / "block"); }

 private:
  void check(errc code, const path& at) const {
    if (block != 0 && hadamard_order::of(block).factor == 0)
      fail(code, at.str(),
           message(block, ", expected a power of two, 12, 20, 28 or 36 times one, or 0 for all"));
  }
  index_t block_of_size(index_t n) const {
    if (block != 0) return block;
    index_t b = 1;
    while (b < n) b *= 2;
    return b;
  }
  template <class V>
  void flip(span<V> x) const {
    if (seed == 0) return;
    const philox random{seed};
    for (index_t first = 0; first < x.size(); first += 128) {
      const arr<std::uint32_t, 4> signs = random(std::uint64_t(first / 128));
      for (index_t i = first; i < min_of(x.size(), first + 128); ++i) {
        const std::uint32_t sign = signs[int(i - first) / 32] >> ((i - first) % 32) & 1;
        x[i] = mul_rn(1 - 2 * float(sign), x[i]);  // a product, because a branch is mispredicted
      }
    }
  }
  /// The transform of each block of n values, or its inverse, in place.
  template <bool Inverse, class V>
  static void rotate(span<V> x, index_t n) {
    constexpr index_t parts = sizeof(V) / sizeof(float);
    const hadamard_order order = hadamard_order::of(n);
    const index_t run = parts << order.log;
    const float norm = order.norm();
    for (V* b = x.data(); b < x.data() + x.size(); b += n) {
      float* const values = reinterpret_cast<float*>(b);
      for (index_t i = 0; i < order.factor; ++i) add_and_subtract(values + i * run, parts, run);
      if (order.factor == 12) multiply<12, Inverse>(values, run);
      if (order.factor == 20) multiply<20, Inverse>(values, run);
      if (order.factor == 28) multiply<28, Inverse>(values, run);
      if (order.factor == 36) multiply<36, Inverse>(values, run);
      if (n > 1)
        for (index_t j = 0; j < parts * n; ++j) values[j] *= norm;
    }
  }
  /// H_M, or its transposed, times M runs of values.
  template <int M, bool Transposed>
  static void multiply(float* x, index_t run) {
    static constexpr auto negative = [] {
      arr<std::uint64_t, M> rows{};
      for (int i = 0; i < M; ++i)
        rows[i] = Transposed ? hadamard_factor<M>::column(i) : hadamard_factor<M>::row(i);
      return rows;
    }();
    constexpr int lanes = 8;  // so many at once, which compilers make vectors of
    for (index_t first = 0; first < run; first += lanes) {
      const index_t n = min_of(lanes, run - first);
      float in[M][lanes] = {};
      for (int j = 0; j < M; ++j)
        for (index_t k = 0; k < n; ++k) in[j][k] = x[j * run + first + k];
      for (int i = 0; i < M; ++i) {
        float sum[lanes];
        for (int k = 0; k < lanes; ++k) sum[k] = (negative[i] & 1) != 0 ? -in[0][k] : in[0][k];
        for (int j = 1; j < M; ++j) {
          const float sign = 1 - 2 * float(negative[i] >> j & 1);
          for (int k = 0; k < lanes; ++k) sum[k] += sign * in[j][k];  // exact, fused or not
        }
        for (index_t k = 0; k < n; ++k) x[i * run + first + k] = sum[k];
      }
    }
  }
  /// Sums and differences of values at distance h, 2 h, 4 h ... below n.
  static void add_and_subtract(float* x, index_t h, index_t n) {
    if (h == 1 && n >= 4) {  // two rounds in one
      for (index_t i = 0; i < n; i += 4) {
        const float a = x[i] + x[i + 1], b = x[i] - x[i + 1];
        const float c = x[i + 2] + x[i + 3], d = x[i + 2] - x[i + 3];
        x[i] = a + c;
        x[i + 1] = b + d;
        x[i + 2] = a - c;
        x[i + 3] = b - d;
      }
      h = 4;
    }
    for (; h < n; h *= 2)
      for (index_t i = 0; i < n; i += 2 * h) {
        if (h % 4 == 0)
          for (index_t j = i; j < i + h; j += 4) add_and_subtract<4>(x + j, x + j + h);
        else
          for (index_t j = i; j < i + h; ++j) add_and_subtract<1>(x + j, x + j + h);
      }
  }
  template <int Lanes>  // so many at once, which compilers make vectors of
  static void add_and_subtract(float* a, float* b) {
    float sum[Lanes], difference[Lanes];
    for (int k = 0; k < Lanes; ++k) sum[k] = a[k] + b[k];
    for (int k = 0; k < Lanes; ++k) difference[k] = a[k] - b[k];
    __builtin_memcpy(a, sum, sizeof sum);
    __builtin_memcpy(b, difference, sizeof difference);
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
