// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The small floats against checked-in results of two independent implementations, ml_dtypes and
// CUDA's host headers (README.md in this folder): neither is needed to run the test.
#include <doctest/doctest.h>

#include <bit>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "../support/sha256.hpp"
#include "conversions.hpp"

using namespace lowbit;
using oracle::conversion;
using oracle::conversions;

namespace {

struct run {
  int count;         // equal blocks in a row
  const char* hash;  // of each
};
struct encode_result {
  std::string key;  // format, rounding, overflow policy, NaN policy
  const char* oracle;
  const char* sample_hash;
  std::vector<run> blocks;
};
struct decode_result {
  std::string format;
  std::vector<std::uint32_t> values;
  const char* hash;
};

const std::vector<encode_result>& encode_results() {
  static const std::vector<encode_result> results = {
#include "minifloat_results.inc"
  };
  return results;
}
const std::vector<decode_result>& decode_results() {
  static const std::vector<decode_result> results = {
#include "minifloat_decodes.inc"
  };
  return results;
}

const encode_result* result_of(const std::string& key) {
  for (const encode_result& r : encode_results())
    if (r.key == key) return &r;
  return nullptr;
}

template <class Q>
void check_decodes() {
  const std::string format{std::string_view(Q::name)};
  CAPTURE(format);
  const decode_result* expected = nullptr;
  for (const decode_result& r : decode_results())
    if (r.format == format) expected = &r;
  REQUIRE(expected != nullptr);
  std::vector<std::uint32_t> values;
  for (code_t c = 0; c < code_t(1) << Q::bits; ++c) {
    const float x = Q::decode(c);
    values.push_back(is_nan(x) ? 0x7fc00000u : std::bit_cast<std::uint32_t>(x));
  }
  if (Q::bits <= 8) {
    CHECK(values == expected->values);
  } else {
    test_support::sha256 hash;
    hash.update(values.data(), values.size() * sizeof(values[0]));
    CHECK(hash.hex() == expected->hash);
  }
}

}  // namespace

TEST_CASE("every code of every small float has the value that both oracles give it") {
  check_decodes<f16>();
  check_decodes<bf16>();
  check_decodes<fp8_e4m3>();
  check_decodes<e4m3_ieee>();
  check_decodes<fp8_e5m2>();
  check_decodes<fp6_e2m3>();
  check_decodes<fp6_e3m2>();
  check_decodes<fp4_e2m1>();
  check_decodes<e8m0>();
  CHECK(decode_results().size() == 9);
}

TEST_CASE("every 61st float becomes the code that the oracles give it, under every policy") {
  const std::uint64_t step = 61, count = 0xffffffffu / step + 1;
  for (const conversion& c : conversions()) {
    CAPTURE(c.key);
    const encode_result* expected = result_of(c.key);
    REQUIRE(expected != nullptr);
    CHECK(c.hash(0, step, count) == expected->sample_hash);
  }
  CHECK(conversions().size() == encode_results().size());
}

TEST_CASE("each of the 2^32 floats becomes the code that the oracles give it (LOWBIT_NIGHTLY=1)") {
  const char* nightly = std::getenv("LOWBIT_NIGHTLY");
  if (nightly == nullptr || nightly != std::string_view("1")) return;
  constexpr std::uint64_t block = 1 << 24;
  for (const conversion& c : conversions()) {
    CAPTURE(c.key);
    const encode_result* expected = result_of(c.key);
    REQUIRE(expected != nullptr);
    std::uint64_t at = 0;
    for (const run& r : expected->blocks)
      for (int i = 0; i < r.count; ++i, ++at) {
        CAPTURE(at);
        CHECK(c.hash(at * block, 1, block) == r.hash);
      }
    CHECK(at == 256);
  }
}
