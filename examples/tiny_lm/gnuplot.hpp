// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>

namespace tiny_lm {

/// Fails, with what to install, where gnuplot cannot be started.
void require_gnuplot();

/// Writes the script to `<stem>.gp` and runs gnuplot on it. Whatever gnuplot complains about goes
/// to `<stem>.log`, never to this program's output; a failure is an error that says so.
void run_gnuplot(const std::string& script, const std::string& stem);

}  // namespace tiny_lm
