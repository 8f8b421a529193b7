// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"
#include "../packing/host_layout.hpp"
#include "../quantizers/level_table.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// The value of a level in its group: one binary32 per real part, rounded once (see zero_kind).
template <class Q>
LOWBIT_HD constexpr value_of<Q> reconstruct(value_of<Q> level, const group_params<Q>& p) {
  if constexpr (has_several_scales<Q> && has_zero<Q>)
    return Q::scaled(level, p.scale, p.zero);
  else if constexpr (has_several_scales<Q>)
    return Q::scaled(level, p.scale);
  else if constexpr (zero_of<Q> == zero_kind::integer)
    return mul_rn(p.scale[0], level - p.zero);
  else if constexpr (zero_of<Q> == zero_kind::real)
    return fma_rn(p.scale[0], level, -mul_rn(p.scale[0], p.zero));
  else if constexpr (zero_of<Q> == zero_kind::minimum)
    return fma_rn(p.scale[0], level, p.zero);
  else
    return mul_rn(p.scale[0], level);
}

namespace detail {
// x / s with 0 for a zero scale: a group of scale 0 holds nothing but its zero.
LOWBIT_HD constexpr float over_scale(float x, float s) { return s == 0 ? 0.f : div_rn(x, s); }
LOWBIT_HD constexpr complex32 over_scale(complex32 x, float s) {
  return {over_scale(x.re, s), over_scale(x.im, s)};
}
}  // namespace detail

/// The position of a value between its group's levels: what encode gets. Integer zeros are added
/// after the rounding, so that ties break as in round(x / S) + Z.
template <class Q>
LOWBIT_HD constexpr value_of<Q> normalize(value_of<Q> x, const group_params<Q>& p) {
  if constexpr (zero_of<Q> == zero_kind::integer)
    return float(round_int(detail::over_scale(x, p.scale[0]))) + p.zero;
  else if constexpr (zero_of<Q> == zero_kind::real)
    return add_rn(detail::over_scale(x, p.scale[0]), p.zero);
  else if constexpr (zero_of<Q> == zero_kind::minimum)
    return detail::over_scale(sub_rn(x, p.zero), p.scale[0]);
  else
    return detail::over_scale(x, p.scale[0]);
}

/// Sets with several scales say it themselves; it need not be LOWBIT_HD for the host's sake.
LOWBIT_TRUST_CALLEES
template <class Q>
  requires has_several_scales<Q>
LOWBIT_HD constexpr value_of<Q> normalize(value_of<Q> x, const group_params<Q>& p) {
  if constexpr (has_zero<Q>)
    return Q::unscaled(x, p.scale, p.zero);
  else
    return Q::unscaled(x, p.scale);
}

/// decode and encode with the selector of the group, where the code set has several level sets.
template <class Q>
LOWBIT_HD constexpr block_of<Q> decode_in(const state_of<Q>& levels, code_t code,
                                          const group_params<Q>& p) {
  if constexpr (has_selectors<Q>)
    return levels.decode(code, p.selector);
  else if constexpr (has_state<Q>)
    return levels.decode(code);
  else
    return level_of<Q>(code);
}
/// The object that encodes many values: `encoder()` of the state where it has one, else itself.
template <class Q>
auto encoder_of(const state_of<Q>& levels) {
  if constexpr (requires { levels.encoder(); })
    return levels.encoder();
  else
    return levels;
}
template <class Q>
using encoder_for = decltype(encoder_of<Q>(std::declval<const state_of<Q>&>()));
/// `levels` is the state or its encoder.
LOWBIT_TRUST_CALLEES
template <class Q, class Levels>
LOWBIT_HD constexpr code_t encode_in(const Levels& levels, const block_of<Q>& x,
                                     const group_params<Q>& p) {
  if constexpr (has_selectors<Q>)
    return code_t(levels.encode(x, p.selector));
  else
    return code_t(levels.encode(x));
}

namespace detail {
/// Codes of a customary float type are saved as such, every other bit stream as bytes.
template <class Q>
constexpr element code_element() {
  if constexpr (!has_name<Q> || Q::bits % 8 != 0)
    return element::u8;
  else {
    constexpr std::string_view n = Q::name;
    return n == "f32"        ? element::f32
           : n == "f16"      ? element::f16
           : n == "bf16"     ? element::bf16
           : n == "e4m3fn"   ? element::f8_e4m3
           : n == "e5m2ieee" ? element::f8_e5m2
           : n == "e8m0"     ? element::f8_e8m0
                             : element::u8;
  }
}
}  // namespace detail

