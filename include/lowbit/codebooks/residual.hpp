// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../storage/plane.hpp"
#include "k_means.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
template <class T>
constexpr T subtract(T a, T b) {
  return sub_rn(a, b);
}
template <class T, int N>
constexpr arr<T, N> subtract(arr<T, N> a, const arr<T, N>& b) {
  for (int i = 0; i < N; ++i) a[i] = sub_rn(a[i], b[i]);
  return a;
}
template <class T>
LOWBIT_HD constexpr T sum_of(T a, T b) {
  return add_rn(a, b);
}
template <class T, int N>
LOWBIT_HD constexpr arr<T, N> sum_of(arr<T, N> a, const arr<T, N>& b) {
  for (int i = 0; i < N; ++i) a[i] = add_rn(a[i], b[i]);
  return a;
}

/// Learns the levels of Q, where it has any, as `how` says, where it listens.
template <class Q, class Executor>
state_of<Q, owned> learn_state(span<const block_of<Q>> vectors, span<const float> weights,
                               const Executor& threads, const k_means& how) {
  if constexpr (!has_state<Q>)
    return {};
  else if constexpr (requires { Q::learn(vectors, weights, threads, how); })
    return Q::learn(vectors, weights, threads, how);
  else
    return Q::learn(vectors, weights, threads);
}

template <class Q>
struct range_like {};
template <class Q>
  requires requires { typename Q::range; }
struct range_like<Q> {
  using range = typename Q::range;
};
template <class Q>
constexpr bool is_valid(code_t code) {
  if constexpr (checks_codes<Q>)
    return valid_code<Q>(code);
  else
    return true;
}
template <class Q>
LOWBIT_HD constexpr block_of<Q> decode_with(const state_of<Q>& levels, code_t code) {
  if constexpr (has_state<Q>)
    return levels.decode(code);
  else
    return level_of<Q>(code);
}
}  // namespace detail

/// The sum of two code sets: code = a | b << A::bits decodes to A's vector plus B's, each value
/// rounded once. Encoding is greedy: the nearest of A, then the nearest of B to what A leaves. B
/// learns on what A leaves. Sums of more are nested: residual<residual<A, B>, C> (AQLM's and VPTQ's
/// residual codebooks; a + b of 4 and 4 bits errs more than one codebook of 8, but has 32 entries
/// instead of 256, and reaches bits that no single table could).
///
///   using vq4 = format<residual<vector_codebook<4, 8>, vector_codebook<4, 8>>, per_row>;
///
/// Both sets have the same dimension and values, one scale and no zero. Quantizers may be summed as
/// well as codebooks. `peak` and the default range are A's.
template <class A, class B>
struct residual : detail::range_like<A> {
  static_assert(code_set<A> && code_set<B>, "lowbit::residual: a sum of two code sets");
  static_assert(std::same_as<block_of<A>, block_of<B>>,
                "lowbit::residual: both sets must have the same dimension and value type");
  static_assert(scales_of<A> == 1 && scales_of<B> == 1 && !has_zero<A> && !has_zero<B> &&
                    selectors_of<A> == 0 && selectors_of<B> == 0,
                "lowbit::residual: sets of one scale, without zero or selectors");
  static_assert(A::bits + B::bits <= 32, "lowbit::residual: at most 32 bits in a code");

  static constexpr auto name = [] {
    if constexpr (!has_name<A> || !has_name<B>)
      return text("");
    else
      return "residual<" + (A::name + ("," + (B::name + ">")));
  }();
  static constexpr int bits = A::bits + B::bits, dim = dim_of<A>;
  static constexpr float peak = peak_of<A>;
  using block = block_of<A>;
  using first_set = A;
  using second_set = B;

  LOWBIT_HD static constexpr code_t first_code(code_t code) {
    return code & ((code_t(1) << A::bits) - 1);
  }
  static constexpr bool valid(code_t code) requires(detail::checks_codes<A> ||
                                                    detail::checks_codes<B>) {
    return detail::is_valid<A>(first_code(code)) && detail::is_valid<B>(code >> A::bits);
  }

  /// The levels of both, each its own encoder.
  class encoder_type {
   public:
    encoder_type(const state_of<A>& a, const state_of<B>& b)
        : levels_(a), first_(encoder_of<A>(a)), second_(encoder_of<B>(b)) {}
    code_t encode(const block& x) const {
      const code_t a = code_t(first_.encode(x));
      return a | code_t(second_.encode(detail::subtract(x, detail::decode_with<A>(levels_, a))))
                     << A::bits;
    }

   private:
    state_of<A> levels_;
    encoder_for<A> first_;
    encoder_for<B> second_;
  };

  template <class Place>
  struct state {
    state_of<A, Place> first{};
    state_of<B, Place> second{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      const path first_at = at / "first", second_at = at / "second";
      if constexpr (has_state<A>) state_of<A, Place>::each(visit, first_at, self.first...);
      if constexpr (has_state<B>) state_of<B, Place>::each(visit, second_at, self.second...);
    }
    void validate(const path& at) const requires std::same_as<Place, borrowed> {
      if constexpr (has_state<A>) first.validate(at / "first");
      if constexpr (has_state<B>) second.validate(at / "second");
    }
    LOWBIT_HD block decode(code_t code) const requires std::same_as<Place, borrowed> {
      return detail::sum_of(detail::decode_with<A>(first, first_code(code)),
                            detail::decode_with<B>(second, code >> A::bits));
    }
    /// For many vectors take `encoder()`.
    code_t encode(const block& x) const requires std::same_as<Place, borrowed> {
      return encoder().encode(x);
    }
    encoder_type encoder() const requires std::same_as<Place, borrowed> { return {first, second}; }
  };

  /// A learns on the vectors, B on what A leaves of them. Of a large input both learn on samples
  /// (see `k_means`).
  template <class Executor>
  static state<owned> learn(span<const block> vectors, span<const float> weights,
                            const Executor& threads, const k_means& how = {}) {
    state<owned> s;
    s.first = detail::learn_state<A>(vectors, weights, threads, how);
    state_of<A> levels{};
    if constexpr (has_state<A>) state_of<A, owned>::each(detail::binder{}, path{}, s.first, levels);
    const auto encoder = encoder_of<A>(levels);
    std::vector<block> rest(vectors.begin(), vectors.end());
    constexpr index_t run = 1024;
    threads.for_each(ceil_div(vectors.size(), run), [&](index_t piece) {
      const float_mode_guard mode;
      for (index_t i = piece * run; i < min_of(vectors.size(), (piece + 1) * run); ++i) {
        const code_t a = code_t(encoder.encode(vectors[i]));
        rest[std::size_t(i)] = detail::subtract(vectors[i], detail::decode_with<A>(levels, a));
      }
    });
    s.second = detail::learn_state<B>(rest, weights, threads, how);
    return s;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
