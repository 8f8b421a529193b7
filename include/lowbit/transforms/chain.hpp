// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>

#include "../kernels/workspace.hpp"
#include "weights.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Transforms one after the other, in the order in which activations meet them:
/// x' = Tn ... T2 T1 x. What stands between two of them needs memory, which the caller gives:
/// `carve` takes it from a carver that counts, `apply` and `inverse` from one that hands it out.
template <transform... Ts>
class chain;

/// No transform: everything stays where it is.
template <>
class chain<> {
 public:
  static constexpr bool empty = true;
  static constexpr bool named = true;
  static constexpr auto name = text("");
  template <class V>
  using result = V;
  template <class V>
  static constexpr bool takes_rows = true;

  static constexpr index_t transformed_size(index_t n) { return n; }
  static constexpr index_t original_size(index_t n) { return n; }
  template <class F>
  void for_each(F&&) const {}
  template <class F>
  void for_each(F&&) {}
  template <class V>
  dense_matrix<V> rows(dense_matrix<V> weights) const {
    return weights;
  }
  template <class V>
  dense_matrix<V> columns(dense_matrix<V> weights) const {
    return weights;
  }
  template <class V>
  dense_matrix<V> restore_rows(dense_matrix<V> weights, index_t) const {
    return weights;
  }
  template <class V>
  dense_matrix<V> restore_columns(dense_matrix<V> weights, index_t) const {
    return weights;
  }
};

template <class First, class... Rest>
class chain<First, Rest...> {
 public:
  static constexpr bool empty = false;
  static constexpr bool named = has_name<First> && chain<Rest...>::named;
  /// The names of the transforms, joined by "+"; empty unless all have one.
  static constexpr auto name = [] {
    if constexpr (!named)
      return text("");
    else if constexpr (sizeof...(Rest) == 0)
      return First::name;
    else
      return First::name + ("+" + chain<Rest...>::name);
  }();
  template <class V>
  using result = typename chain<Rest...>::template result<transformed<First, V>>;
  /// Whether rows of weights of V have a counterpart behind all of them.
  template <class V>
  static constexpr bool takes_rows =
      row_transform_of<First, V>&& chain<Rest...>::template takes_rows<V>;

  chain() = default;
  explicit chain(First first, Rest... rest)
      : first_(std::move(first)), rest_(chain<Rest...>(std::move(rest)...)) {}

  index_t transformed_size(index_t n) const {
    return rest_.transformed_size(first_.transformed_size(n));
  }
  /// The size that becomes n, as far as the transforms know.
  index_t original_size(index_t n) const {
    const index_t m = rest_.original_size(n);
    if constexpr (requires { first_.original_size(m); })
      return first_.original_size(m);
    else
      return m;
  }

  template <class V>
  void carve(index_t n, detail::carver& memory) const {
    if constexpr (sizeof...(Rest) > 0) {
      const auto middle = take_middle<V>(n, memory);
      rest_.template carve<transformed<First, V>>(middle.size(), memory);
    }
  }
  template <class V>
  void apply(span<const V> x, span<result<V>> out, detail::carver memory) const {
    if constexpr (sizeof...(Rest) == 0)
      first_.apply(x, out);
    else {
      using M = transformed<First, V>;
      const span<M> middle = take_middle<V>(x.size(), memory);
      first_.apply(x, middle);
      rest_.template apply<M>(span<const M>(middle.data(), middle.size()), out, memory);
    }
  }
  /// Destroys x.
  template <class V>
  void inverse(span<result<V>> x, span<V> out, detail::carver memory) const {
    if constexpr (sizeof...(Rest) == 0)
      first_.inverse(x, out);
    else {
      const span<transformed<First, V>> middle = take_middle<V>(out.size(), memory);
      rest_.template inverse<transformed<First, V>>(x, middle, memory);
      first_.inverse(middle, out);
    }
  }

  /// f(transform) for each in order.
  template <class F>
  void for_each(F&& f) const {
    f(first_);
    rest_.for_each(f);
  }
  template <class F>
  void for_each(F&& f) {
    f(first_);
    rest_.for_each(f);
  }

  /// transform_rows, transform_columns and back again, for all of them.
  template <class V>
  dense_matrix<V> rows(const dense_matrix<V>& weights) const {
    return rest_.rows(transform_rows(first_, weights.view()));
  }
  template <class V>
  dense_matrix<V> columns(const dense_matrix<V>& weights) const {
    return rest_.columns(transform_columns(first_, weights.view()));
  }
  template <class V>
  dense_matrix<V> restore_rows(dense_matrix<V> weights, index_t cols) const {
    const index_t middle = first_.transformed_size(cols);
    return lowbit::restore_rows(first_, rest_.restore_rows(std::move(weights), middle), cols);
  }
  template <class V>
  dense_matrix<V> restore_columns(dense_matrix<V> weights, index_t rows) const {
    const index_t middle = first_.transformed_size(rows);
    return lowbit::restore_columns(first_, rest_.restore_columns(std::move(weights), middle), rows);
  }

 private:
  template <class V>
  span<transformed<First, V>> take_middle(index_t n, detail::carver& memory) const {
    const index_t m = first_.transformed_size(n);
    return {memory.take<transformed<First, V>>(m), m};
  }

  First first_{};
  chain<Rest...> rest_{};
};

}  // namespace lowbit::inline LOWBIT_ABI
