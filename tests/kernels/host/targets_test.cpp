// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/kernels/host/targets.hpp>

#include <doctest/doctest.h>

#include <cstring>
#include <initializer_list>
#include <vector>

#include "support/compiled_kernels.hpp"

using namespace lowbit;
using kernels::has_arch;
using kernels::ops_of;

TEST_CASE("run time takes the best that the machine has, a missing target gives the next one") {
  CHECK(has_arch(arch::scalar));
  CHECK(has_arch(arch::runtime));
  const auto first_of = [](std::initializer_list<arch> targets) {
    for (const arch a : targets)
      if (has_arch(a)) return a;
    return arch::scalar;
  };
  const arch best = first_of({arch::avx512, arch::avx2, arch::neon});
  CHECK(ops_of(arch::runtime).target == best);
  CHECK(ops_of(arch::avx512).target == best);
  CHECK(ops_of(arch::avx2).target == first_of({arch::avx2, arch::neon}));
  CHECK(ops_of(arch::scalar).target == arch::scalar);
  CHECK(&ops_of(arch::scalar) == &ops_of(arch::scalar));
}

TEST_CASE("a larger set contains the smaller ones") {
  if (has_arch(arch::avx512)) CHECK(has_arch(arch::avx2));
#if !defined(__aarch64__)
  CHECK(!has_arch(arch::neon));
#endif
}

TEST_CASE("functions of a target are its own, for every width of code") {
  using namespace kernels;
  CHECK((unpack_tile<4>(arch::scalar) == &scalar::unpack_tile<4>));
  CHECK((pack_tile<3>(arch::scalar) == &scalar::pack_tile<3>));
  CHECK((dot_packed<4, packed_levels::table>(arch::scalar) ==
         &scalar::dot_packed<4, packed_levels::table, scale_kind::floats>));
  constexpr auto table16 = level_kind::table16;
  CHECK((dot_values<4, table16, false>(arch::scalar) == &scalar::dot_values<4, table16, false>));
  CHECK((read_values<4, table16, true>(arch::scalar) == &scalar::read_values<4, table16, true>));
#if defined(__aarch64__)
  CHECK((unpack_tile<4>(arch::neon) == &neon::unpack_tile<4>));
  CHECK((pack_tile<3>(arch::neon) == &neon::pack_tile<3>));
  CHECK((dot_packed<4, packed_levels::table>(arch::neon) ==
         &neon::dot_packed<4, packed_levels::table, scale_kind::floats>));
  CHECK((dot_values<4, table16, false>(arch::neon) == &neon::dot_values<4, table16, false>));
  CHECK((read_values<4, table16, true>(arch::neon) == &neon::read_values<4, table16, true>));
#elif defined(__x86_64__)
  CHECK((unpack_tile<4>(arch::avx2) == &avx2::unpack_tile<4>));
  CHECK((unpack_tile<4>(arch::avx512) == &avx512::unpack_tile<4>));
  CHECK((pack_tile<3>(arch::avx2) == &avx2::pack_tile<3>));
  CHECK((pack_tile<3>(arch::avx512) == &avx512::pack_tile<3>));
  CHECK((dot_packed<4, packed_levels::table>(arch::avx2) ==
         &avx2::dot_packed<4, packed_levels::table, scale_kind::floats>));
  CHECK((dot_packed<4, packed_levels::codes>(arch::avx512) ==
         &avx512::dot_packed<4, packed_levels::codes, scale_kind::floats>));
  CHECK((dot_values<4, table16, false>(arch::avx2) == &avx2::dot_values<4, table16, false>));
  CHECK((read_values<4, table16, true>(arch::avx512) == &avx512::read_values<4, table16, true>));
#endif
}

TEST_CASE("whole operations are there, and say what they are") {
  for (const arch a : {arch::scalar, arch::avx2, arch::avx512, arch::neon}) {
    const kernels::row_ops& ops = ops_of(a);
    // A table without holes: every pointer was filled in.
    static_assert(sizeof(void*) == sizeof(ops.absmax));
    const void* all[] = {reinterpret_cast<const void*>(ops.levels_affine),
                         reinterpret_cast<const void*>(ops.levels_table),
                         reinterpret_cast<const void*>(ops.levels_sets),
                         reinterpret_cast<const void*>(ops.levels_field),
                         reinterpret_cast<const void*>(ops.levels_exponent),
                         reinterpret_cast<const void*>(ops.levels_f16),
                         reinterpret_cast<const void*>(ops.levels_bf16),
                         reinterpret_cast<const void*>(ops.scale),
                         reinterpret_cast<const void*>(ops.scale_minus_zero),
                         reinterpret_cast<const void*>(ops.scale_plus),
                         reinterpret_cast<const void*>(ops.dot_f32),
                         reinterpret_cast<const void*>(ops.dot_elements_tile),
                         reinterpret_cast<const void*>(ops.bytes_table),
                         reinterpret_cast<const void*>(ops.bytes_moved),
                         reinterpret_cast<const void*>(ops.absmax),
                         reinterpret_cast<const void*>(ops.quantize),
                         reinterpret_cast<const void*>(ops.copy_past_caches),
                         reinterpret_cast<const void*>(ops.transpose),
                         reinterpret_cast<const void*>(ops.dot_tile),
                         reinterpret_cast<const void*>(ops.dot_floats)};
    for (const void* p : all) CHECK((p != nullptr));
  }
}
