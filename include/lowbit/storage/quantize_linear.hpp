// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantize.hpp"
#include "../transforms/conjugate.hpp"
#include "../transforms/widely_linear.hpp"
#include "linear.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// An argument of quantize_linear: the transform is for the results, not for the activations.
template <transform T>
struct behind {
  T inner;
};
template <class T>
behind(T) -> behind<T>;

namespace detail {

template <class T>
inline constexpr bool is_behind = false;
template <class T>
inline constexpr bool is_behind<behind<T>> = true;
template <class T>
inline constexpr bool shapes_the_linear = transform<T> || is_behind<T>;

/// The transforms among arguments, in order.
template <bool Behind, class T>
auto chosen_transform(const T& argument) {
  if constexpr (Behind && is_behind<T>)
    return std::make_tuple(argument.inner);
  else if constexpr (!Behind && transform<T>)
    return std::make_tuple(argument);
  else
    return std::tuple<>();
}
template <bool Behind, class... Args>
auto chosen_transforms(const Args&... args) {
  auto all = std::tuple_cat(chosen_transform<Behind>(args)...);
  return std::make_from_tuple<typename chain_of<decltype(all)>::type>(std::move(all));
}
/// What is left for quantize.
template <class T>
auto argument_of_quantize(const T& argument) {
  if constexpr (shapes_the_linear<T>)
    return std::tuple<>();
  else
    return std::tuple<const T&>(argument);
}

/// A sum of matrices of formats F...: each codes what those before it leave.
template <class F, class... More, class V, class How>
std::tuple<quantized_matrix<F>, quantized_matrix<More>...> quantize_sum(dense_matrix<V> weights,
                                                                        const How& how) {
  std::tuple<quantized_matrix<F>> first(std::apply(
      [&](const auto&... h) { return quantize<F>(std::as_const(weights).view(), h...); }, how));
  if constexpr (sizeof...(More) == 0) {
    return first;
  } else {
    dense_matrix<V> coded(weights.shape);
    dequantize(std::get<0>(first).view(), coded.view());
    for (std::size_t i = 0; i < coded.values.size(); ++i)
      weights.values[i] = sub_rn(weights.values[i], coded.values[i]);
    return std::tuple_cat(std::move(first), quantize_sum<More...>(std::move(weights), how));
  }
}

}  // namespace detail

/// Quantizes a matrix into a linear:
///
///   auto a = quantize_linear<w4>(weights, hadamard{.seed = 1});    // rotated 4-bit weights
///   auto b = quantize_linear<w4, w2>(weights);                     // a sum: w2 codes the rest
///   auto c = quantize_linear<w4>(weights, hadamard{.seed = 1}, behind{hadamard{.seed = 2}},
///                                mse_grid{}, thread_pool{4});
///
/// Transforms stand before the terms, in the order given; `behind` those for the results. All other
/// arguments are those of quantize, for every term. Importance weights belong to the columns of the
/// transformed weights. The same bytes on every compiler and for every number of threads.
/// Throws what quantize and the transforms throw. Allocates a few copies of the values.
template <format_like F, format_like... More, class... Args>
auto quantize_linear(std::type_identity_t<matrix_view<const typename F::value_type>> weights,
                     const Args&... args) {
  using V = typename F::value_type;
  const float_mode_guard mode;
  auto in = detail::chosen_transforms<false>(args...);
  auto out = detail::chosen_transforms<true>(args...);
  static_assert(decltype(in)::template takes_rows<V> && decltype(out)::template takes_rows<V>,
                "lowbit::quantize_linear: one of the transforms is for activations only; complex "
                "weights of real data: see quantize_widely_linear");
  const auto how = std::tuple_cat(detail::argument_of_quantize(args)...);
  detail::check_finite(weights);  // before transforms spread what is not
  auto terms =
      detail::quantize_sum<F, More...>(out.columns(in.rows(dense_matrix<V>(weights))), how);
  return linear<decltype(in), decltype(terms), decltype(out)>(weights.shape(), std::move(in),
                                                              std::move(terms), std::move(out));
}

/// The linear that quantize_widely_linear makes.
template <format_like... Fs>
using widely_linear_sum =
    linear<chain<widely_linear>,
           std::tuple<quantized_matrix<Fs>...,
                      linear<chain<conjugate>, std::tuple<quantized_matrix<Fs>...>, chain<>>>,
           chain<widely_linear>>;

/// Quantizes a real matrix as a pair of complex ones: y = U x + W conj(x), with activations and
/// results as complex numbers (see widely_linear). U and W are each a sum of matrices of these
/// complex formats, every one coding what those before it leave:
///
///   using cu = format<complex_unit, per_group<64>>;
///   auto a = quantize_widely_linear<cu>(weights);          // 1 bit per weight, and scales
///   auto b = quantize_widely_linear<cu, cu>(weights);      // 2 bits: Fairy2i with T = 2
///
/// Arguments and promises are those of quantize_linear, without transforms.
/// Source: Fairy2i (arXiv 2512.02901).
template <format_like... Fs, class... How>
widely_linear_sum<Fs...> quantize_widely_linear(matrix_view<const float> weights,
                                                const How&... how) {
  static_assert((... && std::same_as<typename Fs::value_type, complex32>),
                "lowbit::quantize_widely_linear: the formats must be complex");
  const float_mode_guard mode;
  detail::check_finite(weights);
  widely_linear::pair p = widely_linear::split(weights);
  const extent half = p.u.shape;
  const std::tuple<const How&...> arguments(how...);
  auto u = detail::quantize_sum<Fs...>(std::move(p.u), arguments);
  auto w = detail::quantize_sum<Fs...>(std::move(p.w), arguments);
  using conjugated = linear_for<conjugate, quantized_matrix<Fs>...>;
  return widely_linear_sum<Fs...>(
      weights.shape(), chain<widely_linear>(),
      std::tuple_cat(std::move(u), std::tuple<conjugated>(conjugated(half, chain<conjugate>(),
                                                                     std::move(w), chain<>()))),
      chain<widely_linear>());
}

}  // namespace lowbit::inline LOWBIT_ABI
