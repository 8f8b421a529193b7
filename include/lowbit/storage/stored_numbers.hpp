// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// The integer that stores a number of 8, 16 or 32 bits, and what its bytes are.
template <int Bits>
using stored_code =
    std::conditional_t<Bits == 8, std::uint8_t,
                       std::conditional_t<Bits == 16, std::uint16_t, std::uint32_t>>;
template <class Number>
constexpr element stored_element() {
  constexpr element e = code_element<Number>();
  return e != element::u8 || Number::bits == 8 ? e
         : Number::bits == 16                  ? element::u16
                                               : element::u32;
}
}  // namespace detail

/// Real numbers that a matrix carries beside its codes: the levels of a state. An array of the
/// codes of Number (8, 16 or 32 bits), saved with the dtype of Number where it has one.
template <number Number, class Place>
struct stored_numbers {
  static_assert(Number::bits == 8 || Number::bits == 16 || Number::bits == 32,
                "lowbit::stored_numbers: numbers of 8, 16 or 32 bits");
  using stored = detail::stored_code<Number::bits>;
  typename Place::template array<stored> codes{};

  template <class Visit, class... Self>
  static void each(Visit&& visit, const path& at, Self&... self) {
    visit(at, detail::stored_element<Number>(), self.codes...);
  }
  /// Rounds each value to Number.
  void assign(span<const float> values) requires(std::same_as<Place, owned>) {
    codes.clear();
    codes.reserve(std::size_t(values.size()));
    for (const float x : values) codes.push_back(stored(Number::encode(x)));
  }
  LOWBIT_HD float operator[](index_t i) const requires(std::same_as<Place, borrowed>) {
    return Number::decode(codes[i]);
  }
  /// Fails unless there are `count` finite numbers.
  void validate(const path& at, index_t count) const requires(std::same_as<Place, borrowed>) {
    detail::check_size(at, codes.size(), count);
    for (index_t i = 0; i < count; ++i)
      if (!is_finite((*this)[i]))
        fail(errc::corrupted, at.str(), message("number ", i, " is not finite"));
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
