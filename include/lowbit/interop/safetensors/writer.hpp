// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../file.hpp"
#include "archive.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors {

namespace detail {

/// A file before it is put together: length and header, then the data of these tensors.
struct file_plan {
  std::string head;
  std::vector<const tensor*> order;
};

inline void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    constexpr std::string_view plain = "\"\\\b\f\n\r\t", letters = "\"\\bfnrt";
    if (const std::size_t i = plain.find(c); i != plain.npos)
      (out += '\\') += letters[i];
    else if (static_cast<unsigned char>(c) < 0x20)
      (out += "\\u00") += hex(c);
    else
      out += c;
  }
  out += '"';
}

inline void check_utf8(const std::string& argument, std::string_view text) {
  if (const std::size_t bad = first_invalid_utf8(text); bad < text.size())
    fail(errc::bad_argument, argument, message("is not UTF-8 at byte ", bad));
}

inline void check(const tensor& t) {
  const std::string argument = tensor_argument(t.name);
  check_utf8(argument, t.name);
  if (t.name == "__metadata__")
    fail(errc::bad_argument, argument, "has the name that the format keeps for metadata");
  if (!is_known(t.type))
    fail(errc::bad_argument, argument, message("has no dtype (", static_cast<int>(t.type), ")"));
  if (t.shape.size() > max_dimensions)
    fail(errc::bad_argument, argument,
         message("has ", t.shape.size(), " dimensions, expected at most ", max_dimensions));
  const auto bytes = bytes_of(t.type, t.shape);
  if (!bytes) fail(errc::bad_argument, argument, bytes.why().problem);
  if (t.data.size() != *bytes)
    fail(errc::shape_mismatch, argument,
         message("has ", t.data.size(), " bytes of data, expected ", *bytes,
                 " for its dtype and shape"));
  if (t.data.data() == nullptr && *bytes > 0)
    fail(errc::bad_argument, argument, message("has null data, expected ", *bytes, " bytes"));
}

inline void check(span<const std::pair<std::string, std::string>> metadata) {
  for (const auto& [key, value] : metadata) {
    check_utf8(metadata_argument(key), key);
    check_utf8(metadata_argument(key), value);
  }
  if (const auto* twice = key_index(metadata).duplicate(metadata))
    fail(errc::bad_argument, metadata_argument(twice->first),
         "is there twice, expected each key once");
}

inline void append_entry(std::string& json, const tensor& t, index_t begin) {
  append_json_string(json, t.name);
  json += message(":{\"dtype\":\"", name_of(t.type), "\",\"shape\":", list_text(t.shape),
                  ",\"data_offsets\":[", begin, ",", begin + t.data.size(), "]},");
}

/// Checks everything and lays the file out. Nothing is written before this has passed.
inline file_plan plan(span<const tensor> tensors,
                      span<const std::pair<std::string, std::string>> metadata) {
  for (const auto& [count, what] :
       {std::pair{tensors.size(), "tensors"}, {metadata.size(), "entries of metadata"}})
    if (count > static_cast<index_t>(max_entries))
      fail(errc::unsupported, "file",
           message("has ", count, " ", what, ", expected at most ", max_entries));
  for (const tensor& t : tensors) check(t);
  if (const tensor* twice = key_index(tensors).duplicate(tensors))
    fail(errc::bad_argument, tensor_argument(twice->name),
         "is there twice, expected each name once");
  check(metadata);

  file_plan file;
  for (const tensor& t : tensors) file.order.push_back(&t);
  std::sort(file.order.begin(), file.order.end(), [](const tensor* a, const tensor* b) {
    return a->type != b->type ? a->type > b->type : a->name < b->name;
  });
  std::string json = "{";
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      append_json_string(json, key);
      json += ':';
      append_json_string(json, value);
      json += ',';
    }
    json.back() = '}';
    json += ',';
  }
  index_t position = 0;
  for (const tensor* t : file.order) {
    append_entry(json, *t, position);
    position += t->data.size();
  }
  if (json.size() > 1) json.pop_back();  // the last comma
  json += '}';
  json.resize((json.size() + 7) / 8 * 8, ' ');
  if (json.size() > static_cast<std::size_t>(max_header_bytes))
    fail(errc::unsupported, "header",
         message("takes ", json.size(), " bytes, expected at most ", max_header_bytes));

  const std::uint64_t length = json.size();
  file.head.resize(sizeof length);
  std::memcpy(file.head.data(), &length, sizeof length);
  file.head += json;
  return file;
}

inline span<const std::uint8_t> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), static_cast<index_t>(text.size())};
}

}  // namespace detail

/// The bytes of a file of these tensors: the same, byte for byte, as the reference writer's.
/// Tensors go by dtype (the last of the enumeration first, so that each is aligned if the file is),
/// then by name; metadata stays in the given order, and none means no `__metadata__`; spaces pad
/// the header to a multiple of 8. `parse` accepts the result. Throws bad_argument for a name or
/// text that is not UTF-8, a name or key that is there twice, the name `__metadata__`, a shape that
/// has no size in bytes or more than 64 dimensions; shape_mismatch when the data is not as long as
/// dtype and shape say; unsupported for a header above 100,000,000 bytes, or more than 2^20 tensors
/// or entries of metadata.
inline std::vector<std::uint8_t> serialize(
    span<const tensor> tensors, span<const std::pair<std::string, std::string>> metadata = {}) {
  const detail::file_plan file = detail::plan(tensors, metadata);
  const span<const std::uint8_t> head = detail::as_bytes(file.head);
  std::vector<std::uint8_t> bytes(head.begin(), head.end());
  for (const tensor* t : file.order) bytes.insert(bytes.end(), t->data.begin(), t->data.end());
  return bytes;
}

/// Writes the file that `serialize` describes, without a copy of the data, completely or not at all
/// (see `write_file`); tensors may point into a mapping of the file that is replaced. Throws what
/// `serialize` throws before it touches the disk, and io, naming the path.
inline void write(const std::string& path, span<const tensor> tensors,
                  span<const std::pair<std::string, std::string>> metadata = {}) {
  const detail::file_plan file = detail::plan(tensors, metadata);
  std::vector<span<const std::uint8_t>> parts{detail::as_bytes(file.head)};
  for (const tensor* t : file.order) parts.push_back(t->data);
  write_file(path, parts);
}

}  // namespace lowbit::inline LOWBIT_ABI::safetensors
