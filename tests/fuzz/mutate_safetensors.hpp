// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t limit);

namespace lowbit_test {

/// Most random changes break the header's length first and go no further. These keep the frame of a
/// safetensors file.
class safetensors_mutator {
 public:
  safetensors_mutator(std::uint8_t* file, std::size_t size, std::size_t limit)
      : file_(file), size_(size), limit_(limit) {
    std::uint64_t header = 0;
    if (size >= prefix) std::memcpy(&header, file, prefix);
    begin_ = prefix + std::min<std::uint64_t>(header, size < prefix ? 0 : size - prefix);
  }

  /// Anything, anywhere.
  std::size_t change_all() { return LLVMFuzzerMutate(file_, size_, limit_); }

  /// Only what comes after the header, and its length with it.
  std::size_t change_data() {
    if (begin_ >= size_ || size_ > limit_) return change_all();
    return begin_ + LLVMFuzzerMutate(file_ + begin_, size_ - begin_, limit_ - begin_);
  }

  /// Only values of the data: its length stays what the header says.
  std::size_t change_values() {
    if (begin_ >= size_ || size_ > limit_) return change_all();
    LLVMFuzzerMutate(file_ + begin_, size_ - begin_, size_ - begin_);
    return size_;
  }

  /// Only the header; its length is made right again.
  std::size_t change_header() {
    if (size_ < prefix) return change_all();
    const std::vector<std::uint8_t> data(file_ + begin_, file_ + size_);
    if (limit_ <= prefix + data.size()) return size_;
    const std::uint64_t header =
        LLVMFuzzerMutate(file_ + prefix, begin_ - prefix, limit_ - prefix - data.size());
    std::memcpy(file_, &header, prefix);
    std::copy(data.begin(), data.end(), file_ + prefix + header);
    return prefix + header + data.size();
  }

 private:
  static constexpr std::size_t prefix = 8;
  std::uint8_t* file_;
  std::size_t size_, limit_, begin_;
};

}  // namespace lowbit_test
