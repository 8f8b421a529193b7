// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "job.hpp"

int main(int count, char** arguments) {
  return tiny_lm::run_job({arguments + 1, arguments + count});
}
