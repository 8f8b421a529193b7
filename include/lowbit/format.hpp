// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "granularity/per.hpp"
#include "outliers/none.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// The value type of a quantizer; void where it has none, so that a mistake is one error only.
template <class Q>
struct value_or_void {
  using type = void;
};
template <decodes_values Q>
struct value_or_void<Q> {
  using type = value_of<Q>;
};
}  // namespace detail

/// A format: how a value becomes a code, where the scales live, what is kept apart. It holds what
/// decoding needs and nothing else; how the codes are found is an argument of `quantize`.
///
///   using w4 = format<uniform<4>, per_group<128>>;
template <class Quantizer, class Granularity = per_row, class Outliers = none>
struct format {
  static_assert(has_bits<Quantizer> && requires { requires Quantizer::bits >= 1; },
                "lowbit::format: the quantizer must have 'static constexpr int bits', 1 to 32");
  static_assert(has_decode<Quantizer>,
                "lowbit::format: the quantizer must have 'decode(code)', and where it has "
                "'selectors' it must be 'decode(code, selector)'");
  static constexpr bool decodes = decodes_values<Quantizer>;
  static_assert(decodes || !has_decode<Quantizer>,
                "lowbit::format: 'decode' must return float, complex32 or arr<float, dim>");
  static_assert(has_encode<Quantizer> || !decodes,
                "lowbit::format: the quantizer must have 'encode(value)', returning the code");
  static_assert(knows_peak<Quantizer>,
                "lowbit::format: a quantizer with learned levels must have 'peak'");
  static_assert(applies_its_scales<Quantizer> || !decodes,
                "lowbit::format: a quantizer with several scales must have 'scaled', 'unscaled'");
  static_assert(has_blocks<Granularity>,
                "lowbit::format: the granularity must have 'block_rows', 'block_cols' and "
                "'params_shape(extent)'");
  static_assert(codes_stay_in_a_group<Granularity, Quantizer> || !has_blocks<Granularity>,
                "lowbit::format: a group must hold whole codes: block_cols % dim == 0");
  static_assert(keeps_selectors<Granularity, Quantizer>,
                "lowbit::format: a quantizer with selectors needs a granularity that stores them: "
                "groups, not 'unscaled' or 'per_column'");
  static_assert(reads_groups<Granularity, Quantizer> || !decodes,
                "lowbit::format: this granularity cannot hold the quantizer's parameters: its "
                "'data<Place, Quantizer>' must have 'group(row, col)', returning group_params");
  using value_type = typename detail::value_or_void<Quantizer>::type;
  static_assert(outliers_for<Outliers, value_type> || !decodes,
                "lowbit::format: these outliers cannot hold the quantizer's values: their "
                "'data<Place, value>' must have 'at', 'scratch_size', 'prepare', 'dot', 'add_row'");

  using quantizer_type = Quantizer;
  using granularity_type = Granularity;
  using outliers_type = Outliers;
  template <class Layout>
  using plane_in = plane<Quantizer, groups_in<Granularity, Layout>, Layout>;
  using plane_type = plane_in<canonical>;
  static constexpr auto name = [] {
    if constexpr (!decodes) return text("");
    else if constexpr (std::same_as<Outliers, none>) return plane_type::name;
    else return plane_type::name + ("/" + Outliers::name);
  }();
};

/// The canonical text of a composition, written into every saved matrix and checked on load.
template <format_like F>
  requires(has_name<typename F::quantizer_type>)
inline constexpr std::string_view format_name = F::name;

}  // namespace lowbit::inline LOWBIT_ABI
