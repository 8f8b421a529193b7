// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/interop/utf8.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

// UTF-8 as the encoder sees it: the opposite way to the one that the library takes.
std::string encode(unsigned point) {
  const auto byte = [](unsigned b) { return static_cast<char>(b); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 63))};
  if (point < 0x10000)
    return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 63)), byte(0x80 | (point & 63))};
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 63)), byte(0x80 | (point >> 6 & 63)),
          byte(0x80 | (point & 63))};
}

bool is_surrogate(unsigned point) { return point >= 0xD800 && point < 0xE000; }

std::size_t good(std::string_view text) { return lowbit::first_invalid_utf8(text); }

}  // namespace

TEST_CASE("every code point but the surrogates is UTF-8, whole and never cut") {
  for (unsigned point = 0; point < 0x110000; ++point) {
    const std::string text = encode(point);
    const bool all = good(text) == (is_surrogate(point) ? 0 : text.size());
    bool cut = true;
    for (std::size_t n = 1; n < text.size(); ++n) cut = cut && good(text.substr(0, n)) == 0;
    if (!all || !cut) FAIL("code point " << point);
  }
}

TEST_CASE("of all sequences of two and three bytes only encoded code points are UTF-8") {
  std::vector<bool> encoded(1u << 24);  // by the bytes, first one on top
  for (unsigned point = 0x80; point < 0x10000; ++point) {
    unsigned value = 0;
    for (const char c : encode(point)) value = value << 8 | static_cast<unsigned char>(c);
    encoded[value] = !is_surrogate(point);
  }
  long wrong = 0;
  for (unsigned value = 0x8000; value < 1u << 16; ++value) {
    const char text[] = {static_cast<char>(value >> 8), static_cast<char>(value)};
    wrong += (good({text, 2}) == 2) != encoded[value];
  }
  for (unsigned value = 0xC00000; value < 1u << 24; ++value) {
    const char text[] = {static_cast<char>(value >> 16), static_cast<char>(value >> 8),
                         static_cast<char>(value)};
    const bool two_and_ascii = encoded[value >> 8] && (value & 0xFF) < 0x80;
    wrong += (good({text, 3}) == 3) != (encoded[value] || two_and_ascii);
  }
  CHECK(wrong == 0);
}

TEST_CASE("four bytes: overlong forms and points above U+10FFFF are not UTF-8") {
  CHECK(good("\xF0\x8F\xBF\xBF") == 0);
  CHECK(good("\xF0\x90\x80\x80") == 4);
  CHECK(good("\xF4\x8F\xBF\xBF") == 4);
  CHECK(good("\xF4\x90\x80\x80") == 0);
  CHECK(good("\xF5\x80\x80\x80") == 0);
  CHECK(good("ok\xF1\x80\x80\x7F") == 2);
}

TEST_CASE("printable shows any bytes as one short line of UTF-8") {
  using lowbit::detail::printable;
  CHECK(printable("") == "''");
  CHECK(printable("layer.0.weight") == "'layer.0.weight'");
  CHECK(printable("a\nb\x7F") == "'a\\x0ab\\x7f'");
  CHECK(printable(std::string_view("\0", 1)) == "'\\x00'");
  CHECK(printable("\xC3\xA9\xFF\xC3") == "'\xC3\xA9\\xff\\xc3'");
  CHECK(printable(std::string(64, 'x')) == "'" + std::string(64, 'x') + "'");
  CHECK(printable(std::string(65, 'x')) == "'" + std::string(64, 'x') + "'...");
  // A cut never splits a character.
  CHECK(printable(std::string(63, 'x') + "\xC3\xA9") == "'" + std::string(63, 'x') + "'...");
}
