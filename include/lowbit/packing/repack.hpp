// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/executor.hpp"
#include "../kernels/host/targets.hpp"
#include "../storage/quantized_matrix.hpp"
#include "mma16.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

/// Codes of canonical rows -> tiles. `Bits` at most 8 are taken from bit `skip` of each code.
class tile_packer {
 public:
  tile_packer(index_t row_codes, int code_bits) : row_codes_(row_codes), code_bits_(code_bits) {}

  template <int Bits>
  void pack(const kernels::row_ops& ops, const unaligned_span<std::uint8_t>& codes, index_t rows,
            index_t r, int skip, std::uint8_t* tile) const {
    constexpr index_t piece = 1024, stride = piece + 64;
    alignas(64) std::uint8_t bytes[host_layout::tile_rows * stride], quads[sizeof(bytes)];
    for (index_t c = 0; c < row_codes_; c += piece) {
      const index_t n = min_of(piece, row_codes_ - c);
      const index_t blocks = ceil_div(n, host_layout::block_codes);
      for (index_t i = 0; i < host_layout::tile_rows; ++i) {
        std::uint8_t* const to = bytes + i * stride;
        if (r + i < rows) read_row(ops, codes, r + i, c, n, skip, Bits, to);
        const index_t used = r + i < rows ? n : 0;
        __builtin_memset(to + used, 0, std::size_t((n + 63) / 64 * 64 - used));
      }
      ops.transpose(bytes, stride, (n + 63) / 64 * 16, quads);
      kernels::pack_tile<Bits>(ops.target)(quads, blocks, tile + c * 2 * Bits);
    }
  }

  /// The same for the tiles of mma16.
  template <int Bits>
  void pack_mma16(const kernels::row_ops& ops, const unaligned_span<std::uint8_t>& codes,
                  index_t rows, index_t r, int skip, std::uint8_t* tile) const {
    constexpr index_t piece = 8 * mma16::block_codes;
    std::uint8_t bytes[piece + 64];
    for (index_t i = 0; i < min_of(mma16::tile_rows, rows - r); ++i)
      for (index_t c = 0; c < row_codes_; c += piece) {
        const index_t n = min_of(piece, row_codes_ - c);
        read_row(ops, codes, r + i, c, n, skip, Bits, bytes);
        __builtin_memset(bytes + n, 0, std::size_t((n + 127) / 128 * 128 - n));
        for (index_t k = 0; k < n; k += mma16::block_codes)
          mma16::add_block<Bits>(tile + (c + k) / mma16::block_codes * 256 * Bits, int(i),
                                 bytes + k);
      }
  }

 private:
  void read_row(const kernels::row_ops& ops, const unaligned_span<std::uint8_t>& codes, index_t r,
                index_t c, index_t n, int skip, int bits, std::uint8_t* to) const {
    const index_t first = r * canonical::row_bytes(row_codes_, code_bits_) + c * code_bits_ / 8;
    const std::uint8_t* const from = static_cast<const std::uint8_t*>(codes.data()) + first;
    if (code_bits_ <= 8)
      ops.bytes_table(from, codes.size() - first, code_bits_, n, kernels::same_bytes.items,
                      reinterpret_cast<std::int8_t*>(to));
    else
      for (index_t i = 0; i < n; ++i)
        to[i] = std::uint8_t(read_bits(from, std::uint64_t(i * code_bits_ + skip), bits));
  }

  index_t row_codes_;
  int code_bits_;
};

/// Rows r .. r + rows - 1 of codes into another layout; `to` is zero there.
template <class P, class Layout, class From>
void relay_rows(const From& from, std::uint8_t* to, index_t r, index_t rows) {
  constexpr int bits = P::quantizer_type::bits;
  const index_t row_codes = P::blocks(from.cols);
  for (index_t i = r; i < r + rows; ++i)
    for (index_t b = 0; b < row_codes; ++b)
      Layout::write(to, row_codes, bits, i, b, from.code(i, b));
}

