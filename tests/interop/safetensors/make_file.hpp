// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <cstring>
#include <lowbit/interop/safetensors.hpp>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace lowbit_test {

namespace st = lowbit::safetensors;
using bytes = std::vector<std::uint8_t>;

/// A file of this header text, which may be anything, and so many bytes of data.
inline bytes file_of(std::string_view header, std::size_t data_bytes = 0) {
  const std::uint64_t length = header.size();
  bytes file(8 + header.size() + data_bytes, 0xA5);
  std::memcpy(file.data(), &length, sizeof length);
  if (!header.empty()) std::memcpy(file.data() + 8, header.data(), header.size());
  return file;
}

/// Data that the golden files' script makes too: aperiodic, another one for each index.
inline bytes hashed_data(std::size_t size, unsigned index) {
  bytes data(size);
  for (std::size_t i = 0; i < size; ++i)
    data[i] = static_cast<std::uint8_t>(
        static_cast<std::uint32_t>((i + 1) * 2654435761u + index * 40503u) >> 24);
  return data;
}

/// Tensors together with the data that they point to.
struct tensor_set {
  std::vector<st::tensor> tensors;
  std::vector<bytes> data;

  void add(std::string name, st::dtype type, std::vector<lowbit::index_t> shape) {
    const auto size = st::bytes_of(type, shape).take();
    data.push_back(hashed_data(static_cast<std::size_t>(size), unsigned(data.size())));
    tensors.push_back({std::move(name), type, std::move(shape), data.back()});
  }
};

}  // namespace lowbit_test
