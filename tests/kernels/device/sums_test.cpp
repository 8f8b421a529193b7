// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/device/sums.hpp>

#include <doctest/doctest.h>

#include <lowbit/kernels/exec/lockstep.hpp>

using namespace lowbit;

TEST_CASE("every lane gets the sum of all, of reals and of both parts of complex numbers") {
  const lockstep_warp w;
  lockstep_warp::var<float> real;
  lockstep_warp::var<complex32> both;
  for (int l = 0; l < warp_size; ++l) {
    real[l] = float(l);
    both[l] = {float(l), float(-2 * l)};
  }
  real = kernels::sum_of_lanes(w, real);
  both = kernels::sum_of_lanes(w, both);
  for (int l = 0; l < warp_size; ++l) {
    CHECK(real[l] == 496);
    CHECK(both[l] == complex32{496, -992});
  }
}
