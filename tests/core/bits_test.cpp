// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/bits.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <lowbit/core/random.hpp>
#include <memory>
#include <vector>

using namespace lowbit;

namespace {

/// Aperiodic: a pattern that repeats hides swapped neighbours.
code_t code_at(std::uint64_t i, int width) {
  return philox{std::uint64_t(width)}.word(i) >> (32 - width);
}

/// The definition, bit by bit.
bool bit_of(const std::vector<std::uint8_t>& stream, std::uint64_t i) {
  return (stream[i / 8] >> (i % 8) & 1) != 0;
}

constexpr code_t write_and_read(int first, int width, code_t code) {
  std::uint8_t stream[8] = {};
  write_bits(stream, std::uint64_t(first), width, code);
  return read_bits(stream, std::uint64_t(first), width);
}
static_assert(write_and_read(3, 5, 21) == 21 && write_and_read(7, 32, 0xdeadbeef) == 0xdeadbeef);

}  // namespace

TEST_CASE("bit j of code i is bit i * width + j of the stream, least significant bit first") {
  for (int width = 1; width <= 32; ++width) {
    CAPTURE(width);
    const std::uint64_t count = 67;
    std::vector<std::uint8_t> stream((count * std::uint64_t(width) + 7) / 8);
    for (std::uint64_t i = 0; i < count; ++i)
      write_bits(stream.data(), i * std::uint64_t(width), width, code_at(i, width));
    for (std::uint64_t i = 0; i < count; ++i) {
      for (int j = 0; j < width; ++j)
        REQUIRE(bit_of(stream, i * std::uint64_t(width) + std::uint64_t(j)) ==
                ((code_at(i, width) >> j & 1) != 0));
      REQUIRE(read_bits(stream.data(), i * std::uint64_t(width), width) == code_at(i, width));
    }
  }
}

TEST_CASE("a write changes its own bits and no others, at every width and offset") {
  for (int width = 1; width <= 32; ++width)
    for (std::uint64_t first = 0; first < 24; ++first) {
      CAPTURE(width);
      CAPTURE(first);
      std::vector<std::uint8_t> before(8);
      for (std::size_t i = 0; i < before.size(); ++i)
        before[i] = std::uint8_t(philox{99}.word(i + first * 8));
      std::vector<std::uint8_t> after = before;
      const code_t code = code_at(first, width);
      write_bits(after.data(), first, width, code);
      for (std::uint64_t i = 0; i < 64; ++i) {
        const bool mine = i >= first && i < first + std::uint64_t(width);
        const bool expected = mine ? (code >> (i - first) & 1) != 0 : bit_of(before, i);
        REQUIRE(bit_of(after, i) == expected);
      }
    }
}

TEST_CASE("bits above the width are not written") {
  std::uint8_t stream[3] = {};
  write_bits(stream, 4, 5, 0xffffffffu);
  CHECK(stream[0] == 0xf0);
  CHECK(stream[1] == 0x01);
  CHECK(stream[2] == 0);
}

TEST_CASE("no byte beyond the last bit is touched") {
  // The stream ends where its allocation does; the sanitizers see a byte too far.
  for (int width = 1; width <= 32; ++width)
    for (int skip = 0; skip < 8; ++skip) {
      const std::size_t bytes = std::size_t(skip + width + 7) / 8;
      const auto exact = std::make_unique<std::uint8_t[]>(bytes);
      write_bits(exact.get(), std::uint64_t(skip), width, code_at(7, width));
      REQUIRE(read_bits(exact.get(), std::uint64_t(skip), width) == code_at(7, width));
    }
}

TEST_CASE("positions are 64-bit: past 2^32 bits") {
  const std::uint64_t far = (std::uint64_t(1) << 32) + 5;
  std::vector<std::uint8_t> stream(far / 8 + 8);
  write_bits(stream.data(), far, 11, 0x5a5);
  CHECK(read_bits(stream.data(), far, 11) == 0x5a5);
  CHECK(read_bits(stream.data(), 5, 11) == 0);  // nothing wrapped around to the start
  CHECK(stream[far / 8] == std::uint8_t(0x5a5 << 5));
}
