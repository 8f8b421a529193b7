// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From codes to levels: how a row operation finds them, and the tables that it may need.
#pragma once
#include "../../core/e8m0.hpp"
#include "../../storage/quantized_matrix.hpp"
#include "../table_sets.hpp"
#include "code_source.hpp"

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

/// Levels of a real code set of at most 8 bits, all known at compile time.
template <class Q>
concept tabulated = dim_of<Q>
== 1 && Q::bits <= 8 && std::same_as<value_of<Q>, float> && !has_state<Q> && selectors_of<Q> == 0;

template <class Q>
constexpr arr<float, 256> tabulate() {
  arr<float, 256> levels{};
  for (code_t c = 0; c < 256; ++c) levels[int(c)] = Q{}.decode(c & ((code_t(1) << Q::bits) - 1));
  return levels;
}
template <class Q>
inline constexpr arr<float, 256> levels_of = tabulate<Q>();

/// A matrix whose levels are asked once: real, at most 256 of them.
template <class Q>
concept small_table = dim_of<Q>
== 1 && Q::bits <= 8 && std::same_as<value_of<Q>, float>&& selectors_of<Q> == 0;

/// The levels of one matrix, as the row operations want them.
template <class Q>
struct level_table {
  // g++ 12 takes an empty object for one that is uninitialised.
  const float* levels = nullptr;
  explicit level_table(const state_of<Q>&) {}
};
template <class Q>
  requires(small_table<Q>&& has_state<Q>)
struct level_table<Q> {
  arr<float, 256> levels;
  explicit level_table(const state_of<Q>& state) {
    for (code_t c = 0; c < 256; ++c)
      levels[int(c)] = state.decode(c & ((code_t(1) << Q::bits) - 1));
  }
  const float* data() const { return levels.items; }
};
template <class Q>
  requires tabulated<Q>
struct level_table<Q> {
  // A member, though it is a constant, for the same reason.
  const float* levels = levels_of<Q>.items;
  explicit level_table(const state_of<Q>&) {}
  const float* data() const { return levels; }
};

template <small_table_sets Q>
struct level_table<Q> {
  const float* levels = levels_of_sets<Q>.items;
  explicit level_table(const state_of<Q>&) {}
  const float* data() const { return levels; }
};
template <small_table_sets Q>
  requires(has_state<Q>)
struct level_table<Q> {
  decltype(tabulate_sets<Q>(std::declval<const state_of<Q>&>())) levels;
  explicit level_table(const state_of<Q>& state) : levels(tabulate_sets<Q>(state)) {}
  const float* data() const { return levels.items; }
};

template <class Q>
inline constexpr bool is_f32 = [] {
  if constexpr (has_name<Q>)
    return Q::bits == 32 && std::string_view(Q::name) == "f32";
  else
    return false;
}();

/// Float fields that are rebuilt by shifts; fewer bits are looked up faster.
template <class Q>
concept small_fields = std::same_as<strategy_of<Q>, field_codes> && Q::bits >
4 && Q::bits <= 8 && (Q::mantissa_bits > 0);

/// How a row operation finds the levels of codes: by arithmetic on codes or on their bits, in a
/// table, or, where nothing else is known, by asking decode for every code.
enum class row_levels { affine, f16, bf16, f32, exponent, field, table, decode };
template <class Q>
inline constexpr row_levels row_levels_of = [] {
  if constexpr (std::same_as<strategy_of<Q>, affine_codes> && Q::bits <= 8)
    return row_levels::affine;
  else if constexpr (std::same_as<Q, f16>)
    return row_levels::f16;
  else if constexpr (std::same_as<Q, bf16>)
    return row_levels::bf16;
  else if constexpr (is_f32<Q>)
    return row_levels::f32;
  else if constexpr (std::same_as<Q, e8m0>)
    return row_levels::exponent;
  else if constexpr (small_fields<Q>)
    return row_levels::field;
  else if constexpr (small_table<Q>)
    return row_levels::table;
  else
    return row_levels::decode;
}();

template <row_levels Way>
constexpr auto name_of() {
  if constexpr (Way == row_levels::affine)
    return text("affine");
  else if constexpr (Way == row_levels::f16 || Way == row_levels::bf16 || Way == row_levels::f32)
    return text("float");
  else if constexpr (Way == row_levels::exponent)
    return text("exponent");
  else if constexpr (Way == row_levels::field)
    return text("field");
  else if constexpr (Way == row_levels::table)
    return text("table");
  else
    return text("generic");
}

/// Levels of a run of n codes.
template <class P>
void read_levels(const row_ops& ops, const typename P::template data<borrowed>& p,
                 const level_table<typename P::quantizer_type>& table, const code_run& run,
                 index_t n, float* out) {
  using Q = typename P::quantizer_type;
  constexpr row_levels way = row_levels_of<Q>;
  const auto& [codes, readable, bits] = run;
  if constexpr (way == row_levels::affine)
    ops.levels_affine(codes, readable, bits, n, Q::slope, Q::intercept, out);
  else if constexpr (way == row_levels::f16)
    ops.levels_f16(codes, readable, n, out);
  else if constexpr (way == row_levels::bf16)
    ops.levels_bf16(codes, readable, n, out);
  else if constexpr (way == row_levels::f32)
    __builtin_memcpy(out, codes, std::size_t(n) * 4);
  else if constexpr (way == row_levels::exponent)
    ops.levels_exponent(codes, readable, n, out);
  else if constexpr (way == row_levels::field)
    ops.levels_field(codes, readable, bits, n, Q::exponent_bits, Q::mantissa_bits, Q::bias,
                     Q::is_signed, out);
  else if constexpr (way == row_levels::table)
    ops.levels_table(codes, readable, bits, n, table.data(), Q::bits, out);
  else
    for (index_t i = 0; i < n; ++i)
      out[i] = p.stored_levels().decode(
          read_bits(codes, std::uint64_t(i) * static_cast<unsigned>(bits), bits));
}

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
