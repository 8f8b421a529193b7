// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <doctest/doctest.h>

#include <lowbit/kernels/device/lockstep_launcher.hpp>
#include <lowbit/kernels/device/quantize/quantize_on.hpp>
#include <string>

#include "kernels/device/quantize_runs.hpp"
#include "support/random_matrix.hpp"

using namespace lowbit;

namespace {

using nv4 = format<fp4_e2m1, microscaling<16, e4m3>>;

/// The planes that a launch leaves, with a workspace of so many bytes.
template <class F>
test::stored_planes launched(const test::random_matrix& m, const test::stored_planes& like,
                             index_t bytes) {
  test::stored_planes out = like;
  std::fill(out.codes.begin(), out.codes.end(), 0xa5);
  std::fill(out.scales.begin(), out.scales.end(), 0xa5);
  out.tensor_scale = 0;
  std::vector<std::uint64_t> room(std::size_t(bytes) / 8);
  const auto v = m.view();
  const quantize_task<float> task{v.data(),         v.stride(),        v.shape(),
                                  out.codes.data(), out.scales.data(), &out.tensor_scale};
  for (int again = 0; again < 2; ++again)  // counters are as they were
    kernels::quantize_on<F>(lockstep_launcher(), task, {bytes > 0 ? room.data() : nullptr, bytes});
  return out;
}

}  // namespace

TEST_CASE("launches leave the host's bytes, with and without a tensor scale") {
  const test::random_matrix m(37, 301, 3);
  const auto int8 = test::planes_of<a8>(m.view());
  auto found = launched<a8>(m, int8, 0);
  found.tensor_scale = int8.tensor_scale;
  CHECK(found == int8);
  const auto nv = test::planes_of<nv4>(m.view());
  CHECK(launched<nv4>(m, nv, kernels::quantize_workspace_bytes<nv4>) == nv);
  const auto rows = test::planes_of<format<uniform<8>, per_row>>(m.view());
  found = launched<format<uniform<8>, per_row>>(m, rows, 0);
  found.tensor_scale = rows.tensor_scale;
  CHECK(found == rows);
}
TEST_CASE("a workspace that is too small is refused, and an empty matrix needs no launch") {
  static_assert(kernels::quantize_workspace_bytes<a8> == 0);
  const test::random_matrix m(3, 40, 3);
  const auto nv = test::planes_of<nv4>(m.view());
  constexpr index_t needed = kernels::quantize_workspace_bytes<nv4>;
  try {
    launched<nv4>(m, nv, needed - 8);
    CHECK(false);
  } catch (const error& e) {
    CHECK(e.code() == errc::bad_argument);
    CHECK(std::string(e.what()) == "lowbit: workspace: " + std::to_string(needed - 8) +
                                       " bytes, expected at least " + std::to_string(needed));
  }
  kernels::quantize_on<a8>(lockstep_launcher(), quantize_task<float>{nullptr, 0, {0, 40}, {}, {}},
                           {});
}
