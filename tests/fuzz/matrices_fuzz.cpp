// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "matrices_fuzz.hpp"

#include "mutate_safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowbit_test::fuzz_matrices({data, static_cast<lowbit::index_t>(size)});
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t limit, unsigned seed) {
  lowbit_test::safetensors_mutator file(data, size, limit);
  if (seed % 4 != 0) return file.change_values();
  return seed % 16 == 0 ? file.change_all() : file.change_header();
}
