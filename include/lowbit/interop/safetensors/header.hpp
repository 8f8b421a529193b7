// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "header_listener.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors {

/// What may stand around the JSON object of a header. The format's text allows spaces after it; the
/// reference reader takes any JSON whitespace (space, tab, line feed, carriage return) on both
/// sides.
enum class header_padding { spaces_after, any_whitespace };

/// The longest header that a file may have, as in the reference.
inline constexpr index_t max_header_bytes = 100'000'000;

namespace detail {

using lowbit::detail::hex;

/// The header's text, N bytes of it, into its parts.
inline result<header> parse_header(std::string_view text, header_padding padding) {
  const auto broken = [](std::string problem) {
    return failure{errc::corrupted, "header", std::move(problem)};
  };
  // Control characters would not survive the JSON parser except one: it takes a zero byte for the
  // end of its input, and whatever follows would go unseen.
  for (std::size_t i = 0; i < text.size(); ++i)
    if (const auto c = static_cast<unsigned char>(text[i]);
        c < 0x20 && c != '\t' && c != '\n' && c != '\r')
      return broken(message("byte ", i, " is the control character 0x", hex(text[i]),
                            ", expected JSON in UTF-8"));
  if (const std::size_t bad = first_invalid_utf8(text); bad < text.size())
    return broken(
        message("byte ", bad, " is 0x", hex(text[bad]), ", which begins no UTF-8 character"));

  const bool any = padding == header_padding::any_whitespace;
  const std::string_view white = any ? " \t\n\r" : " ";
  text = text.substr(0, text.find_last_not_of(white) + 1);
  const std::size_t first = any ? text.find_first_not_of(white) : 0;
  if (text.empty()) return broken("is empty, expected '{'");
  if (text[first] != '{')
    return broken(message("begins with ", printable(text.substr(first, 1)), ", expected '{'"));
  if (text.back() != '}')
    return broken(message("ends with ", printable(text.substr(text.size() - 1)),
                          ", expected '}' and then nothing but spaces"));

  header_listener listener(text);
  if (!nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &listener))
    return *listener.why();
  return listener.take();
}

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI::safetensors
