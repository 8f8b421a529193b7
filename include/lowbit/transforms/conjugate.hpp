// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// x' = conj(x) of complex activations, its own inverse. It is not linear over the complex numbers:
/// W conj(x) is no W' x, so that it transforms activations only. iFairy's layers are
/// `linear{conjugate{}, w}`.
struct conjugate {
  static constexpr auto name = text("conjugate");

  static constexpr index_t transformed_size(index_t n) { return n; }
  void apply(span<const complex32> x, span<complex32> out) const {
    for (index_t i = 0; i < out.size(); ++i) out[i] = conjugate_of(x[i]);
  }
  void inverse(span<complex32> x, span<complex32> out) const {
    apply(span<const complex32>(x.data(), x.size()), out);
  }

  template <class Visit, class... Self>
  static void each(Visit&&, const path&, Self&...) {}
  void validate(const path&) const {}
};

}  // namespace lowbit::inline LOWBIT_ABI
