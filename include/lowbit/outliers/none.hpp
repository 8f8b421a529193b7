// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../concepts.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Nothing is kept apart.
struct none {
  static constexpr auto name = text("none");
  static constexpr bool picks = false;

  template <class Place, class V>
  struct data {
    template <class Visit, class... Self>
    static void each(Visit&&, const path&, Self&...) {}
    void set_shape(extent) {}
    void validate(const path&, extent) const {}
    LOWBIT_HD V at(index_t, index_t) const { return V{}; }
    LOWBIT_HD index_t scratch_size() const { return 0; }
    LOWBIT_HD void prepare(const V*, V*) const {}
    LOWBIT_HD V dot(index_t, const V*, const V*) const { return V{}; }
    LOWBIT_HD void add_row(index_t, V*) const {}
  };
};

}  // namespace lowbit::inline LOWBIT_ABI
