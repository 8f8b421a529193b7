// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../concepts.hpp"
#include "../quantizers/minifloat.hpp"
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// Values kept apart are stored in binary16, a complex one as its real and its imaginary part.
template <class V>
inline constexpr index_t halves_of = std::same_as<V, complex32> ? 2 : 1;

/// What f16 cannot hold is an error: a value is kept apart because it matters.
inline void check_half(float x, index_t row, index_t col) {
  if (magnitude(x) > f16::peak)
    fail(errc::out_of_range, "weights",
         message("the value to be kept apart at row ", row, ", column ", col, " is ", x,
                 ", and f16 ends at 65504"));
}
/// Appends a value.
inline void push_half(std::vector<std::uint16_t>& to, float x, index_t row, index_t col) {
  check_half(x, row, col);
  to.push_back(std::uint16_t(f16::encode(x)));
}
inline void push_half(std::vector<std::uint16_t>& to, complex32 x, index_t row, index_t col) {
  push_half(to, x.re, row, col);
  push_half(to, x.im, row, col);
}

/// Value i.
template <class V, class Halves>
LOWBIT_HD V half_at(const Halves& halves, index_t i) {
  if constexpr (std::same_as<V, float>)
    return f16::decode(halves[i]);
  else
    return {f16::decode(halves[2 * i]), f16::decode(halves[2 * i + 1])};
}

/// x + nothing = x for every x: +0 would turn a -0 into +0.
template <class V>
LOWBIT_HD constexpr V nothing_to_add() {
  if constexpr (std::same_as<V, float>)
    return -0.0f;
  else
    return {-0.0f, -0.0f};
}

inline void check_finite_halves(const unaligned_span<std::uint16_t>& halves, const path& at) {
  for (index_t i = 0; i < halves.size(); ++i)
    if (!is_finite(f16::decode(halves[i])))
      fail(errc::corrupted, at.str(), message("element ", i, " is not finite"));
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