namespace detail {
/// Codes that stand for nothing exist where Q says so (`valid`), or as NaN and Inf of a float type.
template <class Q>
inline constexpr bool checks_codes = requires(code_t c) {
  Q::valid(c);
}
|| std::same_as<strategy_of<Q>, field_codes>;
template <class Q>
constexpr bool valid_code(code_t c) {
  if constexpr (requires { Q::valid(c); })
    return Q::valid(c);
  else
    return is_finite(Q::decode(c));
}

inline index_t product(const path& at, index_t a, index_t b) {
  index_t bytes = 0;
  if (__builtin_mul_overflow(a, b, &bytes))
    fail(errc::out_of_range, at.str(), message(a, " rows of ", b, " bytes do not fit 64 bits"));
  return bytes;
}
inline void check_size(const path& at, index_t found, index_t expected) {
  if (found != expected)
    fail(errc::corrupted, at.str(), message(found, " elements, expected ", expected));
}
}  // namespace detail

namespace detail {
// Members that exist only where there is something to keep. Bases, not [[no_unique_address]]:
// nested uses of the attribute make nvcc 13's device compiler run out of memory.
template <class Q, class Place>
struct levels_member {
  LOWBIT_HD static constexpr Q stored_levels() { return {}; }
};
template <class Q, class Place>
  requires has_state<Q>
struct levels_member<Q, Place> {
  state_of<Q, Place> levels{};
  LOWBIT_HD const state_of<Q, Place>& stored_levels() const { return levels; }
};
template <class G, class Q, class Place>
struct groups_member {
  typename G::template data<Place, Q> groups{};
};
template <class G, class Q, class Place>
  requires std::is_empty_v<typename G::template data<Place, Q>>
struct groups_member<G, Q, Place> {
};
template <class G, class Q>
inline constexpr bool has_groups = !std::is_empty_v<typename G::template data<owned, Q>>;
}  // namespace detail

namespace detail {
template <class G, class Layout>
struct groups_select {
  using type = G;
};
template <class G, class Layout>
  requires requires { typename G::template laid<typename Layout::parameters>; }
struct groups_select<G, Layout> {
  using type = typename G::template laid<typename Layout::parameters>;
};
}  // namespace detail
/// The granularity with its parameters where a layout wants them (`Layout::parameters`). It says
/// how by `laid`; without, and for layouts that do not ask, parameters are canonical.
template <class G, class Layout>
using groups_in = typename detail::groups_select<G, Layout>::type;

/// The codes of a matrix, the levels of its code set and the parameters of its groups. A weight
/// matrix is a plane; the scales of its groups are a plane of a smaller matrix, so that two-level
/// scales are nothing new.
///
/// Where a code is says the layout. A codebook's last code of a row may reach past the last column;
/// what it decodes to there is ignored.
template <class Q, class G, class Layout = canonical>
struct plane {
  using quantizer_type = Q;
  using granularity_type = G;
  using layout_type = Layout;
  using value_type = value_of<Q>;
  static constexpr int dim = dim_of<Q>;
  static constexpr auto name = [] {
    if constexpr (!has_name<Q> || !has_name<G>)
      return text("");
    else
      return Q::name + (text("/") + G::name);
  }();

  /// Codes in a row of `cols` values.
  LOWBIT_HD static constexpr index_t blocks(index_t cols) { return ceil_div(cols, dim); }
  /// Bytes of a row of canonical codes.
  LOWBIT_HD static constexpr index_t row_bytes(index_t cols) {
    return canonical::row_bytes(blocks(cols), Q::bits);
  }

  /// The codes of a matrix are "codes"; those of a parameter have the parameter's name.
  static path codes_at(const path& at) { return at.is_root() ? at / "codes" : at; }

  template <class Place>
  struct data : detail::levels_member<Q, Place>, detail::groups_member<G, Q, Place> {
    using plane_type = plane;
    index_t cols = 0;  // all of the shape that decoding needs; the matrix knows the rest
    typename Place::template array<std::uint8_t> codes{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      visit.derived(self.cols...);
      if constexpr (std::same_as<Layout, canonical> && requires { visit.row_length(index_t{}); })
        (visit.row_length(row_bytes(self.cols) / element_bytes(detail::code_element<Q>())), ...);
      if constexpr (Q::bits > 0) visit(codes_at(at), detail::code_element<Q>(), self.codes...);
      if constexpr (has_state<Q>) state_of<Q, Place>::each(visit, at, self.levels...);
      if constexpr (detail::has_groups<G, Q>)
        G::template data<Place, Q>::each(visit, at, self.groups...);
    }

