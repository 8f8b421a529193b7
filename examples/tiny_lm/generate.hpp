// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "session.hpp"

namespace tiny_lm {

/// How bytes are sampled: from softmax(logits / temperature), with random numbers that are a
/// function of the seed and of the byte's place.
struct sampling {
  float temperature = 0.8f;
  std::uint64_t seed = 1;
};

/// `count` bytes that follow a prompt of at least one byte, sampled one by one. When the session
/// has no room left, it goes on with the newer half of what it has read, at position 0.
std::string generate(session& s, std::string_view prompt, lb::index_t count,
                     const sampling& how = {});

}  // namespace tiny_lm
