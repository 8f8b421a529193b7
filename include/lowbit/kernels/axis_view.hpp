// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "int8_levels.hpp"
#include "real_tile_product.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// The real (0) or the imaginary (1) parts of a complex code set's levels: a real one.
template <class Q, int Axis>
struct axis_levels {
  using strategy = table_codes;
  static constexpr int bits = Q::bits;
  LOWBIT_HD static constexpr float decode(code_t code) {
    const complex32 level = Q{}.decode(code);
    return Axis == 0 ? level.re : level.im;
  }
};

/// One axis of a matrix of complex codes, as a matrix of real levels that products take: the same
/// codes, the scales of this axis. Nothing is copied.
template <class View, int Axis>
class axis_view {
 public:
  using whole_format = typename View::format_type;
  using Q = typename whole_format::quantizer_type;
  struct format_type {
    using quantizer_type = axis_levels<Q, Axis>;
    using granularity_type = typename whole_format::granularity_type;
    using outliers_type = none;
    using value_type = float;
  };
  using value_type = float;
  using layout_type = typename View::layout_type;
  using plane_type =
      plane<axis_levels<Q, Axis>, groups_in<typename format_type::granularity_type, layout_type>,
            layout_type>;

  explicit axis_view(const View& w) : size_(w.shape()) {
    main.cols = w.main.cols;
    main.codes = w.main.codes;
    if constexpr (detail::has_groups<typename format_type::granularity_type, Q>)
      main.groups.scale[0] = w.main.groups.scale[scales_of<Q> == 1 ? 0 : Axis];
  }
  LOWBIT_HD extent shape() const { return size_; }
  LOWBIT_HD index_t rows() const { return size_.rows; }
  LOWBIT_HD index_t cols() const { return size_.cols; }

  typename plane_type::template data<borrowed> main{};

 private:
  extent size_;
};

/// Complex formats that are taken apart: levels in the type, a value S L with one scale, or with
/// one for each axis (axis_codes).
template <class F>
inline constexpr bool has_axes = [] {
  using Q = typename F::quantizer_type;
  using G = typename F::granularity_type;
  if constexpr (!std::same_as<typename F::value_type, complex32> || dim_of<Q> != 1 ||
                has_state<Q> || has_zero<Q> || has_selectors<Q>)
    return false;
  else if constexpr (detail::has_groups<G, Q> && !requires { typename G::scale_plane; })
    return false;
  else
    return Q::bits <= 8 &&
           (scales_of<Q> == 1 || (scales_of<Q> == 2 && std::same_as<strategy_of<Q>, axis_codes>));
}();

/// Those whose axes are real tiled products, and int8 ones.
template <class F, class View>
inline constexpr bool has_axis_values = [] {
  if constexpr (has_axes<F>)
    return has_tile_values<typename axis_view<View, 0>::format_type>;
  else
    return false;
}();
template <class F, class View>
inline constexpr bool has_axis_int8 = [] {
  if constexpr (has_axes<F>)
    return has_int8_path<typename axis_view<View, 0>::format_type>;
  else
    return false;
}();

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
