// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/result.hpp"
#include "../../core/span.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors {

/// The element types of the format, in the order of the reference implementation (by alignment):
/// a writer puts later ones first. f8_e4m3 is the OCP type without infinity (maximum 448). Values
/// of f4 and f6 are packed: the shape counts values, the data has bits_of * count / 8 bytes.
enum class dtype : std::uint8_t {
  boolean,
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,
  f64,
  i64,
  u64
};

namespace detail {

struct dtype_entry {
  std::string_view name;
  int bits;
};

inline constexpr dtype_entry dtypes[] = {
    {"BOOL", 8},        {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
    {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
    {"F8_E5M2FNUZ", 8}, {"I16", 16},    {"U16", 16},    {"F16", 16},    {"BF16", 16},
    {"I32", 32},        {"U32", 32},    {"F32", 32},    {"C64", 64},    {"F64", 64},
    {"I64", 64},        {"U64", 64}};
static_assert(std::size(dtypes) == static_cast<std::size_t>(dtype::u64) + 1);

/// "[2,3]", as in JSON.
inline std::string list_text(span<const index_t> numbers) {
  std::string text = "[";
  for (const index_t n : numbers) (text += text.size() > 1 ? "," : "") += std::to_string(n);
  return text += ']';
}

constexpr bool is_known(dtype type) { return static_cast<std::size_t>(type) < std::size(dtypes); }

}  // namespace detail

/// Bits of one element: 4, 6, 8, 16, 32 or 64.
constexpr int bits_of(dtype type) { return detail::dtypes[static_cast<std::size_t>(type)].bits; }

/// The name that files use: "F32", "F8_E4M3" ...
constexpr std::string_view name_of(dtype type) {
  return detail::dtypes[static_cast<std::size_t>(type)].name;
}

/// The type of this name, if there is one; upper and lower case differ.
constexpr std::optional<dtype> dtype_named(std::string_view name) {
  for (std::size_t i = 0; i < std::size(detail::dtypes); ++i)
    if (detail::dtypes[i].name == name) return static_cast<dtype>(i);
  return std::nullopt;
}

/// The most dimensions that a tensor may have: as many as numpy and PyTorch know.
inline constexpr std::size_t max_dimensions = 64;

/// The most tensors, and the most entries of metadata, that a file may have: far more than models
/// have, and few enough that no header of 100 MB, which could spell out 16 million, fills the
/// memory.
inline constexpr std::size_t max_entries = std::size_t(1) << 20;

/// One array of a file. The data, little-endian and row-major, belongs to somebody else: to the
/// bytes that were parsed, or to the caller who writes. It may lie at any address.
struct tensor {
  std::string name;
  dtype type = dtype::f32;
  std::vector<index_t> shape;  // empty: one value
  span<const std::uint8_t> data;
};

/// What `__metadata__` of a file holds: pairs of key and value.
using metadata_list = std::vector<std::pair<std::string, std::string>>;

/// Bytes of a tensor: product(shape) * bits_of(type) / 8. No value, but the reason, for a negative
/// dimension, a product beyond 2^63 - 1 (checked left to right, as the reference does: a zero
/// saves only what comes after it), or bits that do not fill the last byte.
inline result<index_t> bytes_of(dtype type, span<const index_t> shape) {
  const auto text = [&] {
    return message("shape ", detail::list_text(shape), " of ", name_of(type));
  };
  index_t bits = 1;
  for (index_t n : shape) {
    if (n < 0) return failure{errc::bad_argument, "shape", text() + " has a negative dimension"};
    if (__builtin_mul_overflow(bits, n, &bits))
      return failure{errc::corrupted, "shape", text() + " has more than 2^63 - 1 values"};
  }
  if (__builtin_mul_overflow(bits, index_t(bits_of(type)), &bits))
    return failure{errc::corrupted, "shape", text() + " has more than 2^63 - 1 bits"};
  if (bits % 8 != 0)
    return failure{errc::corrupted, "shape",
                   message(text(), " takes ", bits, " bits, expected a multiple of 8")};
  return bits / 8;
}

}  // namespace lowbit::inline LOWBIT_ABI::safetensors
