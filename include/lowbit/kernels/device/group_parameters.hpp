// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The parameters of groups as a lane reads them: of its two rows at once.
#pragma once
#include "../../packing/mma16.hpp"
#include "../../quantizers/minifloat.hpp"
#include "../../storage/quantized_matrix.hpp"
#include "../exec/registers.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Values of the rows g and g + 8 of a tile.
using row_pair = arr<float, 2>;

/// Small floats whose fields fit those of binary16: their value is a shift, a conversion and a
/// product with a power of two.
template <class N>
concept fits_half_fields = std::same_as<strategy_of<N>, field_codes> && N::bits <= 8 &&
    (N::exponent_bits <= 5) && (N::mantissa_bits <= 10) &&
    requires(code_t c) { N::decode(c); N::is_signed; };

/// The value of a stored parameter. Codes of infinity and NaN, which no valid matrix holds, may
/// become other values.
template <class N>
LOWBIT_HD float stored_number(code_t code) {
  if constexpr (std::same_as<N, f16>) {
    return half_low(code);
  } else if constexpr (fits_half_fields<N>) {
    constexpr int magnitude_bits = N::exponent_bits + N::mantissa_bits;
    const word mag = code & ((1u << magnitude_bits) - 1);
    const float v = half_low(mag << (10 - N::mantissa_bits)) * exp2_int(15 - N::bias);
    return N::is_signed && (code >> magnitude_bits & 1) != 0 ? -v : v;
  } else {
    return level_of<N>(code);
  }
}

template <int Rows, int Width, int Runs, class Data>
class run_codes;

/// The parameters of the groups of a plane, for a lane's rows g and g + 8 and the runs of a block:
/// `scale` and `zero`, where it has them. A group spans `Rows` rows of the matrix (0: all) and
/// `Width` codes (0: all).
template <int Rows, int Width, int Runs, class Data, bool Groups, bool Zeros>
struct group_codes {
  static_assert(!Groups);
  LOWBIT_HD void fetch(const Data&, int, int, int) {}
  LOWBIT_HD static void ask(const Data&, int, int, int) {}
};
template <int Rows, int Width, int Runs, class Data>
struct group_codes<Rows, Width, Runs, Data, true, false> {
  static constexpr int runs = Runs;
  run_codes<Rows, Width, Runs, std::remove_cvref_t<decltype(Data::groups.scale[0])>> scale;
  LOWBIT_HD void fetch(const Data& p, int tile, int g, int code) {
    scale.fetch(p.groups.scale[0], tile, g, code);
  }
  LOWBIT_HD static void ask(const Data& p, int tile, int g, int code) {
    decltype(scale)::ask(p.groups.scale[0], tile, g, code);
  }
};
template <int Rows, int Width, int Runs, class Data>
struct group_codes<Rows, Width, Runs, Data, true, true>
    : group_codes<Rows, Width, Runs, Data, true, false> {
  run_codes<Rows, Width, Runs, std::remove_cvref_t<decltype(Data::groups.zero)>> zero;
  LOWBIT_HD void fetch(const Data& p, int tile, int g, int code) {
    group_codes<Rows, Width, Runs, Data, true, false>::fetch(p, tile, g, code);
    zero.fetch(p.groups.zero, tile, g, code);
  }
  LOWBIT_HD static void ask(const Data& p, int tile, int g, int code) {
    group_codes<Rows, Width, Runs, Data, true, false>::ask(p, tile, g, code);
    decltype(zero)::ask(p.groups.zero, tile, g, code);
  }
};

/// What the groups of a parameter span in the matrix, where one parameter spans `outer` and a group
/// `inner` parameters.
constexpr int nested_span(int outer, int inner) {
  return outer == 0 || inner == whole ? 0 : outer * inner;
}
/// The parameters of a parameter, of one run where a group spans the block.
template <int Rows, int Width, int Runs, class Data,
          class N = typename Data::plane_type::quantizer_type,
          class G = typename Data::plane_type::granularity_type>
using nested_codes =
    group_codes<nested_span(Rows, G::block_rows), nested_span(Width, G::block_cols),
                nested_span(Width, G::block_cols) % 128 == 0 ? 1 : Runs, Data,
                detail::has_groups<G, N>, detail::has_groups<G, N> && has_zero<N>>;

