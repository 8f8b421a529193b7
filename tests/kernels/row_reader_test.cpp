// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/row_reader.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/packing/repack.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/complex_unit.hpp>
#include <lowbit/quantizers/normal_float.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;
using kernels::row_reader;

namespace {

/// Chunks of every row, on every instruction set, against at(); with a table of a codebook's
/// entries where there is one.
template <class View>
void check_rows(const View& w) {
  using reader_type = row_reader<View>;
  using V = typename reader_type::V;
  std::vector<float> entries(static_cast<std::size_t>(reader_type::table_size));
  reader_type::tabulate(w.main.stored_levels(), entries.data());
  for (const arch a : {arch::scalar, arch::avx2, arch::avx512})
    for (const bool tabulated : {false, true}) {
      if (tabulated && entries.empty()) continue;
      const kernels::row_ops& ops = kernels::ops_of(a);
      reader_type reader(ops, w, tabulated ? entries.data() : nullptr);
      std::vector<V> out(std::size_t(reader_type::chunk + kernels::row_slack));
      index_t wrong = 0;
      for (index_t c = 0; c < w.cols(); c += reader_type::chunk)
        for (index_t r = w.rows() - 1; r >= 0; --r) {
          const index_t n = min_of(reader_type::chunk, w.cols() - c);
          reader.read(r, c, n, out.data());
          for (index_t i = 0; i < n; ++i) {
            const V expected = w.at(r, c + i);
            wrong += std::memcmp(&out[std::size_t(i)], &expected, sizeof(V)) != 0;
          }
        }
      CHECK(wrong == 0);
    }
}
template <class F>
void check(index_t rows, index_t cols) {
  const test::random_matrix w(rows, cols, 4);
  const auto q = quantize<F>(w.view());
  check_rows(q.view());
  const auto tiles = repack<host_layout>(q);
  check_rows(tiles.view());
}

using asymmetric3 = format<uniform<3, asymmetric>, per_group<20>>;
using nf3_row = format<normal_float<3>, per_row>;
using k_quant = format<uniform<5, minimum>, two_level<32, 8, uniform<6>>>;
using vectors = format<vector_codebook<3, 9>, per_group<48>>;

}  // namespace

TEST_CASE("rows are what at() says: groups that cross chunks, zeros, tables") {
  check<asymmetric3>(19, 2111);
  check<asymmetric3>(1, 1);
  check<nf3_row>(3, 1030);
}
TEST_CASE("rows are what at() says: parameters that are codes in their turn") {
  check<k_quant>(5, 1111);
}
TEST_CASE("rows are what at() says: vectors, with and without a table of entries") {
  static_assert(row_reader<quantized_view<vectors>>::chunk % 3 == 0);
  static_assert(row_reader<quantized_view<vectors>>::table_size == 512 * 3);
  static_assert(row_reader<quantized_view<nf3_row>>::table_size == 0);
  check<vectors>(18, 1003);
  check<format<vector_codebook<4, 8>, per_row>>(19, 1101);
  check<format<vector_codebook<8, 5>, per_group<24>>>(5, 1330);  // groups of three codes
  check<format<vector_codebook<4, 12>, unscaled>>(17, 1100);
  check<format<vector_codebook<4, 6>, cross<15>>>(9, 333);
}
TEST_CASE("rows are what at() says: sums of vectors, whose indices share bytes and cross them") {
  using pair = residual<vector_codebook<4, 6>, vector_codebook<4, 5>>;
  static_assert(row_reader<quantized_view<format<pair, per_row>>>::table_size == 4 * (64 + 32));
  check<format<pair, per_row>>(18, 1101);
  check<format<residual<vector_codebook<4, 8>, vector_codebook<4, 4>>, per_group<20>>>(17, 1050);
  check<format<residual<vector_codebook<8, 3>, vector_codebook<8, 4>>, per_row>>(7, 300);
  check<format<residual<residual<vector_codebook<2, 3>, vector_codebook<2, 2>>,  //
                        vector_codebook<2, 7>>,
               per_group<32>>>(7, 300);
}
TEST_CASE("rows are what at() says: complex values") {
  const test::random_matrix parts(6, 2 * 40, 5);
  const matrix_view<const complex32> w(reinterpret_cast<const complex32*>(parts.values.data()), 6,
                                       40);
  const auto q = quantize<format<complex_unit, per_group<16>>>(w);
  check_rows(q.view());
}
