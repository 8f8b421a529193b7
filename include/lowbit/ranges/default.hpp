// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "absmax.hpp"
#include "e8m0_modes.hpp"
#include "minmax.hpp"
#include "nvfp4_absmax.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// The search that belongs to a way of storing scales.
template <class ScalePlane>
struct range_of_scales {};
template <>
struct range_of_scales<param_plane_of<e8m0>> {
  using type = e8m0_floor;
};
template <>
struct range_of_scales<nvfp4_absmax::scale_plane> {
  using type = nvfp4_absmax;
};

template <class Q, class G>
concept granularity_has_range = requires { typename G::range; } &&
                                range_search_for<typename G::range, Q>;
template <class Q, class G>
concept scales_have_range =
    requires { typename range_of_scales<typename G::scale_plane>::type; } &&
    range_search_for<typename range_of_scales<typename G::scale_plane>::type, Q>;

}  // namespace detail

/// The search that quantize uses when it is given none: the quantizer's own (`range`), else the
/// granularity's own, else the one that belongs to its scales (e8m0, NVFP4), else minmax for
/// quantizers with a zero, else absmax.
template <class Q, class G>
constexpr auto default_range() {
  if constexpr (requires { typename Q::range; }) return typename Q::range{};
  else if constexpr (detail::granularity_has_range<Q, G>) return typename G::range{};
  else if constexpr (detail::scales_have_range<Q, G>)
    return typename detail::range_of_scales<typename G::scale_plane>::type{};
  else if constexpr (has_zero<Q>) return minmax{};
  else return absmax{};
}

}  // namespace lowbit::inline LOWBIT_ABI
