// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp programs on one host thread, warp after warp: deterministic, and hostile to mistakes.
#pragma once
#include <cstring>
#include <vector>

#include "mma_reference.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Thirty-two lanes in a loop.
struct lockstep_warp {
  template <class T>
  struct var {
    T items[warp_size];
    LOWBIT_HD T& operator[](int lane) { return items[lane]; }
    LOWBIT_HD const T& operator[](int lane) const { return items[lane]; }
  };
  template <class F>
  LOWBIT_HD void lanes(F&& f) const {
    for (int l = 0; l < warp_size; ++l) f(l);
  }
  template <class Var, class From>
  LOWBIT_HD Var shuffle(const Var& v, From from) const {
    Var out;
    for (int l = 0; l < warp_size; ++l) out[l] = v[from(l)];
    return out;
  }
  template <mma_kind Kind, class D, class A, class B>
  LOWBIT_HD void multiply_add(D& d, const A& a, const B& b) const {
    mma_reference<Kind>(d.items, a.items, b.items);
  }
  LOWBIT_HD void sync() const {}
};

/// In which order lockstep runs the blocks of a grid and the warps of a phase. Results must not
/// depend on it.
enum class lockstep_order { forward, reverse, strided };

/// One block. Shared memory starts as NaN; asynchronous copies arrive at the wait, never before; so
/// a missing wait, a missing barrier or an index that is off changes the results.
class lockstep_block {
 public:
  using warp = lockstep_warp;
  lockstep_block(int index, int count, int warps, std::size_t shared_bytes, lockstep_order order)
      : index_(index), count_(count), warps_(warps), order_(order), shared_(shared_bytes / 16 + 1) {
    std::memset(shared_.data(), 0xff, shared_.size() * sizeof(words4));
  }
  LOWBIT_HD int index() const { return index_; }
  LOWBIT_HD int count() const { return count_; }
  LOWBIT_HD int warps() const { return warps_; }

  template <class F>
  LOWBIT_HD void phase_nosync(F&& f) {
    for (int i = 0; i < warps_; ++i) f(lockstep_warp{}, in_order(order_, i, warps_));
  }
  template <class F>
  LOWBIT_HD void phase(F&& f) {
    phase_nosync(f);
  }
  template <class T>
  LOWBIT_HD T* shared() {
    return reinterpret_cast<T*>(shared_.data());
  }

  void copy16_async(void* to, const void* from) { begun_.push_back({to, from}); }
  void copy_commit() {
    groups_.push_back(begun_);
    begun_.clear();
  }
  template <int N>
  void copy_wait() {
    while (groups_.size() > std::size_t(N)) {
      for (const copy& c : groups_.front()) std::memcpy(c.to, c.from, 16);
      groups_.erase(groups_.begin());
    }
  }
  unsigned arrive(unsigned* counter) { return (*counter)++; }

  /// Number i of n things in an order: each once.
  static int in_order(lockstep_order order, int i, int n) {
    if (order == lockstep_order::reverse) return n - 1 - i;
    if (order == lockstep_order::forward) return i;
    int step = n / 2 + 1;  // odd ones after even ones and the like: coprime to n
    while (common_divisor(step, n) != 1) ++step;
    return int((std::int64_t(i) * step + n / 3) % n);
  }

 private:
  static int common_divisor(int a, int b) { return b == 0 ? a : common_divisor(b, a % b); }

  struct copy {
    void* to;
    const void* from;
  };
  int index_, count_, warps_;
  lockstep_order order_;
  std::vector<words4> shared_;
  std::vector<copy> begun_;
  std::vector<std::vector<copy>> groups_;
};

/// Runs a kernel on a grid of blocks, one after the other.
template <class Kernel, class... Arguments>
void run_lockstep(int blocks, int warps, std::size_t shared_bytes, lockstep_order order,
                  const Kernel& kernel, const Arguments&... arguments) {
  for (int i = 0; i < blocks; ++i) {
    lockstep_block block(lockstep_block::in_order(order, i, blocks), blocks, warps, shared_bytes,
                         order);
    kernel(block, arguments...);
  }
}

}  // namespace lowbit::inline LOWBIT_ABI
