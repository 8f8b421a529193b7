// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../utf8.hpp"
#include "tensor.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors {

namespace detail {

using lowbit::detail::printable;

/// A tensor as the header states it, nothing checked against the data yet.
struct header_entry {
  std::string name;
  std::optional<dtype> type;
  std::optional<std::vector<index_t>> shape;
  std::optional<std::pair<std::uint64_t, std::uint64_t>> offsets;
};

inline const std::string& key_of(const header_entry& entry) { return entry.name; }

struct header {
  std::vector<header_entry> tensors;  // in the order of the text
  metadata_list metadata;
};

inline std::string tensor_argument(std::string_view name) {
  return message("tensor ", printable(name));
}
inline std::string metadata_argument(std::string_view key) {
  return message("__metadata__ ", printable(key));
}

/// Listens to the JSON parser and accepts exactly the grammar of a header, so that nothing nests
/// deeper than it may and nothing is stored that has no place. Duplicate tensor names and metadata
/// keys remain for the one who sorts them; duplicate fields are found here.
class header_listener {
 public:
  /// `text` is what the parser reads: messages quote it.
  explicit header_listener(std::string_view text) : text_(text) {}

  header take() { return std::move(header_); }
  const std::optional<failure>& why() const { return why_; }

  bool null() { return wrong("null"); }
  bool boolean(bool value) { return wrong(value ? "true" : "false"); }
  bool number_integer(std::int64_t value) {  // only numbers with a minus sign come here
    return wrong(value == 0 ? "-0" : std::to_string(value));
  }
  bool number_float(double, const std::string& text) { return wrong(printable(text)); }
  bool binary(std::vector<std::uint8_t>&) { return wrong("binary data"); }

  bool number_unsigned(std::uint64_t value) {
    if (next_ == part::dimension) return add_dimension(value);
    if (next_ == part::offset) return add_offset(value);
    return wrong(std::to_string(value));
  }

  bool string(std::string& value) {
    if (next_ == part::metadata_value) {
      header_.metadata.back().second = value;
      return true;
    }
    if (next_ != part::dtype) return wrong(message("the string ", printable(value)));
    current().type = dtype_named(value);
    return current().type.has_value() || unknown_dtype(value);
  }

  bool start_object(std::size_t) {
    if (next_ != part::header && next_ != part::metadata && next_ != part::tensor)
      return wrong("an object");
    inside_ = next_;
    return true;
  }

  bool key(std::string& name) {
    if (inside_ == part::tensor) return start_field(name);
    if (inside_ == part::metadata) {
      if (header_.metadata.size() == max_entries) return too_many("entries of metadata");
      header_.metadata.emplace_back(name, std::string());
      next_ = part::metadata_value;
    } else if (name == "__metadata__") {
      if (std::exchange(has_metadata_, true))
        return broken("header", "has '__metadata__' twice, expected it at most once");
      next_ = part::metadata;
    } else {
      if (header_.tensors.size() == max_entries) return too_many("tensors");
      header_.tensors.push_back({name, {}, {}, {}});
      next_ = part::tensor;
    }
    return true;
  }

  bool end_object() {
    if (inside_ == part::tensor)
      for (auto [missing, field] : {std::pair{!current().type, "dtype"},
                                    {!current().shape, "shape"},
                                    {!current().offsets, "data_offsets"}})
        if (missing) return broken(argument(), message("has no ", field, ", expected one"));
    inside_ = part::header;
    return true;
  }

  bool start_array(std::size_t) {
    if (next_ == part::shape) {
      current().shape.emplace();
      next_ = part::dimension;
    } else if (next_ == part::offsets) {
      current().offsets.emplace();
      offsets_seen_ = 0;
      next_ = part::offset;
    } else {
      return wrong("an array");
    }
    return true;
  }

  bool end_array() {
    if (next_ == part::offset && offsets_seen_ != 2)
      return broken(argument(),
                    message("data_offsets has ", offsets_seen_, " numbers, expected 2"));
    return true;
  }

