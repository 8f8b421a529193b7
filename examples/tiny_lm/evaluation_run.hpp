// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "options.hpp"

namespace tiny_lm {

/// The main job: times the kernels, then quantizes, saves, loads and evaluates the model in every
/// chosen format, prints the table row by row, and writes table and plot. Everything that can be
/// wrong with options and files is found before the first format.
void run_evaluation(const options& o);

}  // namespace tiny_lm
