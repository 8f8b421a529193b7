// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/int8_form.hpp>

#include <doctest/doctest.h>

#include <lowbit/codebooks/vector.hpp>
#include <lowbit/kernels/exec/lockstep.hpp>
#include <lowbit/quantize.hpp>
#include <lowbit/quantizers/learned_table.hpp>

#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

/// What one warp finds.
template <class F>
kernels::int8_form found(const quantized_matrix<F>& q) {
  using Q = typename F::quantizer_type;
  static_assert(!kernels::int8_form_is_known<Q>);
  kernels::int8_form form{-1, -1, true};
  run_lockstep(1, 1, 0, lockstep_order::forward, kernels::find_int8_form<Q>{}, q.view(), &form);
  return form;
}

}  // namespace

TEST_CASE("levels that travel with the matrix have the form that the host finds") {
  const auto q = quantize<format<learned_table<4>, per_row>>(test::random_matrix(8, 64, 3).view());
  kernels::int8_table_for<learned_table<4>> host{};
  kernels::make_int8_levels<learned_table<4>>(q.view().main.stored_levels(), 0, host);
  const kernels::int8_form form = found(q);
  CHECK(form.unit == host.unit);
  CHECK(form.exact == host.exact);
  for (code_t c = 0; c < 16; ++c)
    CHECK(form.value(decode_in<learned_table<4>>(q.view().main.stored_levels(), c, {})) ==
          host.level(c, 0));
}
TEST_CASE("and so have entries of a codebook, which are always rounded") {
  using Q = vector_codebook<4, 5>;
  const auto q = quantize<format<Q, per_row>>(test::random_matrix(8, 64, 3).view());
  kernels::int8_table_for<Q> host{};
  kernels::make_int8_levels<Q>(q.view().main.stored_levels(), 0, host);
  const kernels::int8_form form = found(q);
  CHECK(form.unit == host.unit);
  CHECK(!form.exact);
}
TEST_CASE("a type says the form of its levels") {
  static_assert(kernels::int8_form_is_known<uniform<4>>);
  CHECK(kernels::int8_form_of<uniform<4>>(nullptr).unit == 1);
  CHECK(kernels::int8_form_of<uniform<4>>(nullptr).value(-7) == -7);
  const kernels::int8_form given{0.5f, 0, false};
  CHECK(kernels::int8_form_of<learned_table<4>>(&given).value(3) == 6);
}
TEST_CASE("levels that are no numbers are zero, and ties go to even") {
  const kernels::int8_form form{1, 0, false};
  CHECK(form.value(2.5f) == 2);
  CHECK(form.value(-3.5f) == -4);
  CHECK(form.value(bits_as<float>(0x7fc00000u)) == 0);
}
