// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../../core/arr.hpp"
#include "../../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Instruction sets of the host kernels. `runtime` is the best that the machine has.
enum class arch { runtime, scalar, avx2, avx512, neon };

namespace kernels {

/// All that the host kernels need from an instruction set: operations on pieces of a row, a few
/// hundred weights each, so that a call through a pointer costs nothing beside its work. They know
/// bits and tables, never formats; the text is written once (rows.inl, tiles.inl ...) against the
/// primitives of each target (scalar.inl, avx2.inl, avx512.inl, neon.inl).
///
/// `readable` is the number of bytes that may be read from `codes` on. Output buffers have room for
/// `n` rounded up to 64; what is written past n is unspecified.
struct row_ops {
  arch target;

  // Codes of 1..8 bits, from a byte boundary on -> levels.
  void (*levels_affine)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                        float slope, float intercept, float* out);
  /// `level_bits` says how many of the levels there are; each is stored in `bits`.
  void (*levels_table)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                       const float* table, int level_bits, float* out);
  /// Codes of `level_bits`, one in a byte, 64 more of which may be read. Group k of `width` columns
  /// (the first lacks its first `used`) is looked up in set selector[k]: 2^level_bits levels, for
  /// fewer than 16 repeated, one set after the other.
  void (*levels_sets)(const std::uint8_t* codes, index_t n, index_t width, index_t used,
                      const float* selector, const float* sets, int level_bits, float* out);
  /// Float fields of at most 8 bits, NaN codes excluded.
  void (*levels_field)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                       int exponent_bits, int mantissa_bits, int bias, bool is_signed, float* out);
  /// Bytes that are exponents: 2^(code - 127), for 255 infinity.
  void (*levels_exponent)(const std::uint8_t* codes, index_t readable, index_t n, float* out);
  void (*levels_f16)(const std::uint8_t* codes, index_t readable, index_t n, float* out);
  void (*levels_bf16)(const std::uint8_t* codes, index_t readable, index_t n, float* out);

  // Parameters of groups of `width` columns; the first group lacks its first `used` columns. Of
  // narrow groups sixteen parameters past the last may be read.
  void (*scale)(float* v, index_t n, index_t width, index_t used, const float* s);
  void (*scale_minus_zero)(float* v, index_t n, index_t width, index_t used, const float* s,
                           const float* z);  // s * (v - z)
  void (*scale_plus)(float* v, index_t n, index_t width, index_t used, const float* s,
                     const float* m);  // fma(s, v, m)
  /// Of sixteen rows side by side: v, s and m are [column][row], n columns. s v, or fma(s, v, m)
  /// where m is not null.
  void (*scale_tile)(float* v, index_t n, index_t width, index_t used, const float* s,
                     const float* m);

  /// y[t * y_stride + r] (+)= sum over k < n of w[r][k] x[t][k]; n a multiple of 16. Sixteen (or
  /// eight) partial sums per element, so that the error is within design section 4's bound.
  void (*dot_f32)(const float* w, index_t w_stride, index_t rows, const float* x, index_t x_stride,
                  index_t tokens, index_t n, float* y, index_t y_stride, bool accumulate);

  /// Sum over i < n of f16 value i times x[column i]; columns have 2 or 4 bytes.
  float (*dot_elements)(const std::uint8_t* values, index_t readable, const std::uint8_t* columns,
                        int column_bytes, index_t n, const float* x);
  /// The same sums for each row of a tile of x (below): out[row].
  void (*dot_elements_tile)(const std::uint8_t* values, index_t readable,
                            const std::uint8_t* columns, int column_bytes, index_t n,
                            const float* x, float* out);

  // Codes that stand for vectors -> values.
  struct entry_codes {
    const std::uint8_t* low;   // the low 8 bits of code c at c / 4 * stride + c % 4
    const std::uint8_t* high;  // the rest, of longer codes
    index_t stride;
  };
  struct entry_table {
    int first_bit, bits;   // of a code: the index of its entry
    const float* entries;  // `dim` values each
    int dim;
    bool add;  // an entry is added to what is there: tables of a sum
  };
  /// Code c becomes values c dim .. (c + 1) dim - 1, times the scale of its group of `width` codes
  /// (the first group lacks its first `used`); without scales as they are.
  void (*entry_values)(const entry_codes& codes, index_t n, const entry_table& table, index_t width,
                       index_t used, const float* scales, float* out);

  // Codes of 1..8 bits -> bytes.
  /// Through a table of 256; null: codes as they are.
  void (*bytes_table)(const std::uint8_t* codes, index_t readable, int bits, index_t n,
                      const std::int8_t* table, std::int8_t* out);
  /// Increased by a constant.
  void (*bytes_moved)(const std::uint8_t* codes, index_t readable, int bits, index_t n, int by,
                      std::int8_t* out);

  // Activations: max|x|, and rounding of x / s to -127..127 (ties to even; s = 0 gives 0).
  float (*absmax)(const float* x, index_t n);
  void (*quantize)(const float* x, index_t n, float s, std::int8_t* out);

  /// Copies floats to where they will not be read soon: memory is not fetched to be overwritten.
  /// `last`: what was copied so far comes before all that this thread stores from now on.
  void (*copy_past_caches)(const float* from, index_t n, float* to, bool last);

  // Tiles: sixteen rows side by side. The 32-bit elements of a tile lie [column][row]; one element
  // is a float, or a quad: one byte for each of four columns.
  static constexpr int tile_rows = 16;

  /// Rows of 32-bit elements -> a tile. `elements` is rounded up to 16 on both sides.
  void (*transpose)(const void* rows, index_t stride_in_bytes, index_t elements, void* tile);
  /// What levels of -128 to 127 are increased by, as bytes: instruction sets that multiply unsigned
  /// bytes want 128. Levels that span at most 127 may be increased by as much as makes the least of
  /// them 0, for every instruction set (tile_weights::most). Sums of products are too large by that
  /// times the sum of the activations. Those of codes as they are, of so many bits, are too small
  /// by code_bias times that sum.
  int level_bias;
  int code_bias[9];
  /// Bytes are looked up in registers by codes of up to so many bits.
  int register_bits;

  /// Where a run of columns finds its parameters, and what it is the last run of.
  struct run_place {
    std::int32_t group, outer;
    bool ends_sum, ends_outer;
  };
  struct tile_weights {
    const std::uint8_t* codes;  // quads of increased levels, or packed codes
    const std::int8_t* table;   // packed codes: their increased levels; null: codes are levels
    const float* scales;        // [group][row]
    const float* zeros;         // [group][row], bias included; or null: `bias` for all
    const float* minima;        // [group][row], or null
    float bias;
    const run_place* runs;
    int most = 0;  // levels were increased to 0 .. most, at most 127; 0: to whatever
    // Parameters that have parameters of their own.
    const float* outer_scales = nullptr;        // [outer][row]: scales are multiplied by; or null
    const float* outer_minima = nullptr;        // and minima; or null
    const std::int8_t* whole_scales = nullptr;  // dot_packed, see scale_kind: `scales`
    const std::int8_t* whole_minima = nullptr;  // and `minima`
  };
  struct tile_inputs {
    const std::int8_t* levels;  // [token][stride], -127..127
    index_t stride;
    const float* scales;  // [token][runs_stride]: of each run
    const float* sums;    // [token][runs_stride]: sum of the levels of each run
    index_t runs_stride;
    const std::int32_t* halved_sums = nullptr;  // [token][runs_stride], for integer scales: sums in
                                                // two halves, a word each
  };
  /// y[token][row] += sum over runs of w.scale x.scale (w.x - w.zero x.sum) + w.minimum x.scale
  /// x.sum: w.x is the exact sum of a run, w.zero an integer, so that the bracket is exact while a
  /// run has at most 512 columns. The last run may be short.
  ///
  /// With outer scales runs are summed in turns: w.scale (w.x - w.zero x.sum) up to a run that
  /// ends_sum, times x.scale, which all these runs share, up to one that ends_outer; then the outer
  /// scale meets them, and the outer minimum the sum of w.minimum (x.scale x.sum).
  void (*dot_tile)(const tile_weights& w, const tile_inputs& x, index_t tokens, index_t quads,
                   index_t run_quads, float* y);
  struct tile_values {
    const std::uint8_t* codes;  // packed
    const float* table;         // 16 or 256 levels
    const std::int8_t* planes;  // of 256: byte b of level c at 256 (3 - b) + c
    const float* scales;        // [group][row]: the sum of a run is multiplied by
    const float* factors;       // [group][row]: a level is multiplied by
    const float* shifts;        // [group][row]: and increased by
    const std::int32_t* group;  // of each run
  };
  /// What dot_values does, with values that read_values wrote: the same sums in the same order.
  void (*dot_floats)(const float* values, const tile_values& w, const float* x, index_t stride,
                     index_t tokens, index_t quads, index_t run_quads, float* y);
};

