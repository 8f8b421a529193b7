// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp programs on one host thread, warp after warp: deterministic, and hostile to mistakes. Not
// for .cu files, where nvcc would compile kernels for this executor too.
#pragma once
#include <cstring>
#include <memory>
#include <vector>

#include "../../core/error.hpp"
#include "mma_reference.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Thirty-two lanes in a loop.
struct lockstep_warp {
  template <class T>
  struct var {
    T items[warp_size];
    T& operator[](int lane) { return items[lane]; }
    const T& operator[](int lane) const { return items[lane]; }
  };
  template <class F>
  void lanes(F&& f) const {
    for (int l = 0; l < warp_size; ++l) f(l);
  }
  template <class Var, class From>
  Var shuffle(const Var& v, From from) const {
    Var out;
    for (int l = 0; l < warp_size; ++l) out[l] = v[from(l)];
    return out;
  }
  template <mma_kind Kind, class D, class A, class B>
  void multiply_add(D& d, const A& a, const B& b) const {
    mma_reference<Kind>(d.items, a.items, b.items);
  }
  void sync() const {}
};

/// In which order lockstep runs the blocks of a grid and the warps of a phase. Results must not
/// depend on it.
enum class lockstep_order { forward, reverse, strided };

/// Number i of n things in an order: each once.
inline int in_order(lockstep_order order, int i, int n) {
  if (order == lockstep_order::reverse) return n - 1 - i;
  if (order == lockstep_order::forward) return i;
  const auto common_divisor = [](int a, int b) {
    while (b != 0) {
      const int rest = a % b;
      a = b, b = rest;
    }
    return a;
  };
  int step = n / 2 + 1;  // far apart, and coprime to n: none is left out
  while (common_divisor(step, n) != 1) ++step;
  return int((std::int64_t(i) * step + n / 3) % n);
}

/// One block. Shared memory starts as NaN. An asynchronous copy makes NaN of its target at once and
/// arrives at its warp's wait, never before. So a missing wait, an index that is off or a buffer
/// that is filled while others read it changes the results, or makes them depend on the order.
///
/// Errors: out_of_range for a copy to anything but shared memory, bad_argument for one that is not
/// aligned to 16 bytes. A GPU would stop the kernel.
class lockstep_block {
 public:
  using warp = lockstep_warp;
  template <class T>
  class per_warp {
   public:
    explicit per_warp(const lockstep_block& block)
        : items_(new T[std::size_t(block.warps())]) {}
    T& operator[](int warp) { return items_[std::size_t(warp)]; }

   private:
    std::unique_ptr<T[]> items_;
  };
  lockstep_block(int index, int count, int warps, std::size_t shared_bytes, lockstep_order order)
      : index_(index),
        count_(count),
        order_(order),
        shared_((shared_bytes + 15) / 16),
        copies_(std::size_t(warps)) {
    if (!shared_.empty()) std::memset(shared_.data(), 0xff, shared_.size() * sizeof(words4));
  }
  int index() const { return index_; }
  int count() const { return count_; }
  int warps() const { return int(copies_.size()); }

  template <class F>
  void phase_nosync(F&& f) {
    for (int i = 0; i < warps(); ++i) {
      current_ = in_order(order_, i, warps());
      f(lockstep_warp{}, current_);
    }
    current_ = -1;
  }
  template <class F>
  void phase(F&& f) {
    phase_nosync(f);
  }
  template <class T>
  T* shared() {
    return reinterpret_cast<T*>(shared_.data());
  }

  void copy16_async(void* to, const void* from) { begin_copy(to, from, 16); }
  void copy8_async(void* to, const void* from) { begin_copy(to, from, 8); }
  void copy_commit() {
    of_current_warps([](warp_copies& c) { ++c.groups; });
  }
  template <int N>
  void copy_wait() {
    of_current_warps([](warp_copies& c) {
      std::size_t kept = 0;
      for (const copy& one : c.begun)
        if (one.group < c.groups - N)
          std::memcpy(one.to, one.from, one.bytes);
        else
          c.begun[kept++] = one;
      c.begun.resize(kept);
    });
  }
  void let_next_begin() {}
  void wait_for_previous() {}
  unsigned arrive(unsigned* counter) { return (*counter)++; }

 private:
  void begin_copy(void* to, const void* from, std::size_t bytes) {
    const auto at = reinterpret_cast<std::uintptr_t>(to),
               first = reinterpret_cast<std::uintptr_t>(shared_.data());
    if (at < first || at - first >= shared_.size() * sizeof(words4))
      fail(errc::out_of_range, "copy_async", "the target must be shared memory");
    if (at % bytes != 0 || reinterpret_cast<std::uintptr_t>(from) % bytes != 0)
      fail(errc::bad_argument, "copy_async",
           message("both addresses must be multiples of ", bytes));
    if (current_ < 0) fail(errc::bad_argument, "copy_async", "must be called in a phase");
    std::memset(to, 0xff, bytes);
    warp_copies& mine = copies_[std::size_t(current_)];
    mine.begun.push_back({to, from, bytes, mine.groups});
  }
  struct copy {
    void* to;
    const void* from;
    std::size_t bytes;
    int group;
  };
  struct warp_copies {
    std::vector<copy> begun;  // and not there yet
    int groups = 0;           // committed so far
  };
  /// Between phases all warps do what stands there.
  template <class F>
  void of_current_warps(F f) {
    if (current_ >= 0)
      f(copies_[std::size_t(current_)]);
    else
      for (warp_copies& c : copies_) f(c);
  }

  int index_, count_;
  lockstep_order order_;
  int current_ = -1;  // the warp that runs
  std::vector<words4> shared_;
  std::vector<warp_copies> copies_;
};

/// Runs a kernel on a grid of blocks, one after the other.
template <class Kernel, class... Arguments>
void run_lockstep(int blocks, int warps, std::size_t shared_bytes, lockstep_order order,
                  const Kernel& kernel, const Arguments&... arguments) {
  for (int i = 0; i < blocks; ++i) {
    lockstep_block block(in_order(order, i, blocks), blocks, warps, shared_bytes, order);
    kernel(block, arguments...);
  }
}

}  // namespace lowbit::inline LOWBIT_ABI
