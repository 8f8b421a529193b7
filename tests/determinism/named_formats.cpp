// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every format that has a name, its codes found as usual.
#include <lowbit/formats/known.hpp>

#include "recorder.hpp"

namespace {
const determinism::cases all_formats([](determinism::recorder& r) {
  r.each_format<lowbit::known_formats>();
});
}  // namespace
