// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "granularity/per.hpp"
#include "outliers/none.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A format: how a value becomes a code, where the scales live, what is kept apart. It holds what
/// decoding needs and nothing else; how the codes are found is an argument of `quantize`.
///
///   using w4 = format<uniform<4>, per_group<128>>;
template <class Quantizer, class Granularity = per_row, class Outliers = none>
struct format {
  static_assert(has_bits<Quantizer> && requires { requires Quantizer::bits >= 1; },
                "lowbit::format: the quantizer must have 'static constexpr int bits', 1 to 32");
  static_assert(has_decode<Quantizer>,
                "lowbit::format: the quantizer must have 'decode(code)'");
  static_assert(decodes_values<Quantizer>,
                "lowbit::format: 'decode' must return float, complex32 or arr<float, dim>");
  static_assert(has_encode<Quantizer>,
                "lowbit::format: the quantizer must have 'encode(value)', returning the code");
  static_assert(knows_peak<Quantizer>,
                "lowbit::format: a quantizer with learned levels must have 'peak'");
  static_assert(applies_its_scales<Quantizer>,
                "lowbit::format: a quantizer with several scales must have 'scaled', 'unscaled'");
  static_assert(has_blocks<Granularity>,
                "lowbit::format: the granularity must have 'block_rows', 'block_cols' and "
                "'params_shape(extent)'");
  static_assert(codes_stay_in_a_group<Granularity, Quantizer>,
                "lowbit::format: a group must hold whole codes: block_cols % dim == 0");
  static_assert(granularity_for<Granularity, Quantizer>,
                "lowbit::format: the granularity's data must have 'group(row, col)'");
  static_assert(outliers_for<Outliers, value_of<Quantizer>>,
                "lowbit::format: this outlier policy does not fit the quantizer's values");

  using quantizer_type = Quantizer;
  using granularity_type = Granularity;
  using outliers_type = Outliers;
  using value_type = value_of<Quantizer>;
  template <class Layout>
  using plane_in = plane<Quantizer, Granularity, Layout>;
  using plane_type = plane_in<canonical>;
  static constexpr auto name = [] {
    if constexpr (std::same_as<Outliers, none>) return plane_type::name;
    else return plane_type::name + ("/" + Outliers::name);
  }();
};

/// The canonical text of a composition, written into every saved matrix and checked on load.
template <format_like F>
  requires(has_name<typename F::quantizer_type>)
inline constexpr std::string_view format_name = F::name;

}  // namespace lowbit::inline LOWBIT_ABI
