// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tuple>
#include <utility>

#include "../../transforms/chain.hpp"
#include "../matrix_traits.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace detail {

template <class Tuple>
struct chain_of;
template <class... Ts>
struct chain_of<std::tuple<Ts...>> {
  using type = chain<Ts...>;
};

/// How many of the flags are set at the front, and where those end that are set at the back.
constexpr int leading(const bool* set, int n) {
  int i = 0;
  while (i < n && set[i]) ++i;
  return i;
}
constexpr int trailing(const bool* set, int n) {
  while (n > 0 && set[n - 1]) --n;
  return n;
}
constexpr bool any_of(const bool* set, int first, int last) {
  for (int i = first; i < last; ++i)
    if (set[i]) return true;
  return false;
}
template <class... Args>
inline constexpr bool are_transforms[] = {transform<Args>..., false};

/// Sorts the arguments of a linear: transforms in front, terms, transforms behind.
template <class... Args>
struct linear_arguments {
  static constexpr int count = int(sizeof...(Args));
  static constexpr int first = leading(are_transforms<Args...>, count);
  static constexpr int last = trailing(are_transforms<Args...>, count);
  static_assert((... && (transform<Args> || matrix_like<Args>)),
                "lowbit::linear: an argument is neither a transform nor a matrix");
  static_assert(first < last, "lowbit::linear: there is no term");
  static_assert(!any_of(are_transforms<Args...>, first, last),
                "lowbit::linear: a transform between terms; those in front are for all terms, "
                "those behind for the results, linear{transform, matrix} is a term of its own");

  using all = std::tuple<Args...>;
  template <int First, int Last>
  static auto part(all& args) {
    return [&]<int... I>(std::integer_sequence<int, I...>) {
      return std::tuple<std::tuple_element_t<std::size_t(First + I), all>...>(
          std::move(std::get<std::size_t(First + I)>(args))...);
    }
    (std::make_integer_sequence<int, Last - First>());
  }
  static auto front(all& args) { return part<0, first>(args); }
  static auto middle(all& args) { return part<first, last>(args); }
  static auto back(all& args) { return part<last, count>(args); }

  using in_type = typename chain_of<decltype(part<0, first>(std::declval<all&>()))>::type;
  using terms_type = decltype(part<first, last>(std::declval<all&>()));
  using out_type = typename chain_of<decltype(part<last, count>(std::declval<all&>()))>::type;
};
template <class... Args>
struct linear_arguments<extent, Args...> : linear_arguments<Args...> {};

/// The arrays of transforms: "0.scales", "1.seed" ... A transform without arrays needs no `each`.
template <class Visit, class Chain>
void visit_transforms(Visit& visit, const path& at, Chain& transforms) {
  int i = 0;
  transforms.for_each([&]<class T>(T& t) {
    const std::string number = std::to_string(i++);
    if constexpr (!std::is_empty_v<T>) std::remove_const_t<T>::each(visit, at / number, t);
  });
}
template <class Chain>
void validate_transforms(const path& at, const Chain& transforms) {
  int i = 0;
  transforms.for_each([&]<class T>(const T& t) {
    const std::string number = std::to_string(i++);
    if constexpr (!std::is_empty_v<T>) t.validate(at / number);
  });
}

template <class M>
concept has_values = requires(const M& m, matrix_view<typename matrix_traits<M>::value_type> out) {
  matrix_traits<M>::dequantize(m, out);
};

/// The names of matrices, joined by ","; empty unless all have one.
template <class First, class... Rest>
constexpr auto joined_names() {
  constexpr auto mine = matrix_traits<First>::name;
  if constexpr (mine.size() == 0)
    return text("");
  else if constexpr (sizeof...(Rest) == 0)
    return mine;
  else if constexpr (joined_names<Rest...>().size() == 0)
    return text("");
  else
    return mine + ("," + joined_names<Rest...>());
}

}  // namespace detail
}  // namespace lowbit::inline LOWBIT_ABI
