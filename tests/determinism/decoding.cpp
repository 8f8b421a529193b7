// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The values that every instruction set decodes, for one format of each kind of arithmetic.
#include <lowbit/codebooks/residual.hpp>
#include <lowbit/codebooks/vector.hpp>
#include <lowbit/granularity/cross.hpp>
#include <lowbit/granularity/microscaling.hpp>
#include <lowbit/granularity/two_level.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/outliers/sparse.hpp>
#include <lowbit/quantizers/power_of_two.hpp>

#include "recorder.hpp"

namespace determinism {
namespace {
using namespace lowbit;

template <arch Arch, class F>
void add_values(const quantized_matrix<F>& q, const thread_pool& threads, std::vector<float>& to) {
  const std::size_t before = to.size();
  to.resize(before + std::size_t(q.shape().rows * q.shape().cols));
  dequantize<Arch>(q.view(), {to.data() + before, q.shape().rows, q.shape().cols}, threads);
}

template <class F>
void decode(recorder& r) {
  for (const matrix& m : matrices())
    r.one("decoded " + std::string(format_name<F>) + " of " + m.name, [&] {
      const auto q = quantize<F>(m.view(), r.threads());
      std::vector<float> values;
      add_values<arch::scalar>(q, r.threads(), values);
      add_values<arch::avx2>(q, r.threads(), values);
      add_values<arch::avx512>(q, r.threads(), values);
      return values;
    });
}

const cases decoding_cases([](recorder& r) {
  decode<format<uniform<4, minimum>, two_level<32, 8, uniform<6>>>>(r);
  decode<format<uniform<3, real_zero>, two_level<16, 4, uniform<3, real_zero>>>>(r);
  decode<format<uniform<4>, cross<15>>>(r);
  decode<format<fp4_e2m1, microscaling<16, e4m3>>>(r);
  decode<format<post<4>, per_row>>(r);
  decode<format<uniform<3, asymmetric>, per_group<20>, sparse<>>>(r);
  decode<format<residual<vector_codebook<4, 4>, vector_codebook<4, 3>>, per_row>>(r);
});

}  // namespace
}  // namespace determinism