/// One parameter of the rows g and g + 8 for the runs of a block of 128 codes, as it is stored:
/// `fetch` is early, `value` late. Its own groups are a base, see plane.hpp.
template <int Rows, int Width, int Runs, class Data>
class run_codes : nested_codes<Rows, Width, Runs, Data> {
 public:
  using nested = nested_codes<Rows, Width, Runs, Data>;
  using N = typename Data::plane_type::quantizer_type;
  static constexpr bool has_nested =
      detail::has_groups<typename Data::plane_type::granularity_type, N>;
  static constexpr int bytes = parameter_tiles::container_bytes(N::bits);

  /// Rows g and g + 8 of a tile, `code` is the first of the block. What is fetched for codes past
  /// the last group is that group's.
  LOWBIT_HD void fetch(const Data& p, int tile, int g, int code) {
    if constexpr (N::bits > 0)
      LOWBIT_UNROLL for (int run = 0; run < Runs; ++run)
        codes_[run] = pair(p, tile, g, column(p, code, run));
    nested::fetch(p, tile, g, code);
  }
  /// Asks memory for what `fetch` will load there.
  LOWBIT_HD static void ask(const Data& p, int tile, int g, int code) {
    if constexpr (N::bits > 0 && Rows == 1) prefetch(both_rows(p, tile, g, column(p, code, 0)));
    nested::ask(p, tile, g, code);
  }
  /// The level alone, and the parameter's own scale.
  LOWBIT_HD row_pair level(int run) const {
    const arr<code_t, 2> code = codes_of(run);
    return {{stored_number<N>(code[0]), stored_number<N>(code[1])}};
  }
  LOWBIT_HD row_pair outer_scale(int run) const {
    if constexpr (has_nested)
      return this->scale.value(run % nested::runs);
    else
      return {{1, 1}};
  }
  LOWBIT_HD row_pair value(int run) const {
    if constexpr (!has_nested) return level(run);
    const arr<code_t, 2> code = codes_of(run);
    row_pair v{};
    if constexpr (has_nested) {
      const row_pair scales = this->scale.value(run % nested::runs);
      row_pair zeros{};
      if constexpr (has_zero<N>) zeros = this->zero.value(run % nested::runs);
      LOWBIT_UNROLL for (int i = 0; i < 2; ++i) {
        group_params<N> inner{};
        inner.scale[0] = scales[i];
        inner.zero = zeros[i];
        v[i] = reconstruct<N>(level_of<N>(code[i]), inner);
      }
    }
    return v;
  }

 private:
  static constexpr bool one_load = (Rows == 1 && bytes < 4) || Rows == 0;
  using stored = std::conditional_t<one_load, word, arr<word, 2>>;

  LOWBIT_HD static int column(const Data& p, int code, int run) {
    if constexpr (Width == 0) {
      return 0;
    } else {
      const int c = int(unsigned(code + run * (128 / Runs)) / Width), last = int(p.cols) - 1;
      return c < last ? c : last;
    }
  }
  /// Where those of rows g and g + 8 lie beside each other; a matrix has fewer than 2^32 columns of
  /// 16 parameters.
  LOWBIT_HD static const std::uint8_t* both_rows(const Data& p, int tile, int g, int c) {
    return static_cast<const std::uint8_t*>(p.codes.data()) +
           (std::size_t(word(tile) * word(p.cols) + word(c)) * 16 + word(2 * g)) * bytes;
  }
  LOWBIT_HD static stored pair(const Data& p, int tile, int g, int c) {
    using container = std::conditional_t<bytes == 1, std::uint8_t,
                                         std::conditional_t<bytes == 2, std::uint16_t, word>>;
    using both = std::conditional_t<bytes == 1, std::uint16_t, word>;
    if constexpr (Rows == 1) {
      const auto* const at = both_rows(p, tile, g, c);
      if constexpr (one_load)
        return word(load_ahead<both>(at));
      else
        return {{load_ahead<word>(at), load_ahead<word>(at + 4)}};
    } else {
      const auto* const codes = static_cast<const std::uint8_t*>(p.codes.data());
      const auto one = [&](int r) {
        return word(load_ahead<container>(codes + parameter_tiles::place(p.cols, r, c) * bytes));
      };
      if constexpr (Rows == 0)
        return one(0);
      else
        return {{one((16 * tile + g) / Rows), one((16 * tile + g + 8) / Rows)}};
    }
  }
  LOWBIT_HD arr<code_t, 2> codes_of(int run) const {
    if constexpr (N::bits == 0)
      return {};
    else if constexpr (Rows == 0)
      return {{codes_[run], codes_[run]}};
    else if constexpr (one_load)
      return {{codes_[run] & ((word(1) << (8 * bytes)) - 1), codes_[run] >> (8 * bytes)}};
    else
      return codes_[run];
  }

  arr<stored, Runs> codes_;
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
