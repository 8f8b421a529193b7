// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "describe.hpp"

namespace tiny_lm {

void describe_odd(weight_format* formats) { describe_half<1>(lb::known_formats{}, formats); }

}  // namespace tiny_lm
