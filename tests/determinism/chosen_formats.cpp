// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Named formats that need different arithmetic, for programs that are compiled in more ways.
#include <lowbit/formats/floating.hpp>
#include <lowbit/formats/integer.hpp>
#include <lowbit/formats/tables.hpp>
#include <lowbit/formats/two_level.hpp>

#include "recorder.hpp"

namespace {
using namespace lowbit;
const determinism::cases chosen_formats([](determinism::recorder& r) {
  r.each_format<format_list<int4_g32, q4_1, int2_g16_search, nvfp4, post4, q4_k, ternary_g64>>();
});
}  // namespace
