// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/random.hpp"
#include "../quantize.hpp"
#include "linear.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {

/// Repeats the rows of a plane, and of the parameters of its groups, until it has `big.rows`.
template <class P>
void repeat_rows(typename P::template data<owned>& d, extent small, extent big) {
  using Q = typename P::quantizer_type;
  using G = typename P::granularity_type;
  const index_t bytes = P::row_bytes(small.cols);
  const std::vector<std::uint8_t> rows = d.codes;
  d.codes.resize(std::size_t(big.rows * bytes));
  for (index_t r = 0; r < big.rows && bytes > 0; ++r)
    std::memcpy(d.codes.data() + r * bytes, rows.data() + r % small.rows * bytes,
                std::size_t(bytes));
  if constexpr (requires { typename G::scale_plane; }) {
    const extent few = G::params_shape(small), many = G::params_shape(big);
    for (int k = 0; k < scales_of<Q>; ++k)
      repeat_rows<typename G::scale_plane>(d.groups.scale[k], few, many);
    using data = typename G::template data<owned, Q>;
    if constexpr (has_zero<Q>) repeat_rows<typename data::zero_plane>(d.groups.zero, few, many);
    if constexpr (selectors_of < Q >> 0)
      repeat_rows<typename data::selector_plane>(d.groups.selector, few, many);
  }
}

/// Makes a matrix of `rows` rows from one of few: its codes become random valid ones, its rows are
/// repeated. `possible` is false where something is stored that belongs to single rows.
template <class M>
struct row_repeater {
  static constexpr bool possible = false;
};
template <class F>
struct row_repeater<quantized_matrix<F>> {
  using P = typename F::plane_type;
  using Q = typename F::quantizer_type;
  static constexpr bool possible = std::same_as<typename F::outliers_type, none>;

  static quantized_matrix<F> repeat(quantized_matrix<F> m, index_t rows, const philox& random) {
    const extent small = m.shape(), big{rows, small.cols};
    std::uint8_t* const codes = m.data().main.codes.data();
    std::uint64_t counter = 0;
    for (index_t r = 0; r < small.rows; ++r)
      for (index_t b = 0; b < P::blocks(small.cols); ++b) {
        const std::uint64_t mask = (std::uint64_t(1) << Q::bits) - 1;
        const code_t code = code_t(random.word(counter++) & mask);
        if constexpr (checks_codes<Q>)
          if (!valid_code<Q>(code)) continue;  // the encoded code stays
        write_bits(codes + r * P::row_bytes(small.cols), std::uint64_t(b) * Q::bits, Q::bits, code);
      }
    repeat_rows<P>(m.data().main, small, big);
    m.data().set_shape(big);
    return m;
  }
};
template <class In, class... Terms, class Out>
struct row_repeater<linear<In, std::tuple<Terms...>, Out>> {
  using matrix = linear<In, std::tuple<Terms...>, Out>;
  static constexpr bool possible = (... && row_repeater<Terms>::possible);

  static matrix repeat(const matrix& m, index_t rows, const philox& random) {
    const index_t inner = m.out().transformed_size(rows);
    std::uint64_t stream = random.stream;
    const auto term = [&]<class M>(const M& t) {
      stream = 2 * stream + 1;
      return row_repeater<M>::repeat(t, inner, philox{random.seed, stream});
    };
    return matrix(
        {rows, m.cols()}, m.in(),
        std::apply([&](const Terms&... t) { return std::tuple<Terms...>{term(t)...}; }, m.terms()),
        m.out());
  }
};

}  // namespace detail

/// A matrix of any size with random valid codes, and the scales and levels of a small random
/// matrix, 64 rows again and again: what a product is timed on, made without encoding the whole.
/// `quantize` makes a matrix of any type from a matrix_view<const V>. Formats with outliers are
/// encoded as a whole, so that the share of outliers is right.
template <matrix_value V = float, std::invocable<matrix_view<const V>> Quantize>
auto random_matrix(extent shape, Quantize&& quantize, std::uint64_t seed = 1) {
  using M = std::invoke_result_t<Quantize&, matrix_view<const V>>;
  using repeater = detail::row_repeater<M>;
  const philox random{seed};
  const extent small{repeater::possible ? min_of(shape.rows, 64) : shape.rows, shape.cols};
  dense_matrix<V> weights(small);
  std::uint64_t counter = 0;
  const auto next = [&] { return random.uniform(counter++) - 0.5f; };
  for (V& v : weights.values) {
    if constexpr (std::same_as<V, float>)
      v = next();
    else
      v = {next(), next()};
  }
  M m = quantize(std::as_const(weights).view());
  if constexpr (repeater::possible)
    return repeater::repeat(std::move(m), shape.rows, philox{seed, 1});
  else
    return m;
}

/// The same of a format.
template <format_like F>
quantized_matrix<F> random_matrix(extent shape, std::uint64_t seed = 1) {
  using V = typename F::value_type;
  return random_matrix<V>(
      shape, [](matrix_view<const V> weights) { return lowbit::quantize<F>(weights); }, seed);
}

}  // namespace lowbit::inline LOWBIT_ABI
