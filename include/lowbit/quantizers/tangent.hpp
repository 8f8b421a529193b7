// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/portable_math.hpp"
#include "nearest_level.hpp"
#include "table_set.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The point of [0, 1] whose q is the given one, which may lie between two codes; n = 2^Bits - 1.
/// Symmetric about 1/2 to the last bit.
constexpr double tangent_point(double q, double n, double a) {
  const double t = 2 * q / n - 1;
  const double size = t < 0 ? -t : t;
  const double half = size == 1 ? 0.5 : 0.5 * portable_atan(size * portable_tan(a)) / a;
  return t < 0 ? 0.5 - half : 0.5 + half;
}
template <int Bits, int Milliradians>
inline constexpr auto tangent_levels = [] {
  constexpr int n = (1 << Bits) - 1;
  arr<float, n + 1> levels{};
  for (int q = 0; q <= n; ++q) levels[q] = float(tangent_point(q, n, Milliradians / 1000.0));
  return levels;
}();
/// The largest float of each code but the last: q + 1/2 rounds to the even q.
template <int Bits, int Milliradians>
inline constexpr auto tangent_points = [] {
  constexpr int n = (1 << Bits) - 1;
  arr<float, n> points{};
  for (int q = 0; q < n; ++q)
    points[q] = q == n / 2 ? 0x1.fffffep-2f  // 1/2 is the one exact tie, and q + 1 is even
                           : rounded_down(tangent_point(q + 0.5, n, Milliradians / 1000.0));
  return points;
}();

}  // namespace detail

/// Codes for numbers of [0, 1] that are dense at both ends, as a map after a softmax is where the
/// attention is sharp:
///   q = round(n / 2 (1 + tan(a (2x - 1)) / tan a)),   level = (1 + atan((2q / n - 1) tan a) / a) /
///   2
/// with n = 2^Bits - 1 and a = Milliradians / 1000 within (0, pi / 2): near 0 the levels are
/// uniform, near pi / 2 they crowd at 0 and 1, both of which are levels. 1000 suits sharp maps, and
/// a flat one is better off with `logarithmic`.
/// Values beyond the ends clamp; 1/2 rounds to the even code; NaN is 0. Strategy: table.
/// Which a suits a matrix, a row or a group: `tangent_set`.
/// Source: TanQ of DopQ-ViT (arXiv 2408.03291), in the reading that is dense at both ends.
template <int Bits, int Milliradians = 1000>
struct tangent {
  static_assert(Bits >= 2 && Bits <= 8, "lowbit::tangent: 2 to 8 bits");
  static_assert(Milliradians >= 1 && Milliradians <= 1570,
                "lowbit::tangent: a is 1 to 1570 thousandths, less than pi / 2");
  static constexpr int bits = Bits;
  using strategy = table_codes;
  static constexpr float peak = 1;
  static constexpr float signed_peak = 1;  // a scale keeps the sign of what has only one
  static constexpr auto name =
      "tangent<" + (number_text<Bits>() + ("," + (number_text<Milliradians>() + ">")));

  LOWBIT_HD static constexpr float decode(code_t code) {
    return constant_at<detail::tangent_levels<Bits, Milliradians>>(
        int(code & ((code_t(1) << Bits) - 1)));
  }
  LOWBIT_HD static constexpr code_t encode(float x) {
    return code_t(count_below<detail::tangent_points<Bits, Milliradians>>(x));
  }
  static constexpr code_t (*encodes_in_order)(float) = &tangent::encode;
};

/// Eight tangents, from nearly uniform to very dense at the ends, one of which is chosen for each
/// matrix (`::per_matrix`), row or group.
template <int Bits>
using tangent_set =
    table_set<tangent<Bits, 500>, tangent<Bits, 750>, tangent<Bits, 900>, tangent<Bits, 1000>,
              tangent<Bits, 1100>, tangent<Bits, 1250>, tangent<Bits, 1400>, tangent<Bits, 1500>>;

}  // namespace lowbit::inline LOWBIT_ABI
