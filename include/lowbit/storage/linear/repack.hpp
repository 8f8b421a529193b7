// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tuple>

#include "../../packing/repack.hpp"
#include "../factored.hpp"
#include "../linear.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Any other matrix has no layout: a copy of it.
template <class To, matrix_like M, executor Executor = serial>
M repack(const M& m, const Executor& = {}) {
  return m;
}

/// Its factors in another layout.
template <class To, class L, class R, executor Executor = serial>
auto repack(const factored<L, R>& m, const Executor& threads = {}) {
  return factored(repack<To>(m.left(), threads), repack<To>(m.right(), threads));
}

/// Its terms in another layout: for speed to `host_layout`, to save back to `canonical`.
template <class To, class In, class... Terms, class Out, executor Executor = serial>
auto repack(const linear<In, std::tuple<Terms...>, Out>& m, const Executor& threads = {}) {
  auto terms = std::apply(
      [&](const Terms&... t) { return std::make_tuple(repack<To>(t, threads)...); }, m.terms());
  return linear<In, decltype(terms), Out>(m.shape(), m.in(), std::move(terms), m.out());
}

}  // namespace lowbit::inline LOWBIT_ABI