    /// Tells this plane and its parameters their shape; the arrays stay.
    void set_shape(extent e) {
      cols = e.cols;
      if constexpr (detail::has_groups<G, Q>) this->groups.set_shape(e);
    }

    /// Fails unless the arrays have the sizes that the shape demands, the bits that fill up a row
    /// are zero, and every code means something: O(stored), for data that came from outside.
    void validate(const path& at, extent e) const requires std::same_as<Place, borrowed> {
      const path here = codes_at(at);
      constexpr bool streams = std::same_as<Layout, canonical>;
      detail::check_size(here, codes.size(),
                         streams ? detail::product(here, e.rows, row_bytes(cols))
                                 : Layout::bytes(e.rows, blocks(cols), Q::bits));
      if constexpr (has_state<Q>) this->levels.validate(at);
      const int used = streams ? int((blocks(cols) * Q::bits) % 8) : 0;
      const index_t rows = row_bytes(cols) > 0 ? e.rows : 0;  // else nothing is stored
      for (index_t r = 0; r < rows; ++r) {
        if constexpr (streams)
          if (used != 0 && row(r)[row_bytes(cols) - 1] >> used != 0)
            fail(errc::corrupted, here.str(),
                 message("bits after the last code of row ", r, " are set, expected 0"));
        if constexpr (detail::checks_codes<Q>)
          for (index_t b = 0; b < blocks(cols); ++b)
            if (!detail::valid_code<Q>(code(r, b)))
              fail(errc::corrupted, here.str(),
                   message("code ", code(r, b), " at (", r, ", ", b,
                           ") stands for no finite value"));
      }
      if constexpr (detail::has_groups<G, Q>) this->groups.validate(at, e);
    }

    LOWBIT_HD const std::uint8_t* row(
        index_t r) const requires std::same_as<Place, borrowed> && std::same_as<Layout, canonical> {
      return static_cast<const std::uint8_t*>(codes.data()) + r * row_bytes(cols);
    }
    /// Code b of row r.
    LOWBIT_HD code_t code(index_t r, index_t b) const requires std::same_as<Place, borrowed> {
      return Layout::read(static_cast<const std::uint8_t*>(codes.data()), blocks(cols), Q::bits, r,
                          b);
    }
    /// The parameters of element (r, c), its column's factor included.
    LOWBIT_HD group_params<Q> params(index_t r,
                                     index_t c) const requires std::same_as<Place, borrowed> {
      if constexpr (!detail::has_groups<G, Q>)
        return typename G::template data<Place, Q>{}.group(r, c);
      else {
        group_params<Q> p = this->groups.group(r, c);
        if constexpr (scales_columns<G>) {
          const float factor = this->groups.column(c);
          for (int k = 0; k < scales_of<Q>; ++k) p.scale[k] = mul_rn(p.scale[k], factor);
          if constexpr (zero_of<Q> == zero_kind::minimum) p.zero = mul_rn(p.zero, factor);
        }
        return p;
      }
    }
    /// The values of code b of row r.
    LOWBIT_HD block_of<Q> block(index_t r, index_t b) const requires std::same_as<Place, borrowed> {
      group_params<Q> p = params(r, b * dim);
      block_of<Q> x = decode_in<Q>(this->stored_levels(), code(r, b), p);
      if constexpr (dim == 1)
        return reconstruct<Q>(x, p);
      else {
        for (int i = 0; i < dim; ++i) {
          if constexpr (scales_columns<G>)
            if (i > 0 && b * dim + i < cols) p = params(r, b * dim + i);
          x[i] = reconstruct<Q>(x[i], p);
        }
        return x;
      }
    }
    LOWBIT_HD value_type at(index_t r, index_t c) const requires std::same_as<Place, borrowed> {
      if constexpr (dim == 1)
        return block(r, c);
      else
        return block(r, c / dim)[int(c % dim)];
    }
  };

  /// A borrowed twin of owned data.
  static data<borrowed> bind(const data<owned>& from) {
    data<borrowed> to{};
    data<owned>::each(detail::binder{}, path{}, from, to);
    return to;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
