// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <utility>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// An object that all copies of a `shared` own together: the last one frees it. Copies may be made
/// and dropped by different threads. Null until assigned. (std::shared_ptr without <memory>, which
/// alone would be an eighth of what including lowbit.hpp costs.)
template <class T>
class shared {
 public:
  shared() = default;
  /// A new object of type U, which is T or derived from it by a virtual destructor.
  template <class U = T, class... Args>
  static shared make(Args&&... args) {
    shared s;
    s.owners_ = new long(1);
    s.object_ = new U(std::forward<Args>(args)...);
    return s;
  }
  shared(const shared& s) noexcept : object_(s.object_), owners_(s.owners_) {
    if (owners_ != nullptr) __atomic_add_fetch(owners_, 1, __ATOMIC_RELAXED);
  }
  shared(shared&& s) noexcept
      : object_(std::exchange(s.object_, nullptr)), owners_(std::exchange(s.owners_, nullptr)) {}
  shared& operator=(shared s) noexcept {
    std::swap(object_, s.object_);
    std::swap(owners_, s.owners_);
    return *this;
  }
  ~shared() {
    if (owners_ == nullptr || __atomic_sub_fetch(owners_, 1, __ATOMIC_ACQ_REL) != 0) return;
    delete object_;
    delete owners_;
  }

  explicit operator bool() const { return object_ != nullptr; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  T* get() const { return object_; }

 private:
  T* object_ = nullptr;
  long* owners_ = nullptr;
};

}  // namespace lowbit::inline LOWBIT_ABI
