// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Range searches, outlier criteria, sources of levels and the parts that no named format has.
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/granularity/double_quantized.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/outliers/columns.hpp>
#include <lowbit/outliers/criteria/n_sigma.hpp>
#include <lowbit/outliers/low_rank.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/power_of_two.hpp>
#include <lowbit/quantizers/ternary.hpp>
#include <lowbit/ranges/absmean.hpp>
#include <lowbit/ranges/clip.hpp>
#include <lowbit/ranges/e8m0_modes.hpp>
#include <lowbit/ranges/least_squares.hpp>
#include <lowbit/ranges/leave_one_out.hpp>
#include <lowbit/ranges/mse_grid.hpp>
#include <lowbit/ranges/percentile.hpp>
#include <lowbit/ranges/quest.hpp>
#include <lowbit/ranges/std_const.hpp>

#include "recorder.hpp"

namespace determinism {
namespace {
using namespace lowbit;

template <class F, class... How>
void encode(recorder& r, const std::string& how, const How&... arguments) {
  r.each_matrix(
      std::string(format_name<F>) + " by " + how,
      [&](auto m, const thread_pool& threads) { return quantize<F>(m, threads, arguments...); });
}

/// Weights of the error that differ from column to column.
importance column_importance(index_t cols) {
  static const std::vector<float> weights = [] {
    std::vector<float> w;
    for (int c = 0; c < 1024; ++c) w.push_back(float(1 + c % 13) / 7);
    return w;
  }();
  return importance(span<const float>(weights.data(), cols));
}
template <class F, class... How>
void encode_weighted(recorder& r, const std::string& how, const How&... arguments) {
  r.each_matrix(std::string(format_name<F>) + " by weighted " + how,
                [&](auto m, const thread_pool& threads) {
                  return quantize<F>(m, threads, column_importance(m.cols()), arguments...);
                });
}

/// Real values as the parts of complex ones.
template <class F>
void encode_complex(recorder& r) {
  r.each_matrix(std::string(format_name<F>), [&](auto m, const thread_pool& threads) {
    std::vector<complex32> values;
    for (index_t i = 0; i + 1 < m.rows() * m.cols(); i += 2)
      values.push_back({m.data()[i], m.data()[i + 1]});
    return quantize<F>(matrix_view<const complex32>(values.data(), 1, index_t(values.size())),
                       threads);
  });
}

void arguments(recorder& r) {
  using int4 = format<uniform<4>, per_group<32>>;
  encode_weighted<int4>(r, "mse_grid", mse_grid{});
  encode<int4>(r, "mse_grid of exponent 2.4", mse_grid{2.4f, 20});
  encode_weighted<int4>(r, "least_squares", least_squares{});
  encode<int4>(r, "leave_one_out", leave_one_out{});
  encode<int4>(r, "percentile", percentile{0.97});
  encode<format<uniform<4, centred>, per_group<32>>>(r, "quest", quest{});
  encode<int4>(r, "std_const", std_const{2.7f});
  encode<int4>(r, "clip", clip{0.3f});
  encode<format<uniform<4>, per_group<32, f32>>>(r, "absmax", absmax{});
  encode<format<uniform<4, minimum>, per_group<32, f32>>>(r, "mse_grid", mse_grid{});
  encode_weighted<format<uniform<3, asymmetric>, per_group<32>>>(r, "mse_grid", mse_grid{});
  encode_weighted<format<uniform<3, real_zero>, two_level<16, 4, uniform<3, real_zero>>>>(
      r, "least_squares", least_squares{});
  encode<format<ternary, per_row>>(r, "absmean", absmean{0.7f});
  using mx = format<fp4_e2m1, microscaling<32>>;
  encode<mx>(r, "e8m0_even", e8m0_even{});
  encode<mx>(r, "e8m0_rceil", e8m0_rceil{});
  encode<mx>(r, "e8m0_best", e8m0_best{});

  encode<format<uniform<4>, double_quantized<16, uniform<8>, 64>>>(r, "default");
  encode<format<uniform<4>, cross<15>>>(r, "default");
  encode<format<uniform<4>, per_column>>(r, "default");
  encode<format<uniform<5, minimum>, per_block<3, 20, bf16>>>(r, "default");

  encode<format<uniform<3>, per_row, sparse<>>>(r, "n_sigma", n_sigma{2.5f, outlier_scope::row});
  encode_weighted<format<uniform<3>, per_row, columns>>(r, "top_columns", top_columns{3});
  encode<format<uniform<3>, per_row, low_rank<3>>>(r, "default");

  encode_weighted<format<vector_codebook<3, 5, f32>, per_row>>(r, "k_means", k_means{});
  encode_complex<format<complex_unit, per_group<16>>>(r);
  encode_complex<format<vector_codebook<2, 4, bf16, complex32>, per_group<64>>>(r);
}

const cases argument_cases(arguments);

}  // namespace
}  // namespace determinism
