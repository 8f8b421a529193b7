// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../core/random.hpp"
#include "../quantize.hpp"

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

}  // namespace detail

/// A matrix of any size with random valid codes, and the scales and levels of a small random
/// matrix, 64 rows again and again: what a product is timed on, made without encoding the whole.
/// Formats with outliers are encoded as a whole, so that the share of outliers is right.
template <format_like F>
quantized_matrix<F> random_matrix(extent shape, std::uint64_t seed = 1) {
  using V = typename F::value_type;
  using P = typename F::plane_type;
  using Q = typename F::quantizer_type;
  constexpr bool plain = std::same_as<typename F::outliers_type, none>;
  const philox random{seed};
  const extent small{plain ? min_of(shape.rows, 64) : shape.rows, shape.cols};
  std::vector<V> values(std::size_t(small.rows * small.cols));
  std::uint64_t counter = 0;
  for (V& v : values) {
    if constexpr (std::same_as<V, float>)
      v = random.uniform(counter++) - 0.5f;
    else
      v = {random.uniform(counter++) - 0.5f, random.uniform(counter++) - 0.5f};
  }
  quantized_matrix<F> m = quantize<F>(matrix_view<const V>(values.data(), small.rows, small.cols));
  if constexpr (plain) {
    std::uint8_t* const codes = m.data().main.codes.data();
    for (index_t r = 0; r < small.rows; ++r)
      for (index_t b = 0; b < P::blocks(shape.cols); ++b) {
        code_t code = code_t(random.uniform(counter++) * 16777216.f);
        code &= code_t((std::uint64_t(1) << Q::bits) - 1);
        if constexpr (detail::checks_codes<Q>)
          if (!detail::valid_code<Q>(code)) continue;  // the encoded code stays
        write_bits(codes + r * P::row_bytes(shape.cols), std::uint64_t(b) * Q::bits, Q::bits, code);
      }
    detail::repeat_rows<P>(m.data().main, small, shape);
    m.data().set_shape(shape);
  }
  return m;
}

}  // namespace lowbit::inline LOWBIT_ABI
