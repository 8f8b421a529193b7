// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../granularity/per.hpp"
#include "level_table.hpp"
#include "one.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// One selector for Rows x Cols groups (`whole`: all of them) instead of one for each.
template <int Count, int Rows, int Cols>
using shared_selector = scaled<one, blocks<Rows, Cols, selector_code<Count>>>;
template <int Rows, int Cols, std::size_t N>
constexpr auto shared_name(const text<N>& name) {
  if constexpr (N == 0)
    return name;
  else
    return name + ("::shared<" + (number_text<Rows>() + ("," + (number_text<Cols>() + ">"))));
}

template <int K, class First, class... Rest>
struct type_at : type_at<K - 1, Rest...> {};
template <class First, class... Rest>
struct type_at<0, First, Rest...> {
  using type = First;
};
/// "a,b", or nothing where one of them has no name.
template <class First, class... Rest>
constexpr auto names_of_all() {
  if constexpr (!has_name<First> || !(... && has_name<Rest>))
    return text("");
  else if constexpr (sizeof...(Rest) == 0)
    return First::name;
  else
    return First::name + ("," + names_of_all<Rest...>());
}
template <class... Tables>
inline constexpr auto table_set_name = [] {
  constexpr auto names = names_of_all<Tables...>();
  if constexpr (names.size() == 0)
    return text("");
  else
    return "table_set<" + (names + text(">"));
}();
/// The levels of several sets, one set after the other.
template <int Bits, class... Tables>
constexpr auto levels_of_all() {
  constexpr int count = 1 << Bits;
  arr<float, count* int(sizeof...(Tables))> all{};
  int at = 0;
  const auto add = [&](const arr<float, count>& levels) {
    for (const float level : levels.items) all[at++] = level;
  };
  (add(tabulate<Tables>()), ...);
  return all;
}
template <int Bits, class... Tables>
inline constexpr auto table_set_levels = levels_of_all<Bits, Tables...>();

/// A table_set without the question of who shares a selector.
template <class... Tables>
struct table_set_base {
  static constexpr int selectors = int(sizeof...(Tables));
  static_assert(selectors >= 2 && selectors <= 256, "lowbit::table_set: 2 to 256 level sets");
  static_assert((... && number<Tables>),
                "lowbit::table_set: the sets must be numbers: real, levels in the type, no zero");
  template <int K>
  using table = typename type_at<K, Tables...>::type;

  static constexpr int bits = table<0>::bits;
  static_assert((... && (Tables::bits == bits)) && bits <= 8,
                "lowbit::table_set: the sets must have the same bits, at most 8");
  using strategy = table_codes;
  /// The largest of all; each set's own is what ranges go by.
  static constexpr float peak = [] {
    float top = 0;
    ((top = peak_of<Tables> > top ? peak_of<Tables> : top), ...);
    return top;
  }();

  static constexpr bool valid(code_t code) requires(...&& checks_codes<Tables>) {
    return (... || valid_code<Tables>(code));
  }
  LOWBIT_HD static constexpr float decode(code_t code, code_t selector) {
    constexpr code_t count = code_t(1) << bits;
    return constant_at<table_set_levels<bits, Tables...>>(
        int(selector * count + (code & (count - 1))));
  }
  static constexpr code_t encode(float x, code_t selector) {
    code_t code = 0, k = 0;
    ((selector == k++ ? void(code = code_t(Tables::encode(x))) : void()), ...);
    return code;
  }
};

}  // namespace detail

/// Several level sets of the same bits; every group of values uses the one that suits it best, and
/// a selector of log2(number of sets) bits, rounded up, beside its scale says which.
///
///   using w4 = format<table_set<normal_float<4>, iq4_nl_table>, per_group<64>>;
///   table_set<...>::per_row        one selector for all groups of a row
///   table_set<...>::per_matrix     one for the matrix
///   table_set<...>::shared<R, C>   one for R x C groups
///
/// The sets may be any plain numbers of at most 8 bits: tables, powers, minifloats, a user's own.
/// Each group's range is found for every set as if it were alone, by the same search; the set of
/// least squared error is taken (weighted by importance, added up over all groups that share a
/// selector; ties take the first). A code is valid where it is for one of the sets.
/// Strategy: table. Cost of quantizing: that of all sets together, and for shared selectors once
/// more the chosen one. (Sets that are learned per matrix: learned_table_set.)
template <class... Tables>
struct table_set : detail::table_set_base<Tables...> {
  static constexpr auto name = detail::table_set_name<Tables...>;

  /// The same sets, and one selector for Rows x Cols groups (`whole`: all of them).
  template <int Rows, int Cols>
  struct shared : detail::table_set_base<Tables...> {
    using selector_number = detail::shared_selector<int(sizeof...(Tables)), Rows, Cols>;
    static constexpr auto name = detail::shared_name<Rows, Cols>(detail::table_set_name<Tables...>);
  };
  using per_row = shared<1, whole>;
  using per_matrix = shared<whole, whole>;
};

}  // namespace lowbit::inline LOWBIT_ABI
