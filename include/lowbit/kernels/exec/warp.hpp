// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Warp programs: how a kernel is written once, and what it may ask for. A kernel is an object with
//
//   template <class Block> LOWBIT_HD void operator()(Block& block, arguments...) const;
//
// and runs on three executors: gpu (CUDA), lockstep (one host thread, deterministic, made to find
// mistakes) and spmd (a host thread for each lane, for ThreadSanitizer).
//
//   Block  warp                    its warp type
//          index(), count()        this block among all
//          warps()                 warps of a block
//          phase(f)                f(warp, index of the warp) for each warp, then a barrier
//          phase_nosync(f)         the same without the barrier
//          shared<T>()             the block's shared memory, as many bytes as the launch said,
//                                  aligned to 16; uninitialised
//          per_warp<T> p(block)    a T for each warp (made of vars, say) that lasts from phase to
//                                  phase: p[index of the warp]; uninitialised
//          copy16_async(to, from)  by a lane: 16 bytes from global to shared memory, both aligned.
//                                  Until it is there nobody may read or write the target
//          copy8_async(to, from)   8 bytes
//          copy_commit()           by a whole warp, not in lanes(): what its lanes have begun since
//                                  the last commit is a group
//          copy_wait<N>()          by a whole warp: all its groups but the N latest are there, each
//                                  lane sees its own; others see them after the next barrier
//          barrier_init(b, n)      by one lane: makes a barrier of n arrivals of 8 aligned bytes of
//                                  shared memory; for others after the next barrier of the block
//          barrier_arrive(b)       by a lane. The n-th arrival and the copies before it end a phase
//                                  of the barrier and begin the next
//          barrier_wait(b, parity) by a whole warp: until the first phase (parity 0) has ended, the
//                                  second (1), and so on; nobody is two phases behind
//          copy_bulk(to, from, bytes, b)   by a lane, before it arrives at b: from global to shared
//                                  memory, multiples of 16; there when this phase of b has ended
//          let_next_begin()        the next kernel of the stream may be started before this one has
//                                  ended, where it was launched so;
//          wait_for_previous()     it then waits here for what this one writes
//          arrive(counter)         by one lane, after a barrier: how many blocks came before. The
//                                  last one sees, after its next barrier, what the others wrote
//
//   Warp   var<T>                  a T for each lane; v[lane]
//          lanes(f)                f(lane) for each lane: all code that is not the same in every
//                                  lane stands in here
//          shuffle(v, from)        lane l gets v of lane from(l), 0..31; T of 4 or 8 bytes
//          multiply_add<kind>(d, a, b)   a tensor core's product: see mma
//          sync()                  lanes see each other's writes
//
// Code of a kernel outside of lanes() is run by every lane on a GPU and once per warp in lockstep:
// it computes what is the same in all lanes, and writes nothing.
//
// What crosses lanes is one of the functions below; in a kernel of one's own they are called with
// gpu_warp{}.
#pragma once
#include <concepts>

#include "registers.hpp"

