// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>
#include <vector>

namespace tiny_lm {

/// The program: does what its arguments ask for and returns the exit status, 0 or 1. Results go to
/// standard output. An error is one line on standard error, and nothing else goes there.
int run_job(const std::vector<std::string>& arguments);

}  // namespace tiny_lm
