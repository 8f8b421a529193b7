// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "level_table.hpp"
#include "nearest_level.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// What follows from a list of levels: all of it computed once, by the compiler.
template <class Levels>
struct table_facts {
  static constexpr int count = int(sizeof(Levels::levels) / sizeof(Levels::levels[0]));
  static constexpr int bits = [] {
    int b = 1;
    while ((1 << b) < count) ++b;
    return b;
  }();
  struct sorted_levels {
    arr<float, count> level{};
    arr<std::uint8_t, count> code{};  // the code of each ascending level
  };
  static constexpr sorted_levels sort() {
    sorted_levels s;
    for (int i = 0; i < count; ++i) {
      int at = i;
      for (; at > 0 && s.level[at - 1] > Levels::levels[i]; --at) {
        s.level[at] = s.level[at - 1];
        s.code[at] = s.code[at - 1];
      }
      s.level[at] = Levels::levels[i];
      s.code[at] = std::uint8_t(i);
    }
    return s;
  }
  static constexpr bool are_distinct() {
    const sorted_levels s = sort();
    for (int i = 0; i < count; ++i)
      if (!is_finite(s.level[i]) || (i > 0 && s.level[i] == s.level[i - 1])) return false;
    return true;
  }
  /// The level of largest magnitude, and 0 where its negative is a level too.
  static constexpr float lone_peak() {
    const sorted_levels s = sort();
    const float low = s.level[0], high = s.level[count - 1];
    return -low == high ? 0 : -low > high ? low : high;
  }
  static constexpr arr<float, (1 << bits)> by_code() {
    arr<float, (1 << bits)> all{};
    for (int i = 0; i < count; ++i) all[i] = Levels::levels[i];
    return all;
  }
};
template <class Levels>
struct table_name {};
template <class Levels>
  requires requires { Levels::name; }
struct table_name<Levels> {
  static constexpr auto name = "table<" + (Levels::name + text(">"));
};
template <class Levels>
inline constexpr auto table_levels = table_facts<Levels>::by_code();
template <class Levels>
inline constexpr auto table_points = decision_points(table_facts<Levels>::sort().level);
template <class Levels>
inline constexpr auto table_codes_ascending = table_facts<Levels>::sort().code;
}  // namespace detail

/// 2 to 256 levels that are fixed in the type, code i being level i of the list:
///
///   struct my_levels {
///     static constexpr float levels[] = {-4, -1, 0, 1, 4};
///     static constexpr auto name = text("my_levels");  // only needed to save
///   };
///   using five = table<my_levels>;  // 3 bits
///
/// The levels may stand in any order; they must be finite and distinct. Encoding finds the nearest
/// level by the midpoints, ties to the lower level; values beyond the ends clamp; NaN gives the
/// lowest level. Codes past the list decode to 0 and are not valid.
/// Where the level of largest magnitude has no negative twin, absmax puts the largest value there,
/// sign and all (`signed_peak`), as GGUF does for IQ4_NL. Strategy: table.
template <class Levels>
struct table : detail::table_name<Levels> {
  using facts = detail::table_facts<Levels>;
  static constexpr int count = facts::count, bits = facts::bits;
  static_assert(count >= 2 && count <= 256, "lowbit::table: 2 to 256 levels");
  static_assert(facts::are_distinct(), "lowbit::table: the levels must be finite and distinct");

  using strategy = table_codes;
  static constexpr float signed_peak = facts::lone_peak();

  static constexpr bool valid(code_t code) requires(count < 1 << bits) { return code < count; }
  LOWBIT_HD static constexpr float decode(code_t code) {
    return constant_at<detail::table_levels<Levels>>(int(code & ((1u << bits) - 1)));
  }
  LOWBIT_HD static constexpr code_t encode(float x) {
    return constant_at<detail::table_codes_ascending<Levels>>(
        count_below<detail::table_points<Levels>>(x));
  }
  static constexpr code_t (*encodes_in_order)(float) = &table::encode;
};

}  // namespace lowbit::inline LOWBIT_ABI