/// How packed codes become levels: they are levels; they are looked up among 16, or among 256; or
/// among 256 that all fit the upper halves of floats; or codes are also fields of floats, as
/// fields_of says.
enum class level_kind { codes, table16, table256, table256_upper, fields };
/// Codes of so many bits: a sign, an exponent of 1 to 5 bits with the usual bias, a mantissa. Their
/// levels are in a table too, and fit upper halves.
constexpr level_kind fields_of(int bits, int exponent_bits) {
  return level_kind(int(level_kind::fields) + 16 * bits + exponent_bits);
}
constexpr bool is_fields(level_kind k) { return k >= level_kind::fields; }
constexpr int field_bits(level_kind k) { return (int(k) - int(level_kind::fields)) / 16; }
constexpr int exponent_bits(level_kind k) { return (int(k) - int(level_kind::fields)) % 16; }

// Functions of an instruction set for codes of so many bits (targets.hpp), compiled for those that
// are called. Codes, activations and results are read and written in whole blocks of 32 columns.

/// pack_tile<Bits>: codes one per byte, in quads -> packed codes, 64 bytes for each bit of a block
/// of 32 columns.
using pack_kernel = void(const std::uint8_t* codes, index_t blocks, std::uint8_t* packed);
/// unpack_tile<Bits>: and back, through a table of 256; null: codes as they are.
using unpack_kernel = void(const std::uint8_t* packed, index_t blocks, const std::int8_t* table,
                           std::uint8_t* out);
