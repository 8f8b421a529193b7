// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every named format: dequantize writes the bits of at() on every instruction set.
#include <doctest/doctest.h>

#include <lowbit/formats/known.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <string>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

template <arch Arch, class F>
index_t wrong_values(const quantized_view<F>& w) {
  using V = typename F::value_type;
  std::vector<V> out(std::size_t(w.rows() * w.cols()));
  dequantize<Arch>(w, matrix_view<V>(out.data(), w.rows(), w.cols()));
  index_t wrong = 0;
  for (index_t r = 0; r < w.rows(); ++r)
    for (index_t c = 0; c < w.cols(); ++c) {
      const V expected = w.at(r, c);
      wrong += __builtin_memcmp(&out[std::size_t(r * w.cols() + c)], &expected, sizeof(V)) != 0;
    }
  return wrong;
}

template <class F>
void check(const quantized_matrix<F>& w) {
  CHECK(wrong_values<arch::scalar>(w.view()) == 0);
  CHECK(wrong_values<arch::avx2>(w.view()) == 0);
  CHECK(wrong_values<arch::avx512>(w.view()) == 0);
}
/// A linear: its terms.
template <class Linear>
  requires requires(const Linear& m) { m.terms(); }
void check(const Linear& m) {
  m.for_each_term([](const auto& term) { check(term); });
}

}  // namespace

TEST_CASE("dequantize equals at, for every named format") {
  for (const extent shape : {extent{16, 512}, extent{37, 301}}) {
    test::random_matrix m(shape.rows, shape.cols, 3);
    m.values[5] = 40;                                              // clipped by some ranges
    for (std::size_t i = 64; i < 128; ++i) m.values[i] = 0;        // a group of zeros
    for (std::size_t i = 192; i < 224; ++i) m.values[i] *= 1e-6f;  // scales near the smallest
    known_formats::for_each([&](auto entry) {
      CAPTURE(std::string(std::string_view(entry.name)));
      check(entry.quantize(m.view(), serial{}));
    });
  }
}
