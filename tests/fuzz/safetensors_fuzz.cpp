// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "safetensors_fuzz.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t limit);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lowbit_test::fuzz_safetensors(data, size);
  return 0;
}

/// Most random changes break the header's length first and go no further. Half of the time this
/// changes only the header, or only the data, and then makes the length right again.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t limit, unsigned seed) {
  if (size < 8 || seed % 2 == 0) return LLVMFuzzerMutate(data, size, limit);
  std::uint64_t header = 0;
  std::memcpy(&header, data, sizeof header);
  header = std::min<std::uint64_t>(header, size - 8);
  const std::size_t begin = 8 + header;
  if (seed % 8 == 1 && begin < limit)
    return begin + LLVMFuzzerMutate(data + begin, size - begin, limit - begin);

  const std::vector<std::uint8_t> rest(data + begin, data + size);
  if (limit <= 8 + rest.size()) return size;
  header = LLVMFuzzerMutate(data + 8, header, limit - 8 - rest.size());
  std::memcpy(data, &header, sizeof header);
  std::copy(rest.begin(), rest.end(), data + 8 + header);
  return 8 + header + rest.size();
}
