// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The host kernels that know bits and tables but no format, compiled once for all tests
// (compiled_kernels.cpp, compiled_reals.cpp): they are the larger part of a test that multiplies. A
// test includes this after the header that it tests. What is missing here is compiled where it is
// called, as everywhere outside these tests.
#pragma once
#include <lowbit/kernels/host/encoders.hpp>

#ifndef COMPILED_KERNELS
#define COMPILED_KERNELS extern template
#endif
#ifndef COMPILED_REALS
#define COMPILED_REALS extern template
#endif

namespace lowbit::inline LOWBIT_ABI {
namespace kernels {

COMPILED_KERNELS const row_ops& ops_of<void>(arch);

// Encoding.
COMPILED_KERNELS survey_kernel* survey<void>(arch);
COMPILED_KERNELS extremes_kernel* find_extremes<void>(arch);
COMPILED_KERNELS halves_kernel* read_halves<void>(arch);
COMPILED_KERNELS stream_kernel* pack_codes<void>(arch);
COMPILED_KERNELS code_kernel<affine_rule>* find_codes<affine_rule>(arch);
COMPILED_KERNELS code_kernel<point_rule>* find_codes<point_rule>(arch);
COMPILED_KERNELS code_kernel<field_rule>* find_codes<field_rule>(arch);
COMPILED_KERNELS code_kernel<field_rule>* find_codes<field_rule, 2>(arch);
#define FOR_ZEROS(Kind)                                                                       \
  COMPILED_KERNELS positions_kernel* find_positions<zero_kind::Kind>(arch);                   \
  COMPILED_KERNELS error_kernel<affine_rule>* sum_errors<zero_kind::Kind, affine_rule>(arch); \
  COMPILED_KERNELS error_kernel<point_rule>* sum_errors<zero_kind::Kind, point_rule>(arch);   \
  COMPILED_KERNELS level_kernel<affine_rule>* find_levels<zero_kind::Kind, affine_rule>(arch);
FOR_ZEROS(none)
FOR_ZEROS(integer)
FOR_ZEROS(real)
FOR_ZEROS(minimum)
#undef FOR_ZEROS
COMPILED_KERNELS level_kernel<point_rule>* find_levels<zero_kind::none, point_rule>(arch);
COMPILED_KERNELS product_kernel* sum_products<void>(arch);

// Tiles.
#define FOR_BITS(Bits)                                                              \
  COMPILED_KERNELS pack_kernel* pack_tile<Bits>(arch);                              \
  COMPILED_KERNELS unpack_kernel* unpack_tile<Bits>(arch);                          \
  COMPILED_KERNELS dot_packed_kernel* dot_packed<Bits, packed_levels::codes>(arch); \
  COMPILED_KERNELS dot_packed_kernel* dot_packed<Bits, packed_levels::table>(arch);
FOR_BITS(1)
FOR_BITS(2)
FOR_BITS(3)
FOR_BITS(4)
FOR_BITS(5)
FOR_BITS(6)
FOR_BITS(7)
FOR_BITS(8)
#undef FOR_BITS
COMPILED_KERNELS dot_packed_kernel* dot_packed<4, packed_levels::small_table>(arch);
COMPILED_KERNELS dot_packed_kernel*
dot_packed<4, packed_levels::small_table, scale_kind::nested>(arch);
COMPILED_KERNELS dot_packed_kernel*
dot_packed<2, packed_levels::codes, scale_kind::integers>(arch);
COMPILED_KERNELS dot_packed_kernel*
dot_packed<3, packed_levels::codes, scale_kind::integers>(arch);
COMPILED_KERNELS dot_packed_kernel*
dot_packed<4, packed_levels::codes, scale_kind::integers>(arch);
COMPILED_KERNELS dot_packed_kernel* dot_packed<6, packed_levels::small_table>(arch);

#define FOR_WORDS(Bits)                                         \
  COMPILED_KERNELS turn_kernel* turn_fields<Bits, false>(arch); \
  COMPILED_KERNELS turn_kernel* turn_fields<Bits, true>(arch);
FOR_WORDS(1)
FOR_WORDS(2)
FOR_WORDS(4)
FOR_WORDS(8)
#undef FOR_WORDS

// Real products: tables of up to four bits, equal steps, fields and tables of more; codes one per
// byte count as eight.
#define FOR_LEVELS(Bits, Kind, Shifted)                                                \
  COMPILED_REALS dot_values_kernel* dot_values<Bits, level_kind::Kind, Shifted>(arch); \
  COMPILED_REALS read_values_kernel* read_values<Bits, level_kind::Kind, Shifted>(arch);
FOR_LEVELS(1, table16, false)
FOR_LEVELS(2, table16, false)
FOR_LEVELS(3, table16, false)
FOR_LEVELS(4, table16, false)
FOR_LEVELS(8, table16, false)
FOR_LEVELS(2, table16, true)
FOR_LEVELS(3, table16, true)
FOR_LEVELS(4, table16, true)
FOR_LEVELS(8, table16, true)
FOR_LEVELS(5, codes, true)
FOR_LEVELS(6, codes, true)
FOR_LEVELS(7, codes, true)
FOR_LEVELS(8, codes, true)
FOR_LEVELS(5, table256, false)
FOR_LEVELS(8, table256, false)
#undef FOR_LEVELS
#define FOR_FIELDS(Bits, Field, Exponent)                                                      \
  COMPILED_REALS dot_values_kernel* dot_values<Bits, fields_of(Field, Exponent), false>(arch); \
  COMPILED_REALS read_values_kernel* read_values<Bits, fields_of(Field, Exponent), false>(arch);
FOR_FIELDS(8, 8, 4)
FOR_FIELDS(6, 6, 2)
FOR_FIELDS(8, 6, 2)
FOR_FIELDS(6, 6, 3)
FOR_FIELDS(8, 6, 3)
#undef FOR_FIELDS

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