/// turn_fields<Bits, Back>: the codes of canonical words, [word][row], to where a plane of Bits (1,
/// 2, 4 or 8) has them, or back: code 4 q + k of a word (of 32 bits) is bits Bits q .. of byte k.
/// `words` columns of sixteen rows; `to` may be `from`.
using turn_kernel = void(const std::uint8_t* from, index_t words, std::uint8_t* to);
/// What packed codes are multiplied as: they are levels; their levels are in a table; or in one of
/// levels that were increased to 0 .. 31, of more than 4 bits to 0 .. 127.
enum class packed_levels { codes, table, small_table };
/// What their scales and minima are: floats; or floats with outer scales; or with those integers of
/// -128 to 127, so few and small that every sum up to ends_sum is exact in binary32, and no zeros.
enum class scale_kind { floats, nested, integers };
/// Outer scales meet their sums at least every so many columns, where kernels may be called anew.
inline constexpr index_t most_outer_cols = 512;
/// dot_packed<Bits, packed_levels, scale_kind>: dot_tile for packed codes, runs of least_packed_run
/// columns or more. Every four tokens decode anew, which pays for up to most_packed_tokens.
inline constexpr index_t least_packed_run = 16, most_packed_tokens = 8;
using dot_packed_kernel = void(const row_ops::tile_weights& w, const row_ops::tile_inputs& x,
                               index_t tokens, index_t quads, index_t run_quads, float* y);
/// dot_values<Bits, Kind, Shifted>: y[token][row] += sum over runs of scale *
/// sum((factor * level + shift) * x).
using dot_values_kernel = void(const row_ops::tile_values& w, const float* x, index_t stride,
                               index_t tokens, index_t quads, index_t run_quads, float* y);
/// read_values<Bits, Kind, Shifted>: values[column][row] = factor * level + shift, one rounding;
/// without Shifted the level.
using read_values_kernel = void(const row_ops::tile_values& w, index_t quads, index_t run_quads,
                                float* values);
/// read_planes<Low, High, First, Bits, Dim> and read_entries<Low, High, First, Bits, Quads>: levels
/// of codes that stand for vectors, see entries.inl; `table` holds planes or entries.
using read_levels_kernel = void(const std::uint8_t* low, const std::uint8_t* high, index_t blocks,
                                const std::int8_t* table, index_t stride, std::uint8_t* out);

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