/// The parameters of groups, and the parameters of those, where layouts store them differently.
template <class G, class From, class To>
void relay_groups(const From& from, To& to, extent e);
template <class From, class To>
void relay_parameter(const From& from, To& to, extent e) {
  using P = typename To::plane_type;
  using Q = typename P::quantizer_type;
  using layout = typename P::layout_type;
  if constexpr (!std::same_as<typename From::plane_type, P>) {
    to.codes.assign(std::size_t(layout::bytes(e.rows, P::blocks(e.cols), Q::bits)), 0);
    if constexpr (Q::bits > 0) relay_rows<P, layout>(from, to.codes.data(), 0, e.rows);
    if constexpr (has_groups<typename P::granularity_type, Q>)
      relay_groups<typename P::granularity_type>(from.groups, to.groups, e);
  }
}
template <class G, class From, class To>
void relay_groups(const From& from, To& to, extent e) {
  const extent n = G::params_shape(e);
  if constexpr (requires { from.scale; })
    for (int k = 0; k < int(sizeof(from.scale) / sizeof(from.scale[0])); ++k)
      relay_parameter(from.scale[k], to.scale[k], n);
  if constexpr (requires { from.zero; }) relay_parameter(from.zero, to.zero, n);
  if constexpr (requires { from.selector; }) relay_parameter(from.selector, to.selector, n);
}

}  // namespace detail

/// The same matrix in another layout: for speed to `host_layout` or `mma16`, to save back to
/// `canonical`. The format, its name and every value stay. Allocates the result. Cost: reads and
/// writes every code once, some GB/s.
template <class To, format_like F, class From, executor Executor = serial>
quantized_matrix<F, To> repack(const quantized_view<F, From>& w, const Executor& threads = {}) {
  using from_data = typename quantized_view<F, From>::data_type;
  using Q = typename F::quantizer_type;
  typename quantized_matrix<F, To>::data_type data;
  decltype(data)::each(detail::owner{}, static_cast<const from_data&>(w), data);
  if constexpr (!std::same_as<To, From>) {
    const index_t row_codes = F::plane_type::blocks(w.cols());
    std::vector<std::uint8_t>& codes = data.main.codes;
    codes.assign(std::size_t(To::bytes(w.rows(), row_codes, Q::bits)), 0);
    constexpr index_t run = host_layout::tile_rows;
    const kernels::row_ops& ops = kernels::ops_of(arch::runtime);
    threads.for_each(ceil_div(w.rows(), run), [&](index_t piece) {
      const index_t r = piece * run;
      if constexpr (std::same_as<To, host_layout> && std::same_as<From, canonical>) {
        const detail::tile_packer packer(row_codes, Q::bits);
        std::uint8_t* const tile = codes.data() + piece * To::tile_bytes(row_codes, Q::bits);
        constexpr int low = Q::bits < 8 ? Q::bits : 8;
        packer.template pack<low>(ops, w.main.codes, w.rows(), r, 0, tile);
        if constexpr (Q::bits > 8)
          packer.template pack<Q::bits - 8>(ops, w.main.codes, w.rows(), r, 8,
                                            tile + To::tile_bytes(row_codes, 8));
      } else if constexpr (std::same_as<To, mma16> && std::same_as<From, canonical>) {
        const detail::tile_packer packer(row_codes, Q::bits);
        std::uint8_t* const tile = codes.data() + piece * To::tile_bytes(row_codes, Q::bits);
        packer.template pack_mma16<(Q::bits < 8 ? Q::bits : 8)>(ops, w.main.codes, w.rows(), r, 0,
                                                                tile);
        if constexpr (Q::bits > 8)
          packer.template pack_mma16<Q::bits - 8>(ops, w.main.codes, w.rows(), r, 8,
                                                  tile + To::tile_bytes(row_codes, 8));
      } else {
        detail::relay_rows<typename F::plane_type, To>(w.main, codes.data(), r,
                                                       min_of(run, w.rows() - r));
      }
    });
    if constexpr (detail::has_groups<typename F::granularity_type, Q>)
      detail::relay_groups<typename F::granularity_type>(w.main.groups, data.main.groups,
                                                         w.shape());
  }
  return quantized_matrix<F, To>(std::move(data));
}
template <class To, format_like F, class From, executor Executor = serial>
quantized_matrix<F, To> repack(const quantized_matrix<F, From>& w, const Executor& threads = {}) {
  return repack<To>(w.view(), threads);
}

}  // namespace lowbit::inline LOWBIT_ABI
