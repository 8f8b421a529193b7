// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How the inner loop of products on tensor cores multiplies by vectors of a codebook.
#pragma once
#include "half_arithmetic.hpp"
#include "int8_form.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Columns for a codebook whose entries are rounded as the host rounds them to int8.
struct rounded_columns : half_columns {
  const int8_form* form = nullptr;  // see int8_form_of
};

/// Vectors as halves: a code is as many operands as it has fours of values. Scales meet the sums of
/// sixteen codes. `Columns`: half_columns and half_rows multiply by entries, rounded to halves;
/// rounded_columns by their int8 levels and the unit of these, which are halves exactly.
template <class View, class Columns = half_columns>
struct entry_arithmetic : half_sums, codes_alone<tile_weights<View>> {
  using view_type = View;
  using reader = tile_weights<View>;
  using traits = typename reader::traits;
  using Q = typename reader::Q;
  using columns_type = Columns;
  static constexpr bool rounded = std::same_as<Columns, rounded_columns>;
  struct codec_type : entry_codec<Q> {
    float unit = 1;
  };
  static constexpr bool prepares_columns = std::derived_from<Columns, half_columns>;
  static constexpr bool table_needs_columns = rounded;
  static constexpr int run = 16;
  static constexpr int units_of_mma = 1, fragments = 4, products = traits::dim / 4;
  using operands = arr<arr<word, 4>, products>;
  using displacement = typename codes_alone<reader>::displacement;

  LOWBIT_HD static void fill(const View& w, const Columns& x, word* table, int thread,
                             int threads) {
    if constexpr (rounded) {
      const int8_form form = int8_form_of<Q>(x.form);
      entry_codec<Q>::fill_with(table, thread, threads, [&](int code) {
        block_of<Q> sum{};
        entry_tables<Q>::of_code(w.main.stored_levels(), code_t(code), [&](const auto& entry) {
          for (int i = 0; i < traits::dim; ++i) sum[i] += float(form.value(entry[i]));
        });
        return sum;
      });
    } else {
      entry_codec<Q>::fill(w.main.stored_levels(), table, thread, threads);
    }
  }
  LOWBIT_HD static codec_type codec(const View&, const Columns& x, const word* table, int lane) {
    codec_type c{entry_codec<Q>(table, lane)};
    if constexpr (rounded) c.unit = int8_form_of<Q>(x.form).unit;
    return c;
  }

  LOWBIT_HD static operands a(const codec_type& codec, const typename reader::words& w, int unit,
                              int i, displacement) {
    return bits_as<operands>(codec.fragment(w, unit, i));
  }
  LOWBIT_HD static void add(const codec_type& codec, arr<float, 4>& to, const arr<float, 4>& part,
                            const run_parameters& p, const Columns&, int, int, int) {
    LOWBIT_UNROLL for (int i = 0; i < 4; ++i) {
      const float one = rounded ? p.scale[i / 2] * codec.unit : p.scale[i / 2];
      to[i] += one * part[i];
    }
  }
};

/// How the halves of a format are multiplied.
template <class View, class Columns = half_columns>
using real_arithmetic =
    typename std::conditional_t<tensor_traits<typename View::format_type>::dim == 1,
                                std::type_identity<half_arithmetic<View, Columns>>,
                                std::type_identity<entry_arithmetic<View, Columns>>>::type;

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
