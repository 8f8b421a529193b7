// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp programs on one host thread, warp after warp: deterministic, and hostile to mistakes. Not
// for .cu files, where nvcc would compile kernels for this executor too.
#pragma once
#include <cstring>
#include <map>
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
  void barrier_init(std::uint64_t* b, int arrivals) { barriers_[b] = {arrivals, arrivals, 0, {}}; }
  void barrier_arrive(std::uint64_t* b) {
    barrier& of = barriers_.at(b);
    if (--of.missing > 0) return;
    of.missing = of.arrivals;
    ++of.ended;
  }
  void barrier_wait(std::uint64_t* b, int parity) {
    barrier& of = barriers_.at(b);
    if (of.ended % 2 == parity)
      fail(errc::bad_argument, "barrier_wait", "nobody will end this phase: a GPU would hang");
    std::erase_if(of.begun, [&](const copy& c) {
      if (c.group < of.ended) std::memcpy(c.to, c.from, c.bytes);
      return c.group < of.ended;
    });
  }
  void copy_bulk(void* to, const void* from, int bytes, std::uint64_t* b) {
    barrier& of = barriers_.at(b);
    of.begun.push_back(begin(to, from, std::size_t(bytes), 16, of.ended));
  }
  void let_next_begin() {}
  void wait_for_previous() {}
  unsigned arrive(unsigned* counter) { return (*counter)++; }

 private:
  struct copy {
    void* to;
    const void* from;
    std::size_t bytes;
    int group;
  };
  /// A copy that makes NaN of its target until it is there.
  copy begin(void* to, const void* from, std::size_t bytes, std::size_t aligned, int group) {
    const auto at = reinterpret_cast<std::uintptr_t>(to),
               first = reinterpret_cast<std::uintptr_t>(shared_.data());
    if (at < first || at - first + bytes > shared_.size() * sizeof(words4))
      fail(errc::out_of_range, "copy_async", "the target must be shared memory");
    if (at % aligned != 0 || reinterpret_cast<std::uintptr_t>(from) % aligned != 0 ||
        bytes % aligned != 0)
      fail(errc::bad_argument, "copy_async",
           message("both addresses must be multiples of ", aligned));
    std::memset(to, 0xff, bytes);
    return {to, from, bytes, group};
  }
  void begin_copy(void* to, const void* from, std::size_t bytes) {
    if (current_ < 0) fail(errc::bad_argument, "copy_async", "must be called in a phase");
    warp_copies& mine = copies_[std::size_t(current_)];
    mine.begun.push_back(begin(to, from, bytes, bytes, mine.groups));
  }
  struct warp_copies {
    std::vector<copy> begun;  // and not there yet
    int groups = 0;           // committed so far
  };
  struct barrier {
    int arrivals, missing, ended;
    std::vector<copy> begun;
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
  std::map<std::uint64_t*, barrier> barriers_;
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
