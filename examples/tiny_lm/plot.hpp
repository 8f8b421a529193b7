// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>
#include <vector>

#include "results.hpp"

namespace tiny_lm {

/// A gnuplot script that draws perplexity ratio over bits per weight into `<stem>.svg` and
/// `<stem>.png`. The ratio's distance from 1 is logarithmic; what comes closer than 0.0001, or is
/// better than f32, lies on the bottom line. The f32 row is left out. Rows with int8 activations
/// are hollow; where a format has both kinds of rows, the name stands at the one with real
/// activations. Where many formats crowd at 4 bits, a second panel shows that part enlarged.
std::string plot_script(const std::vector<result_row>& rows, const std::string& stem);

}  // namespace tiny_lm