namespace lowbit::inline LOWBIT_ABI {

inline constexpr int warp_size = 32;

template <class W>
concept warp = requires(const W& w, typename W::template var<int> v, void (*f)(int),
                        int (*from)(int)) {
  { v[0] } -> std::same_as<int&>;
  w.lanes(f);
  { w.shuffle(v, from) } -> std::same_as<decltype(v)>;
  w.sync();
};

template <class B>
concept block = warp<typename B::warp> &&
                requires(B& b, void (*f)(typename B::warp, int), void* to, unsigned* counter) {
                  { b.index() } -> std::same_as<int>;
                  { b.count() } -> std::same_as<int>;
                  { b.warps() } -> std::same_as<int>;
                  b.phase(f);
                  b.phase_nosync(f);
                  { b.template shared<word>() } -> std::same_as<word*>;
                  b.copy16_async(to, to);
                  b.copy_commit();
                  b.template copy_wait<1>();
                  { b.arrive(counter) } -> std::same_as<unsigned>;
                };

/// Operands of a tensor core. Accumulators are binary32 or int32; both are written d += a b.
enum class mma_kind { half, bfloat, u8s8, s8s8 };

/// d += A B: A has 16 rows and K columns, B has K rows and 8 columns, spread over the lanes as PTX
/// says for mma.m16n8k16 (halves, or bytes in two registers of A) and mma.m16n8k32 (bytes in
/// four). With g = lane / 4, t = lane % 4 and e elements per register (2 halves or 4 bytes):
///   a[i]  row g + 8 (i % 2), columns e t + 4 e (i / 2) ..
///   b[i]  rows e t + 4 e i .., column g
///   d[i]  row g + 8 (i / 2), column 2 t + i % 2
template <mma_kind Kind, warp W, class D, class A, class B>
LOWBIT_HD void mma(const W& w, D& d, const A& a, const B& b) {
  w.template multiply_add<Kind>(d, a, b);
}

/// The same for halves and 8 * Parts columns in shared memory: on Hopper (sm_90a) one instruction
/// of a warpgroup, elsewhere one for each eight columns. d = A B, or d += A B if `more`; d[n] are
/// columns 8 n .. 8 n + 7. B, aligned to 16 bytes and brought there by copy_bulk, is [h][column][t]
/// of a word: its rows 8 h + 2 t and 8 h + 2 t + 1. Warps 4 k .. 4 k + 3 of a block come here
/// together, with the same B.
///
///   mma_shared_begin(w)            after other code wrote d or a
///   mma_shared(w, d, a, b, more)   begins a product
///   mma_shared_end(w, d)           d is there; until now nothing may touch it, nor the products' a
template <warp W>
LOWBIT_HD void mma_shared_begin(const W& w) {
  if constexpr (requires { w.multiply_shared_begin(); }) w.multiply_shared_begin();
}
template <int Parts, warp W, class D, class A>
LOWBIT_HD void mma_shared(const W& w, D& d, const A& a, const word* b, bool more) {
  if constexpr (requires { w.multiply_shared(d, a, b, more); }) {
    w.multiply_shared(d, a, b, more);
  } else {
    LOWBIT_UNROLL for (int n = 0; n < Parts; ++n) {
      typename W::template var<arr<word, 2>> right;
      typename W::template var<arr<float, 4>> sum;
      w.lanes([&](int l) {
        LOWBIT_UNROLL for (int h = 0; h < 2; ++h) right[l][h] = b[(h * Parts + n) * 32 + l];
        sum[l] = more ? d[l][n] : arr<float, 4>{};
      });
      mma<mma_kind::half>(w, sum, a, right);
      w.lanes([&](int l) { d[l][n] = sum[l]; });
    }
  }
}
template <warp W, class D>
LOWBIT_HD void mma_shared_end(const W& w, D& d) {
  if constexpr (requires { w.multiply_shared_end(d); }) w.multiply_shared_end(d);
}

/// Lane l gets v of lane l ^ mask, mask < 32.
template <warp W, class Var>
LOWBIT_HD Var shuffle_xor(const W& w, const Var& v, int mask) {
  return w.shuffle(v, [=](int lane) { return lane ^ mask; });
}

/// Every lane gets op over all lanes, in the order of a butterfly: 1, 2, 4, 8, 16 apart.
/// All lanes compute the same expression, so the result is the same in each, bit for bit.
template <warp W, class Var, class Op>
LOWBIT_HD Var reduce(const W& w, Var v, Op op) {
  for (int m = 1; m < warp_size; m *= 2) {
    const Var other = shuffle_xor(w, v, m);
    w.lanes([&](int l) { v[l] = (l & m) != 0 ? op(other[l], v[l]) : op(v[l], other[l]); });
  }
  return v;
}
template <warp W, class Var>
LOWBIT_HD Var reduce_add(const W& w, const Var& v) {
  return reduce(w, v, [](auto a, auto b) { return a + b; });
}
/// Not for NaN, which may be lost.
template <warp W, class Var>
LOWBIT_HD Var reduce_max(const W& w, const Var& v) {
  return reduce(w, v, [](auto a, auto b) { return a < b ? b : a; });
}

/// Lane l gets the sum of the lanes 0 .. l, in the order of distances 1, 2, 4, 8, 16.
template <warp W, class Var>
LOWBIT_HD Var scan_add(const W& w, Var v) {
  for (int m = 1; m < warp_size; m *= 2) {
    const Var other = w.shuffle(v, [=](int lane) { return lane >= m ? lane - m : lane; });
    w.lanes([&](int l) {
      if (l >= m) v[l] = other[l] + v[l];
    });
  }
  return v;
}

}  // namespace lowbit::inline LOWBIT_ABI
