// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The small floats against the CUDA headers of this machine, where there are any: that the
// checked-in results are of the CUDA that people have.
#include <doctest/doctest.h>

#include "conversions.hpp"

#if __has_include(<cuda_fp4.h>) && __has_include(<cuda_fp8.h>)
#include "cuda_numbers.hpp"

using namespace lowbit;

TEST_CASE("codes are those of the installed CUDA headers") {
  for (const oracle::encoder& cuda : oracle::cuda_encoders) {
    CAPTURE(cuda.key);
    code_t (*ours)(float) = nullptr;
    for (const oracle::conversion& c : oracle::conversions())
      if (c.key == cuda.key) ours = c.encode;
    REQUIRE((ours != nullptr));
    std::uint64_t differences = 0;
    for (std::uint64_t bits = 0; bits < std::uint64_t(1) << 32; bits += 4099) {
      const float x = std::bit_cast<float>(std::uint32_t(bits));
      differences += ours(x) != cuda.encode(x);
    }
    CHECK(differences == 0);
  }
}

template <class Q>
static void check_decoder(const oracle::decoder& cuda) {
  if (cuda.format != std::string_view(Q::name)) return;
  CAPTURE(cuda.format);
  CHECK(cuda.bits == Q::bits);
  for (code_t c = 0; c < code_t(1) << Q::bits; ++c) {
    const float ours = Q::decode(c), theirs = cuda.decode(c);
    const bool same = bits_as<std::uint32_t>(ours) == bits_as<std::uint32_t>(theirs);
    if (!same && !(is_nan(ours) && is_nan(theirs))) FAIL_CHECK(ours << " against " << theirs);
  }
}

TEST_CASE("values are those of the installed CUDA headers") {
  for (const oracle::decoder& cuda : oracle::cuda_decoders) {
    check_decoder<f16>(cuda);
    check_decoder<bf16>(cuda);
    check_decoder<e4m3>(cuda);
    check_decoder<e5m2>(cuda);
    check_decoder<fp6_e2m3>(cuda);
    check_decoder<fp6_e3m2>(cuda);
    check_decoder<fp4_e2m1>(cuda);
    check_decoder<e8m0>(cuda);
  }
}
#else
TEST_CASE("no CUDA headers here: the checked-in results stand in for them") {
  CHECK(oracle::conversions().size() > 0);
}
#endif