  template <class Exception>
  bool parse_error(std::size_t bytes_read, const std::string& token, const Exception& exception) {
    constexpr int number_overflow = 406;
    if (exception.id == number_overflow) return wrong(printable(token));
    const std::size_t at = std::min(bytes_read - (bytes_read > 0), text_.size());
    const std::string_view rest = text_.substr(at, 16);
    return broken("header", message("is not JSON: has ", rest.empty() ? "its end" : printable(rest),
                                    " at byte ", at));
  }

 private:
  // What the text shows next; the first, second and fourth are also what objects there are.
  // clang-format off
  enum class part {
    header, metadata, metadata_value, tensor, dtype, shape, dimension, offsets, offset
  };
  // clang-format on

  header_entry& current() { return header_.tensors.back(); }

  std::string argument() const {
    if (next_ == part::header) return "header";
    if (next_ == part::metadata) return "__metadata__";
    if (next_ == part::metadata_value) return metadata_argument(header_.metadata.back().first);
    return tensor_argument(header_.tensors.back().name);
  }

  bool broken(std::string argument, std::string problem, errc code = errc::corrupted) {
    why_ = failure{code, std::move(argument), std::move(problem)};
    return false;
  }

  bool too_many(const char* what) {
    return broken("header", message("has too many ", what, ", expected at most ", max_entries),
                  errc::unsupported);
  }

  bool wrong(std::string_view found) {
    struct words {
      const char* subject;
      const char* expected;
    };
    static constexpr words of_part[] = {{"is ", "an object"},
                                        {"is ", "an object of strings"},
                                        {"is ", "a string"},
                                        {"is ", "an object with dtype, shape and data_offsets"},
                                        {"dtype is ", "a string"},
                                        {"shape is ", "an array of sizes"},
                                        {"shape holds ", "integers from 0 to 2^63 - 1"},
                                        {"data_offsets is ", "an array of two positions"},
                                        {"data_offsets holds ", "integers from 0 to 2^64 - 1"}};
    const auto [subject, expected] = of_part[static_cast<int>(next_)];
    return broken(argument(), message(subject, found, ", expected ", expected));
  }

  bool start_field(const std::string& name) {
    const header_entry& tensor = current();
    bool seen = false;
    if (name == "dtype") {
      seen = tensor.type.has_value();
      next_ = part::dtype;
    } else if (name == "shape") {
      seen = tensor.shape.has_value();
      next_ = part::shape;
    } else if (name == "data_offsets") {
      seen = tensor.offsets.has_value();
      next_ = part::offsets;
    } else {
      return broken(tensor_argument(tensor.name),
                    message("has the field ", printable(name),
                            ", expected dtype, shape and data_offsets only"),
                    errc::unsupported);
    }
    return !seen || broken(argument(), message("has ", name, " twice, expected it once"));
  }

  bool add_dimension(std::uint64_t value) {
    if (value > static_cast<std::uint64_t>(INT64_MAX)) return wrong(std::to_string(value));
    if (current().shape->size() == max_dimensions)
      return broken(argument(),
                    message("shape has too many dimensions, expected at most ", max_dimensions),
                    errc::unsupported);
    current().shape->push_back(static_cast<index_t>(value));
    return true;
  }

  bool add_offset(std::uint64_t value) {
    if (offsets_seen_ == 2)
      return broken(argument(), "data_offsets has too many numbers, expected 2");
    (offsets_seen_++ == 0 ? current().offsets->first : current().offsets->second) = value;
    return true;
  }

  bool unknown_dtype(std::string_view name) {
    std::string known;
    for (const dtype_entry& type : dtypes) (known += known.empty() ? "" : ", ") += type.name;
    return broken(argument(), message("dtype is ", printable(name), ", expected one of ", known),
                  errc::unsupported);
  }

  std::string_view text_;
  header header_;
  std::optional<failure> why_;
  part next_ = part::header;
  part inside_ = part::header;
  bool has_metadata_ = false;
  int offsets_seen_ = 0;
};

}  // namespace detail

}  // namespace lowbit::inline LOWBIT_ABI::safetensors
