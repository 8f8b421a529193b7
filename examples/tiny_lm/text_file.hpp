// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <lowbit/interop/file.hpp>
#include <string_view>

namespace tiny_lm {

/// Writes a whole text or, where that fails, leaves the file as it was (see lowbit::write_file).
inline void write_text(const std::string& path, std::string_view text) {
  const lowbit::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(text.data()),
                                               static_cast<lowbit::index_t>(text.size()));
  lowbit::write_file(path, lowbit::span<const lowbit::span<const std::uint8_t>>(&bytes, 1));
}

}  // namespace tiny_lm
