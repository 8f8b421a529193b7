// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Cases of device_products.hpp in lockstep.
#pragma once
#include <lowbit/kernels/device/lockstep_launcher.hpp>

#include "support/device_products.hpp"

namespace test {

/// Device memory is the host's.
struct lockstep_runner {
  lb::lockstep_order order = lb::lockstep_order::forward;
  bool multiplies_shared = false;

  template <class T>
  struct array {
    std::vector<T> values;
    explicit array(std::vector<T> v) : values(std::move(v)) {}
    T* data() { return values.data(); }
    std::vector<T> read() const { return values; }
  };
  template <class M>
  struct matrix {
    M owned;
    explicit matrix(M m) : owned(std::move(m)) {}
    auto view() const {
      using host_view = typename M::view_type;
      using data = typename host_view::data_type;
      lb::quantized_view<typename M::format_type, typename M::layout_type, lb::device> v;
      const host_view h = owned.view();
      static_cast<data&>(v) = static_cast<const data&>(h);
      return v;
    }
  };
  lb::lockstep_launcher launcher() const {
    return lb::lockstep_launcher(order, 4, multiplies_shared);
  }
  struct memory {
    std::vector<std::uint64_t> bytes;
    explicit memory(index_t n) : bytes(std::size_t(n) / 8 + 9) {}
    lb::kernels::workspace_memory get() {
      const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(bytes.data());
      void* const aligned = reinterpret_cast<void*>((at + 63) / 64 * 64);
      return {aligned, index_t(bytes.size() * 8) - 64};
    }
  };
};

}  // namespace test
