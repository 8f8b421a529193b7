// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "generate.hpp"

#include <algorithm>
#include <lowbit/core/random.hpp>
#include <vector>

#include "kernels.hpp"

namespace tiny_lm {
namespace {

/// The byte in whose part of the distribution u falls, 0 <= u < 1.
std::uint8_t pick(const float* logits, float temperature, float u) {
  float chance[256];
  std::copy(logits, logits + 256, chance);
  host_kernels().softmax(chance, 256, 256, 1 / temperature);
  float below = 0;
  int last = 0;  // the last byte of any chance, for sums that end short of u
  for (int byte = 0; byte < 256; ++byte) {
    if (chance[byte] == 0) continue;
    last = byte;
    below += chance[byte];
    if (u < below) break;
  }
  return static_cast<std::uint8_t>(last);
}

}  // namespace

std::string generate(session& s, std::string_view prompt, index_t count, const sampling& how) {
  if (prompt.empty())
    lb::fail(lb::errc::bad_argument, "prompt", "is empty, expected at least one byte");
  const lb::philox random{how.seed};
  std::vector<std::uint8_t> text(prompt.begin(), prompt.end());
  const index_t begin = static_cast<index_t>(text.size());
  index_t read = 0;  // of text
  s.restart();
  for (index_t i = 0; i < count; ++i) {
    const index_t length = begin + i;
    if (s.length() + length - read > s.positions()) {
      s.restart();
      read = length - lb::min_of(length, std::max<index_t>(1, s.positions() / 2));
    }
    const lb::span<const std::uint8_t> all(text);
    const lb::matrix_view<const float> logits = s.read(all.part(read, length - read));
    text.push_back(pick(logits.row(logits.rows() - 1), how.temperature,
                        random.uniform(static_cast<std::uint64_t>(i))));
    read = length;
  }
  return {text.begin() + begin, text.end()};
}

}  // namespace tiny_lm
