// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Code sets whose vectors are sums of two sets' (see codebooks/residual.hpp): the low bits of a
/// code are the first set's, the rest the second's.
template <class Q>
concept sum_of_sets = requires {
  typename Q::first_set;
  typename Q::second_set;
};

/// The tables that a code of a codebook picks a vector from: one, or one for each set of a sum, in
/// the order in which their vectors are added. Sums that are nested on the left are taken apart.
///
///   count, size              tables, and entries of all of them
///   first_bit(t), bits(t)    where table t has its index in a code
///   offset(t)                entries of the tables before it
///   each(state, f)           f(i, entry) for the entries of all tables, one table after the other
///   entry(state, i)          the same one by one
///   of_code(state, code, f)  f(entry) for what the code picks from each table
template <class Q>
struct entry_tables {
  static constexpr int count = 1;
  static constexpr index_t size = index_t(1) << Q::bits;
  LOWBIT_HD static constexpr int bits(int) { return Q::bits; }
  LOWBIT_HD static constexpr int first_bit(int) { return 0; }
  LOWBIT_HD static constexpr index_t offset(int) { return 0; }

  template <class F>
  static void each(const state_of<Q>& state, F&& f, index_t before = 0) {
    for (index_t i = 0; i < size; ++i)
      f(before + i, entry(state, i));
  }
  LOWBIT_HD static block_of<Q> entry(const state_of<Q>& state, index_t i) {
    return decode_in<Q>(state, code_t(i), group_params<Q>{});
  }
  template <class F>
  LOWBIT_HD static void of_code(const state_of<Q>& state, code_t code, F&& f) {
    f(decode_in<Q>(state, code, group_params<Q>{}));
  }
};
template <sum_of_sets Q>
struct entry_tables<Q> {
  using front = entry_tables<typename Q::first_set>;
  using B = typename Q::second_set;
  static constexpr int count = front::count + 1;
  static constexpr index_t size = front::size + (index_t(1) << B::bits);
  LOWBIT_HD static constexpr int bits(int t) { return t < front::count ? front::bits(t) : B::bits; }
  LOWBIT_HD static constexpr int first_bit(int t) {
    return t < front::count ? front::first_bit(t) : Q::first_set::bits;
  }
  LOWBIT_HD static constexpr index_t offset(int t) {
    return t < front::count ? front::offset(t) : front::size;
  }

  template <class F>
  static void each(const state_of<Q>& state, F&& f, index_t before = 0) {
    front::each(state.first, f, before);
    for (code_t i = 0; i >> B::bits == 0; ++i)
      f(before + front::size + index_t(i), decode_in<B>(state.second, i, group_params<B>{}));
  }
  LOWBIT_HD static block_of<Q> entry(const state_of<Q>& state, index_t i) {
    return i < front::size ? front::entry(state.first, i)
                           : decode_in<B>(state.second, code_t(i - front::size), group_params<B>{});
  }
  template <class F>
  LOWBIT_HD static void of_code(const state_of<Q>& state, code_t code, F&& f) {
    constexpr int low = Q::first_set::bits;
    front::of_code(state.first, code & ((code_t(1) << low) - 1), f);
    f(decode_in<B>(state.second, code >> low, group_params<B>{}));
  }
};

/// Index bits of the largest table. (A lambda in a concept is false for nvcc 13, without a word.)
template <class Q>
inline constexpr int largest_table_bits = [] {
  int most = 0;
  for (int t = 0; t < entry_tables<Q>::count; ++t)
    most = entry_tables<Q>::bits(t) > most ? entry_tables<Q>::bits(t) : most;
  return most;
}();

/// A codebook whose entries are asked once: real, at most 4096 of them in a table.
template <class Q>
concept small_codebook = (dim_of<Q> > 1) && std::same_as<value_of<Q>, float> &&
    selectors_of<Q> == 0 && (largest_table_bits<Q> <= 12);

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
