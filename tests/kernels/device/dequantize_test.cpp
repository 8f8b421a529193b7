// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/dequantize.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <lowbit/codebooks/trits5.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>
#include <lowbit/lowbit.hpp>
#include <vector>

#include "support/compiled_kernels.hpp"
#include "support/every_decode.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

constexpr lockstep_order orders[] = {lockstep_order::forward, lockstep_order::reverse,
                                     lockstep_order::strided};

/// The whole output, poisoned before, has the values of `at` and nothing else.
template <class Out, class View>
void check_values(const View& m) {
  const index_t stride = m.cols() + 3;
  std::vector<std::uint8_t> expected(std::size_t(m.rows() * stride + 1) * sizeof(Out), 0xa5);
  const auto poison = expected;
  for (index_t r = 0; r < m.rows(); ++r)
    for (index_t c = 0; c < m.cols(); ++c) {
      Out x;
      if constexpr (std::same_as<Out, typename View::value_type>)
        x = m.at(r, c);
      else
        x = scalar_traits<Out>::from_float(m.at(r, c));
      std::memcpy(expected.data() + std::size_t(r * stride + c) * sizeof(Out), &x, sizeof x);
    }
  for (const lockstep_order order : orders)
    for (const int blocks : {1, 3}) {
      auto out = poison;
      run_lockstep(blocks, 4, 0, order, dequantize_matrix{}, m,
                   reinterpret_cast<Out*>(out.data()), stride);
      CHECK(out == expected);
    }
}

struct check_format {
  template <class F>
  void operator()() const {
    using V = typename F::value_type;
    for (const extent shape : {extent{5, 70}, extent{37, 301}, extent{16, 128}, extent{0, 9},
                               extent{3, 0}}) {
      std::vector<V> x;
      for (index_t i = 0; i < shape.rows * shape.cols; ++i) {
        const float re = philox{1}.normal(std::uint64_t(i));
        if constexpr (std::same_as<V, float>)
          x.push_back(re);
        else
          x.push_back({re, philox{2}.normal(std::uint64_t(i))});
      }
      if constexpr (has_state<typename F::quantizer_type>)
        if (x.empty()) continue;
      const auto q = quantize<F>(matrix_view<const V>(x.data(), shape.rows, shape.cols));
      const auto tiles = repack<mma16>(q.view());
      check_values<V>(q.view());
      check_values<V>(tiles.view());
      if constexpr (std::same_as<V, float>) {
        check_values<float16>(tiles.view());
        check_values<bfloat16>(q.view());
      }
    }
  }
};

template <int Bits>
void check_bits() {
  check_format{}.template operator()<format<uniform<Bits>, per_group<32>>>();
}

}  // namespace

TEST_CASE("every way to store a matrix, canonical and in tiles") {
  every::formats::for_each(check_format{});
}

TEST_CASE("codes of every width") {
  check_bits<2>();
  check_bits<3>();
  check_bits<4>();
  check_bits<5>();
  check_bits<6>();
  check_bits<7>();
  check_bits<8>();
  check_format{}.operator()<format<binary, per_row>>();
}

TEST_CASE("what is kept apart, factors of columns, groups that no quad shares, codebooks") {
  check_format{}.operator()<format<uniform<4>, per_group<32>, sparse<std::uint32_t>>>();
  check_format{}.operator()<format<uniform<3, asymmetric>, per_group<64>, low_rank<2>>>();
  check_format{}.operator()<format<uniform<4>, cross<15>>>();
  check_format{}.operator()<format<uniform<4>, per_group<10>>>();
  check_format{}.operator()<format<trits5, per_row>>();
  check_format{}.operator()<format<vector_codebook<4, 6>, per_row>>();
}
