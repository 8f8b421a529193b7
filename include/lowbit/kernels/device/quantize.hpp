// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Quantization on line, as warp programs: activations to int8, MX or NVFP4 and their kin.
#pragma once
#include "quantize/tensor_scale.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Rows to codes and scales: the bytes of quantize<F>(values, nearest{}) with the default range.
/// Any shape, stride and alignment. A group with a NaN or an infinity, which the host refuses, gets
/// the scale NaN, so that all of it decodes to NaN.
///
/// A lane has 8 values, which are whole bytes of codes of any width, and groups of 8 to 256 columns
/// lie in neighbouring lanes of a warp, values are read once; other groups are walked through by
/// all warps of a block, twice.
template <quantized_on_line F>
struct quantize_rows {
  static constexpr int max_warps = 8, min_blocks = 2;
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  using scale_number = typename G::scale_plane::quantizer_type;
  /// Lanes that share a group; 0: more than a warp's values.
  static constexpr int lanes_of_group = [] {
    constexpr int lanes = G::block_cols / 8;
    return lanes > 0 && lanes <= warp_size && (lanes & (lanes - 1)) == 0 ? lanes : 0;
  }();

  static std::size_t shared_bytes(int warps) {
    return lanes_of_group > 0 ? 0 : std::size_t(warps) * sizeof(float);
  }
  /// Blocks for all of a shape, where each of them has one task: more do no harm.
  static index_t blocks(extent shape, int warps) {
    if (lanes_of_group > 0) return ceil_div(shape.rows * ceil_div(shape.cols, 256), warps);
    return shape.rows * G::params_shape(shape).cols;
  }

  template <class Block, class T>
  LOWBIT_HD void operator()(Block& b, const quantize_task<T> task) const {
    using W = typename Block::warp;
    using value = typename W::template var<float>;
    using chunk = typename W::template var<arr<float, 8>>;
    const bool aligned = rows_are_aligned(task.values, task.stride);
    const index_t cols = task.shape.cols, groups = G::params_shape(task.shape).cols;
    const auto row = [&](index_t r) { return task.values + r * task.stride; };

    if constexpr (lanes_of_group > 0) {
      const index_t tiles = ceil_div(cols, 256), all = task.shape.rows * tiles;
      b.phase_nosync([&](const W& w, int i) {
        const index_t step = index_t(b.count()) * b.warps();
        for (index_t t = index_t(b.index()) * b.warps() + i; t < all; t += step) {
          const index_t r = t / tiles, first = t % tiles * 256;
          chunk x;
          value top;
          w.lanes([&](int l) {
            x[l] = load_chunk(row(r), first + 8 * l, cols, aligned);
            top[l] = detail::chunk_top(x[l], false);
          });
          for (int m = 1; m < lanes_of_group; m *= 2) {
            const value other = shuffle_xor(w, top, m);
            w.lanes([&](int l) { top[l] = detail::larger_or_nan(top[l], other[l]); });
          }
          w.lanes([&](int l) {
            const index_t c = first + 8 * l;
            if (c >= cols) return;
            const group_params<Q> p =
                store_scale(task, r * groups + c / G::block_cols, top[l], l % lanes_of_group == 0);
            store_codes(task, r, c, x[l], p);
          });
        }
      });
    } else {
      float* const tops = b.template shared<float>();
      const index_t width = G::block_cols == whole ? cols : G::block_cols;
      const index_t all = task.shape.rows * groups;
      for (index_t t = b.index(); t < all; t += b.count()) {
        const index_t r = t / groups, first = t % groups * width;
        const index_t end = first + width < cols ? first + width : cols;
        const index_t step = index_t(b.warps()) * 256;
        b.phase([&](const W& w, int i) {
          value top;
          w.lanes([&](int l) {
            top[l] = 0;
            for (index_t c = first + 256 * i + 8 * l; c < end; c += step)
              top[l] = detail::larger_or_nan(
                  top[l], detail::chunk_top(load_chunk(row(r), c, end, aligned), false));
          });
          const value most =
              reduce(w, top, [](float x, float y) { return detail::larger_or_nan(x, y); });
          w.lanes([&](int l) {
            if (l == 0) tops[i] = most[l];
          });
        });
        b.phase([&](const W& w, int i) {
          w.lanes([&](int l) {
            float top = 0;
            for (int k = 0; k < b.warps(); ++k) top = detail::larger_or_nan(top, tops[k]);
            const group_params<Q> p = store_scale(task, t, top, i == 0 && l == 0);
            for (index_t c = first + 256 * i + 8 * l; c < end; c += step)
              store_codes(task, r, c, load_chunk(row(r), c, end, aligned), p);
          });
        });
      }
    }
  }

 private:
  /// The parameters of a group as they will decode; one lane of the group writes them.
  template <class T>
  LOWBIT_HD static group_params<Q> store_scale(const quantize_task<T>& task, index_t group,
                                               float top, bool writes) {
    constexpr bool is_nvfp4 = detail::is_nvfp4<F>;
    float tensor_scale = 1;
    group_params<Q> p{};
    if constexpr (is_nvfp4) {
      tensor_scale = *task.tensor_scale;
      p = nvfp4_absmax::plan{{tensor_scale}}.template for_top<Q>(top);
    } else {
      p = detail::default_range_of<F>::template for_top<Q>(top);
    }
    if (!is_finite(top)) p.scale[0] = bits_as<float>(0x7fc00000u);
    const code_t code = scale_number::encode(
        is_nvfp4 ? detail::over_scale(p.scale[0], tensor_scale) : p.scale[0]);
    if (writes)
      for (int k = 0; k < scale_number::bits / 8; ++k)
        task.scales[group * (scale_number::bits / 8) + k] = std::uint8_t(code >> (8 * k));
    p.scale[0] = scale_number::decode(code);
    if constexpr (is_nvfp4) p.scale[0] = mul_rn(tensor_scale, p.scale[0]);
    return p;
  }

  /// Columns c .. c + 7 of a row, as far as they are there: Q::bits bytes.
  template <class T>
  LOWBIT_HD static void store_codes(const quantize_task<T>& task, index_t r, index_t c,
                                    const arr<float, 8>& x, const group_params<Q>& p) {
    const index_t left = task.shape.cols - c;
    const index_t bytes = canonical::row_bytes(task.shape.cols, Q::bits);
    std::uint64_t all = 0;
    for (int i = 0; i < 8; ++i)
      if (i < left)
        all |= std::uint64_t(Q::encode(normalize<Q>(x[i], p))) << (i * Q::bits);
    std::uint8_t* const to = task.codes + r * bytes + c / 8 * Q::bits;
    if constexpr (Q::bits == 4 || Q::bits == 8) {
      using unit = std::conditional_t<Q::bits == 8, std::uint64_t, std::uint32_t>;
      const auto base = reinterpret_cast<std::uintptr_t>(task.codes);
      if (left >= 8 && (base | std::uintptr_t(bytes)) % sizeof(unit) == 0) {
        const unit some = unit(all);
        __builtin_memcpy(__builtin_assume_aligned(to, sizeof(unit)), &some, sizeof(unit));
        return;
      }
    }
    const index_t room = bytes - c / 8 * Q::bits;
    for (int k = 0; k < Q::bits && k < room; ++k) to[k] = std::uint8_t(all >> (8 * k));
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
