// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/codebooks/trits5.hpp>
#include <lowbit/formats/known.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/granularity/per_column.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/quantizers/learned_table.hpp>
#include <lowbit/quantizers/learned_table_set.hpp>
#include <lowbit/quantizers/real_bias.hpp>
#include <lowbit/quantizers/table_set.hpp>
#include <lowbit/quantizers/twin_log.hpp>
#include <lowbit/storage/factored.hpp>
#include <lowbit/storage/quantize_linear.hpp>
#include <lowbit/storage/transposed.hpp>
#include <lowbit/transforms/channel_scale.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <lowbit/transforms/permute.hpp>

namespace lowbit_test {
namespace lb = lowbit;

template <class F>
struct kind : lb::named_format<F> {};

using four_bits = lb::format<lb::uniform<4>, lb::per_group<32>>;
using two_bits = lb::format<lb::uniform<2>, lb::per_row>;
using units = lb::format<lb::complex_unit, lb::per_group<16>>;

struct rotated_kind {
  using matrix_type = lb::linear_for<lb::hadamard, lb::quantized_matrix<four_bits>>;
  template <class Executor>
  static matrix_type quantize(lb::matrix_view<const float> weights, const Executor& threads) {
    return lb::quantize_linear<four_bits>(weights, lb::hadamard{.seed = 7}, threads);
  }
};
/// Two terms between transforms: those of activations that store something, and one of results.
struct sum_kind {
  using matrix_type =
      lb::linear_for<lb::channel_scale, lb::permute, lb::quantized_matrix<four_bits>,
                     lb::quantized_matrix<two_bits>, lb::hadamard>;
  template <class Executor>
  static matrix_type quantize(lb::matrix_view<const float> weights, const Executor& threads) {
    std::vector<float> scales;
    std::vector<std::uint32_t> order;
    for (lb::index_t i = 0; i < weights.cols(); ++i) {
      scales.push_back(float(1 + i % 5) / 4);
      order.push_back(std::uint32_t(weights.cols() - 1 - i));
    }
    return lb::quantize_linear<four_bits, two_bits>(weights, lb::channel_scale{scales},
                                                    lb::permute{order},
                                                    lb::behind{lb::hadamard{.block = 4}}, threads);
  }
};
using halves = lb::format<lb::f16, lb::unscaled>;
struct branch_kind {
  using matrix_type =
      lb::linear_for<lb::quantized_matrix<two_bits>,
                     lb::factored<lb::quantized_matrix<halves>, lb::quantized_matrix<halves>>>;
  template <class Executor>
  static matrix_type quantize(lb::matrix_view<const float> weights, const Executor& threads) {
    return matrix_type(lb::quantize<two_bits>(weights, threads),
                       lb::quantize_factored<halves>(weights, 2, threads));
  }
};
struct transposed_kind {
  using vectors = lb::format<lb::vector_codebook<3, 4>, lb::per_row>;
  using matrix_type = lb::transposed<vectors>;
  template <class Executor>
  static matrix_type quantize(lb::matrix_view<const float> weights, const Executor& threads) {
    return lb::quantize_transposed<vectors>(weights, threads);
  }
};
struct complex_kind {
  using matrix_type = lb::widely_linear_sum<units>;
  template <class Executor>
  static matrix_type quantize(lb::matrix_view<const float> weights, const Executor& threads) {
    return lb::quantize_widely_linear<units>(weights, threads);
  }
};

/// Formats whose stored numbers can point outside, contradict each other or stand for nothing.
using fragile_kinds = lb::format_list<
    // Codes and scales that stand for nothing.
    kind<lb::format<lb::ternary, lb::per_group<64>>>,
    kind<lb::format<lb::trits5, lb::per_group<20>>>,
    kind<lb::format<lb::fp8_e4m3, lb::microscaling<32>>>,
    // Scales and zeros that are quantized in their turn, or belong to tiles and columns.
    kind<lb::format<lb::fp4_e2m1, lb::microscaling<16, lb::e4m3>>>,
    kind<lb::format<lb::uniform<3, lb::real_zero>,
                    lb::two_level_rows<16, 16, lb::uniform<3, lb::real_zero>>>>,
    kind<lb::format<lb::uniform<5, lb::full_range>, lb::per_block<2, 16, lb::bf16>>>,
    kind<lb::format<lb::uniform<8>, lb::cross<15>>>,
    // Positions of what is kept apart.
    kind<lb::format<lb::uniform<3, lb::asymmetric>, lb::per_group<64>, lb::sparse<>>>,
    kind<lb::format<lb::uniform<3>, lb::per_row, lb::sparse<std::uint32_t>>>,
    kind<lb::format<lb::uniform<4>, lb::per_row, lb::columns>>,
    kind<lb::format<lb::uniform<2>, lb::per_row, lb::low_rank<2>>>,
    // Codes and selectors that are positions in tables.
    kind<lb::format<lb::learned_table<4, lb::uniform<8>>, lb::per_row>>,
    kind<lb::format<lb::learned_table_set<3, 2>, lb::per_group<16>>>,
    kind<lb::format<lb::table_set<lb::normal_float<4>, lb::iq4_nl_table>::per_row,
                    lb::per_group<32>>>,
    kind<
        lb::format<lb::residual<lb::vector_codebook<2, 4>, lb::vector_codebook<2, 3, lb::fp8_e4m3>>,
                   lb::per_row>>,
    // Orders, sizes and terms.
    rotated_kind, sum_kind, branch_kind, transposed_kind, complex_kind>;

/// A format for each way in which something is stored.
using storage_kinds = fragile_kinds::with<
    // Codes of all sorts of widths, and numbers for scales.
    kind<lb::format<lb::uniform<4>, lb::per_group<32>>>,
    kind<lb::format<lb::uniform<7>, lb::per_row::with<lb::f32>>>,
    kind<lb::format<lb::uniform<2, lb::centred>, lb::per_tensor>>,
    kind<lb::format<lb::uniform<6>, lb::per_column>>,
    // Zeros: integers, real ones, minima.
    kind<lb::format<lb::uniform<3, lb::asymmetric>, lb::per_group<16>>>,
    kind<lb::format<lb::uniform<2, lb::real_zero>, lb::per_row>>,
    kind<lb::format<lb::uniform<4, lb::minimum>, lb::per_group<32, lb::bf16>>>,
    kind<lb::format<lb::uniform<4, lb::minimum>, lb::two_level<8, 4, lb::uniform<6>>>>,
    kind<lb::format<lb::normal_float<4>,
                    lb::double_quantized<8, lb::uniform<8, lb::nonnegative>, 4>>>,
    // Levels in the type.
    kind<lb::format<lb::normal_float<4>, lb::per_group<64>>>,
    kind<lb::format<lb::bnb_fp4, lb::per_group<64>>>,
    kind<lb::format<lb::iq4_nl_table, lb::per_group<32>>>,
    kind<lb::format<lb::binary, lb::per_row>>, kind<lb::format<lb::post<4>, lb::per_group<64>>>,
    kind<lb::format<lb::logarithmic<4, lb::base_2, lb::symmetric>, lb::per_group<64>>>,
    kind<lb::format<lb::fp8_e5m2, lb::per_row>>,
    kind<lb::format<lb::twin_log<3>, lb::per_row::with<lb::f32>>>,
    // Learned levels and vectors.
    kind<lb::format<lb::real_bias<lb::fp4_e2m1>, lb::per_group<64>>>,
    kind<lb::format<lb::learned_table<3>, lb::per_group<64>>>,
    kind<lb::format<lb::vector_codebook<4, 4>, lb::per_row>>>;

}  // namespace lowbit_test
