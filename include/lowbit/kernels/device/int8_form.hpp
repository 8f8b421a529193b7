// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../entry_tables.hpp"
#include "../exec/warp.hpp"
#include "../int8_levels.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// How the levels of a matrix become int8, as int8_table says: level = unit * value + shift.
struct int8_form {
  float unit = 1, shift = 0;
  bool exact = false;

  LOWBIT_HD int value(float level) const {
    if (exact) return int((level - shift) / unit);
    return is_finite(level) ? round_int(div_rn(level, unit)) : 0;
  }
};

/// Whether the type says it: levels that do not travel with the matrix, and are no vectors.
template <class Q>
inline constexpr bool int8_form_is_known = !has_state<Q> && dim_of<Q> == 1;

/// Finds the form of other levels: one warp.
template <class Q>
struct find_int8_form {
  static constexpr int max_warps = 1, min_blocks = 1;

  template <class Block, class View>
  LOWBIT_HD void operator()(Block& block, const View& m, int8_form* out) const {
    using warp = typename Block::warp;
    block.phase_nosync([&](const warp& w, int) {
      const auto each = [&](int lane, auto f) {
        if constexpr (dim_of<Q> == 1) {
          for (code_t c = code_t(lane); c >> Q::bits == 0; c += warp_size) {
            const float level = decode_in<Q>(m.main.stored_levels(), c, group_params<Q>{});
            f(is_finite(level) ? level : 0.f);
          }
        } else {
          for (index_t i = lane; i < entry_tables<Q>::size; i += warp_size) {
            const block_of<Q> entry = entry_tables<Q>::entry(m.main.stored_levels(), i);
            for (int k = 0; k < dim_of<Q>; ++k) f(is_finite(entry[k]) ? entry[k] : 0.f);
          }
        }
      };
      typename warp::template var<float> most, least;
      typename warp::template var<int> broken;  // bit i: not whole numbers at 2^i
      w.lanes([&](int l) {
        most[l] = least[l] = 0;
        broken[l] = 0;
        each(l, [&](float v) {
          most[l] = v > most[l] ? v : most[l];
          least[l] = -v > least[l] ? -v : least[l];
          for (int i = 0; i <= 6; ++i) {
            const float scaled = v * float(1 << i);
            if (!(scaled >= -128 && scaled <= 127 && float(int(scaled)) == scaled))
              broken[l] |= 1 << i;
          }
        });
      });
      most = reduce_max(w, most);
      least = reduce_max(w, least);
      broken = reduce(w, broken, [](int a, int b) { return a | b; });
      w.lanes([&](int l) {
        if (l != 0) return;
        int8_form form;
        if (dim_of<Q> == 1 && has_zero<Q> && least[l] == 0 && most[l] > 127) {
          form = {1, 128, true};
        } else {
          int i = dim_of<Q> == 1 ? 0 : 7;
          while (i <= 6 && (broken[l] >> i & 1) != 0) ++i;
          const float top = most[l] > least[l] ? most[l] : least[l];
          if (i <= 6)
            form = {1 / float(1 << i), 0, true};
          else
            form = {top > 0 ? div_rn(top, 127.f) : 1.f, 0, false};
        }
        *out = form;
      });
    });
  }
};
/// The form that is known, or what find_int8_form found.
template <class Q>
LOWBIT_HD int8_form int8_form_of(const int8_form* found) {
  if constexpr (int8_form_is_known<Q>) {
    constexpr int8_form known{int8_table_of<Q>.unit, int8_table_of<Q>.zero_shift,
                              int8_table_of<Q>.exact};
    return known;
  } else {
    return *found;
  }
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
