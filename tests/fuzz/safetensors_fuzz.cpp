// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "safetensors_fuzz.hpp"

#include "mutate_safetensors.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowbit_test::fuzz_safetensors(data, size);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t limit, unsigned seed) {
  lowbit_test::safetensors_mutator file(data, size, limit);
  if (seed % 2 == 0) return file.change_all();
  return seed % 8 == 1 ? file.change_data() : file.change_header();
}
