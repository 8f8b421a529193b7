// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Our side of the comparison: lowbit's conversions under the names that the results use for them.
#pragma once
#include <bit>
#include <lowbit/quantizers/minifloat.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "../support/sha256.hpp"

namespace oracle {
using namespace lowbit;

template <class Q, rounding R, overflow O, nan_policy N>
code_t code_of(float x) {
  if constexpr (std::is_same_v<Q, e8m0>)
    return Q::template encode_as<R, O>(x);
  else
    return Q::template encode_as<R, O, N>(x);
}

/// The hash of the codes, one or two bytes each, of bit patterns first, first + step, ...
template <class Q, rounding R, overflow O, nan_policy N>
std::string hash_codes(std::uint64_t first, std::uint64_t step, std::uint64_t count) {
  using byte_code = std::conditional_t<(Q::bits > 8), std::uint16_t, std::uint8_t>;
  test_support::sha256 hash;
  std::vector<byte_code> codes(1 << 14);
  for (std::uint64_t at = 0; at < count; at += codes.size()) {
    const std::uint64_t part = std::min<std::uint64_t>(codes.size(), count - at);
    for (std::uint64_t i = 0; i < part; ++i) {
      const float x = std::bit_cast<float>(std::uint32_t(first + (at + i) * step));
      codes[i] = byte_code(code_of<Q, R, O, N>(x));
    }
    hash.update(codes.data(), part * sizeof(byte_code));
  }
  return hash.hex();
}

struct conversion {
  std::string key;  // format, rounding, overflow policy, NaN policy
  code_t (*encode)(float);
  std::string (*hash)(std::uint64_t first, std::uint64_t step, std::uint64_t count);
};

template <class Q, rounding R, overflow O, nan_policy N>
conversion of() {
  constexpr const char* roundings[] = {"nearest_even", "nearest_away", "toward_zero", "up", "down"};
  constexpr const char* overflows[] = {"saturate", "saturate_finite", "infinity_or_nan"};
  constexpr const char* nans[] = {"quiet", "all_ones", "signed_quiet"};
  return {std::string(std::string_view(Q::name)) + ' ' + roundings[int(R)] + ' ' +
              overflows[int(O)] + ' ' + nans[int(N)],
          code_of<Q, R, O, N>, hash_codes<Q, R, O, N>};
}

inline std::vector<conversion> conversions() {
  using enum rounding;
  using enum overflow;
  using enum nan_policy;
  return {
      of<f16, nearest_even, infinity_or_nan, all_ones>(),
      of<f16, nearest_even, infinity_or_nan, signed_quiet>(),
      of<f16, nearest_even, saturate, quiet>(),
      of<f16, toward_zero, infinity_or_nan, all_ones>(),
      of<f16, up, infinity_or_nan, all_ones>(),
      of<f16, down, infinity_or_nan, all_ones>(),
      of<bf16, nearest_even, infinity_or_nan, all_ones>(),
      of<bf16, nearest_even, infinity_or_nan, signed_quiet>(),
      of<bf16, nearest_even, saturate, quiet>(),
      of<bf16, toward_zero, infinity_or_nan, all_ones>(),
      of<bf16, up, infinity_or_nan, all_ones>(),
      of<bf16, down, infinity_or_nan, all_ones>(),
      of<e4m3, nearest_even, saturate, all_ones>(),
      of<e4m3, nearest_even, infinity_or_nan, all_ones>(),
      of<e4m3, nearest_even, infinity_or_nan, signed_quiet>(),
      of<e4m3, nearest_even, saturate_finite, signed_quiet>(),
      of<e4m3_ieee, nearest_even, infinity_or_nan, signed_quiet>(),
      of<e4m3_ieee, nearest_even, saturate, quiet>(),
      of<e5m2, nearest_even, saturate, all_ones>(),
      of<e5m2, nearest_even, saturate, quiet>(),
      of<e5m2, nearest_even, infinity_or_nan, all_ones>(),
      of<e5m2, nearest_even, infinity_or_nan, signed_quiet>(),
      of<fp6_e2m3, nearest_even, saturate, all_ones>(),
      of<fp6_e2m3, nearest_even, saturate, signed_quiet>(),
      of<fp6_e2m3, toward_zero, saturate, all_ones>(),
      of<fp6_e3m2, nearest_even, saturate, all_ones>(),
      of<fp6_e3m2, nearest_even, saturate, signed_quiet>(),
      of<fp6_e3m2, toward_zero, saturate, all_ones>(),
      of<fp4_e2m1, nearest_even, saturate, all_ones>(),
      of<fp4_e2m1, nearest_even, saturate, signed_quiet>(),
      of<fp4_e2m1, toward_zero, saturate, all_ones>(),
      of<e8m0, nearest_even, saturate, quiet>(),
      of<e8m0, nearest_even, infinity_or_nan, quiet>(),
      of<e8m0, down, saturate, quiet>(),
      of<e8m0, down, infinity_or_nan, quiet>(),
      of<e8m0, up, saturate, quiet>(),
      of<e8m0, up, infinity_or_nan, quiet>(),
  };
}

}  // namespace oracle
