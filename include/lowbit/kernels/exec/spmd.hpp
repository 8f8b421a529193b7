// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp programs with a host thread for each lane, as a GPU runs them: for ThreadSanitizer, which
// reports a missing barrier as the data race that it is, and for code outside of lanes(), which
// every lane runs. Slow: for the smallest shapes. Not for .cu files.
#pragma once
#include <barrier>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "mma_reference.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// What the 32 threads of a warp share: a barrier, and a slot for each to show the others values.
struct spmd_warp_team {
  std::barrier<> meet{warp_size};
  alignas(16) unsigned char slots[warp_size][64];

  template <class T>
  void put(int lane, int at, const T& value) {
    static_assert(sizeof(T) <= 32 && std::is_trivially_copyable_v<T>);
    std::memcpy(slots[lane] + at, &value, sizeof(T));
  }
  template <class T>
  T get(int lane, int at) const {
    T value;
    std::memcpy(&value, slots[lane] + at, sizeof(T));
    return value;
  }
};
/// What all threads of a block share. Shared memory starts as NaN.
struct spmd_block_team {
  spmd_block_team(int warps, std::size_t shared_bytes)
      : meet(warps * warp_size),
        teams(std::make_unique<spmd_warp_team[]>(std::size_t(warps))),
        shared((shared_bytes + 15) / 16) {
    if (!shared.empty()) std::memset(shared.data(), 0xff, shared.size() * sizeof(words4));
  }
  std::barrier<> meet;
  std::unique_ptr<spmd_warp_team[]> teams;
  std::vector<words4> shared;
};
}  // namespace detail

/// The warp of the calling thread. Its collectives are barriers too, which a GPU does not promise:
/// that sync() is missing beside one is not seen.
class spmd_warp {
 public:
  template <class T>
  struct var {
    T value;
    T& operator[](int) { return value; }
    const T& operator[](int) const { return value; }
  };
  spmd_warp(detail::spmd_warp_team& team, int lane) : team_(&team), lane_(lane) {}

  template <class F>
  void lanes(F&& f) const {
    f(lane_);
  }
  template <class Var, class From>
  Var shuffle(const Var& v, From from) const {
    using value_type = decltype(v.value);
    team_->put(lane_, 0, v.value);
    sync();
    const value_type other = team_->template get<value_type>(from(lane_), 0);
    sync();
    return {other};
  }
  template <mma_kind Kind, class D, class A, class B>
  void multiply_add(var<D>& d, const var<A>& a, const var<B>& b) const {
    team_->put(lane_, 0, a.value);
    team_->put(lane_, 16, b.value);
    team_->put(lane_, 32, d.value);
    sync();
    if (lane_ == 0) {
      A all_a[warp_size];
      B all_b[warp_size];
      D all_d[warp_size];
      for (int l = 0; l < warp_size; ++l) {
        all_a[l] = team_->template get<A>(l, 0);
        all_b[l] = team_->template get<B>(l, 16);
        all_d[l] = team_->template get<D>(l, 32);
      }
      mma_reference<Kind>(all_d, all_a, all_b);
      for (int l = 0; l < warp_size; ++l) team_->put(l, 32, all_d[l]);
    }
    sync();
    d.value = team_->template get<D>(lane_, 32);
  }
  void sync() const { team_->meet.arrive_and_wait(); }

 private:
  detail::spmd_warp_team* team_;
  int lane_;
};

/// The block of the calling thread. An asynchronous copy makes NaN of its target at once and
/// arrives at its thread's wait, never before.
class spmd_block {
 public:
  using warp = spmd_warp;
  template <class T>
  class per_warp {  // as on a device: each thread has the lane's part
   public:
    explicit per_warp(const spmd_block&) {}
    T& operator[](int) { return value_; }

   private:
    T value_;
  };
  spmd_block(detail::spmd_block_team& team, int index, int count, int warps, int thread)
      : team_(&team), index_(index), count_(count), warps_(warps), thread_(thread) {}
  int index() const { return index_; }
  int count() const { return count_; }
  int warps() const { return warps_; }

  template <class F>
  void phase_nosync(F&& f) {
    const int i = thread_ / warp_size;
    f(spmd_warp(team_->teams[std::size_t(i)], thread_ % warp_size), i);
  }
  template <class F>
  void phase(F&& f) {
    phase_nosync(f);
    team_->meet.arrive_and_wait();
  }
  template <class T>
  T* shared() {
    return reinterpret_cast<T*>(team_->shared.data());
  }

  void copy16_async(void* to, const void* from) { begin_copy(to, from, 16); }
  void copy8_async(void* to, const void* from) { begin_copy(to, from, 8); }
  void copy_commit() { ++groups_; }
  template <int N>
  void copy_wait() {
    std::size_t kept = 0;
    for (const copy& c : begun_)
      if (c.group < groups_ - N)
        std::memcpy(c.to, c.from, c.bytes);
      else
        begun_[kept++] = c;
    begun_.resize(kept);
  }
  // A barrier is a word: arrivals, how many of them are missing, and phases that have ended.
  void barrier_init(std::uint64_t* b, int arrivals) {
    *b = std::uint64_t(arrivals) << 32 | std::uint64_t(arrivals) << 16;
  }
  void barrier_arrive(std::uint64_t* b) {
    std::uint64_t old = __atomic_load_n(b, __ATOMIC_RELAXED), now;
    do {
      now = old - (1 << 16);
      if ((now >> 16 & 0xffff) == 0)
        now = (now & ~std::uint64_t(0xffff)) | (now >> 32) << 16 | ((now + 1) & 0xffff);
    } while (!__atomic_compare_exchange_n(b, &old, now, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED));
  }
  void barrier_wait(std::uint64_t* b, int parity) {
    while (int(__atomic_load_n(b, __ATOMIC_ACQUIRE) & 1) == parity) std::this_thread::yield();
  }
  void copy_bulk(void* to, const void* from, int bytes, std::uint64_t*) {
    std::memcpy(to, from, std::size_t(bytes));
  }
  void let_next_begin() {}
  void wait_for_previous() {}
  unsigned arrive(unsigned* counter) {
    return __atomic_fetch_add(counter, 1u, __ATOMIC_ACQ_REL);
  }

 private:
  void begin_copy(void* to, const void* from, std::size_t bytes) {
    std::memset(to, 0xff, bytes);
    begun_.push_back({to, from, bytes, groups_});
  }
  struct copy {
    void* to;
    const void* from;
    std::size_t bytes;
    int group;
  };
  detail::spmd_block_team* team_;
  int index_, count_, warps_, thread_;
  std::vector<copy> begun_;
  int groups_ = 0;
};

/// Runs a kernel on a grid of blocks, all of them at once: 32 * warps * blocks threads.
template <class Kernel, class... Arguments>
void run_spmd(int blocks, int warps, std::size_t shared_bytes, const Kernel& kernel,
              const Arguments&... arguments) {
  std::vector<std::unique_ptr<detail::spmd_block_team>> teams;
  for (int i = 0; i < blocks; ++i)
    teams.push_back(std::make_unique<detail::spmd_block_team>(warps, shared_bytes));
  std::vector<std::thread> threads;
  for (int i = 0; i < blocks; ++i)
    for (int t = 0; t < warps * warp_size; ++t)
      threads.emplace_back([&, i, t] {
        spmd_block block(*teams[std::size_t(i)], i, blocks, warps, t);
        kernel(block, arguments...);
      });
  for (std::thread& t : threads) t.join();
}

}  // namespace lowbit::inline LOWBIT_ABI
