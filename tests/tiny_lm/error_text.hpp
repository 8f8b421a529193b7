// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/core/error.hpp>
#include <string>

namespace tiny_lm_test {

/// What the lowbit::error says that a call throws; empty where it throws none.
template <class F>
std::string error_text(F call) {
  try {
    call();
  } catch (const lowbit::error& e) {
    return e.what();
  }
  return {};
}

}  // namespace tiny_lm_test
