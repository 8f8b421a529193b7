// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "../config.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Where text stops being UTF-8 by RFC 3629 (no overlong form, no surrogate, nothing above
/// U+10FFFF): the position of the first byte of the first broken character, or text.size() when
/// there is none. One pass.
constexpr std::size_t first_invalid_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  std::size_t i = 0;
  while (i < text.size()) {
    const unsigned lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    if (lead < 0xC2 || lead > 0xF4) return i;
    const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (text.size() - i < length) return i;
    // The second byte decides about overlong forms, surrogates and the upper end.
    const unsigned least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(i + 1) < least || byte(i + 1) > most) return i;
    for (std::size_t k = 2; k < length; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return i;
    i += length;
  }
  return i;
}

namespace detail {

/// The two hexadecimal digits of a byte.
inline std::string hex(char c) {
  constexpr char digits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {digits[byte >> 4], digits[byte & 15]};
}

/// A string of a file in quotes, fit for one line of a message: control characters and broken
/// UTF-8 become \x1f, and of a long one only the first `limit` bytes are shown.
inline std::string printable(std::string_view text, std::size_t limit = 64) {
  std::size_t end = text.size();
  if (end > limit) {
    end = limit;
    while (end > limit - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  }
  const bool cut = end < text.size();
  text = text.substr(0, end);
  std::string out = "'";
  while (!text.empty()) {
    const std::size_t good = first_invalid_utf8(text);
    for (std::size_t i = 0; i < text.size() && i <= good; ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if (i == good || byte < 0x20 || byte == 0x7F)
        (out += "\\x") += hex(text[i]);
      else
        out += text[i];
    }
    text.remove_prefix(good < text.size() ? good + 1 : good);
  }
  return out + (cut ? "'..." : "'");
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI
