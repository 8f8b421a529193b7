// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "header.hpp"
#include "key_index.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors {

/// A parsed file. It borrows the file's bytes, which must outlive it, and owns names, shapes and
/// metadata: the pointers and spans that it gives live as long as it does, the data as long as the
/// bytes. A value: copies and moves keep pointing into the same bytes.
class archive {
 public:
  /// Checks a whole file and takes it apart. Every rule of the format is enforced: the header
  /// length, UTF-8 and JSON of the header, known dtypes and fields only, no key twice, sizes that
  /// do not overflow and agree with the offsets, tensors that fill the data without hole, overlap
  /// or rest. Names may be empty, as in the reference. The reason of a failure names the tensor or
  /// the part of the header, what was found and what was expected; its code is corrupted, or
  /// unsupported for a dtype or field that this version does not know and for more dimensions,
  /// tensors or entries of metadata than it takes.
  ///
  /// Reads nothing outside `file`, keeps nothing that the header does not spell out, and asks for
  /// at most 40 bytes of memory per byte of the header, whatever sizes it claims, and never for
  /// more than 1 GB; the data is neither copied nor read. Cost: O(header + tensors log tensors).
  static result<archive> parse(span<const std::uint8_t> file,
                               header_padding padding = header_padding::spaces_after);
  static result<archive> parse(std::vector<std::uint8_t>&& file,
                               header_padding = header_padding::spaces_after) = delete;

  /// All tensors, by position in the file.
  span<const tensor> tensors() const { return tensors_; }

  /// The tensor of this name; null when there is none.
  const tensor* find(std::string_view name) const { return tensor_index_.find(tensors(), name); }

  /// f(tensor) for each tensor whose name begins with `prefix`, in order of their names. Finding
  /// them costs O(log tensors).
  template <class F>
  void for_each_with_prefix(std::string_view prefix, F&& f) const {
    tensor_index_.for_each_with_prefix(tensors(), prefix, f);
  }

  /// All metadata, in the order of the file.
  span<const std::pair<std::string, std::string>> metadata() const { return metadata_; }

  /// The metadata of this key; null when there is none.
  const std::string* metadata(std::string_view key) const {
    const auto* entry = metadata_index_.find(metadata(), key);
    return entry ? &entry->second : nullptr;
  }

 private:
  archive() = default;
  std::optional<failure> place(std::vector<detail::header_entry>&& entries,
                               span<const std::uint8_t> data);
  std::optional<failure> keep(metadata_list&& metadata);

  std::vector<tensor> tensors_;
  metadata_list metadata_;
  detail::key_index tensor_index_;
  detail::key_index metadata_index_;
};

inline result<archive> archive::parse(span<const std::uint8_t> file, header_padding padding) {
  constexpr index_t prefix = 8;
  if (file.size() < prefix)
    return failure{errc::corrupted, "file",
                   message("has ", file.size(), " bytes, expected at least ", prefix)};
  std::uint64_t length = 0;
  std::memcpy(&length, file.data(), sizeof length);
  if (length > static_cast<std::uint64_t>(max_header_bytes))
    return failure{errc::corrupted, "header length",
                   message("is ", length, ", expected at most ", max_header_bytes)};
  const index_t header_bytes = static_cast<index_t>(length);
  if (header_bytes > file.size() - prefix)
    return failure{errc::corrupted, "header length",
                   message("is ", length, ", but only ", file.size() - prefix, " bytes follow it")};

  auto header = detail::parse_header(
      {reinterpret_cast<const char*>(file.data()) + prefix, static_cast<std::size_t>(length)},
      padding);
  if (!header) return header.why();
  archive parsed;
  const index_t begin = prefix + header_bytes;
  if (auto why = parsed.place(std::move(header->tensors), file.part(begin, file.size() - begin)))
    return *why;
  if (auto why = parsed.keep(std::move(header->metadata))) return *why;
  return parsed;
}

/// Gives each tensor its part of the data, in order of position.
inline std::optional<failure> archive::place(std::vector<detail::header_entry>&& entries,
                                             span<const std::uint8_t> data) {
  // Empty tensors come before the one that begins where they do; names settle the rest, so that
  // the order is the file's alone.
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    return *a.offsets != *b.offsets ? *a.offsets < *b.offsets : a.name < b.name;
  });
  const span<const detail::header_entry> sorted(entries);
  tensor_index_ = detail::key_index(sorted);  // tensors_ will have the same order
  if (const auto* twice = tensor_index_.duplicate(sorted))
    return failure{errc::corrupted, detail::tensor_argument(twice->name),
                   "is in the header twice, expected each name once"};

  tensors_.reserve(entries.size());
  const std::uint64_t size = static_cast<std::uint64_t>(data.size());
  std::uint64_t position = 0;
  for (detail::header_entry& entry : entries) {
    const auto [begin, end] = *entry.offsets;
    const auto broken = [&, begin = begin, end = end](const auto&... problem) {
      return failure{errc::corrupted, detail::tensor_argument(entry.name),
                     message("data_offsets [", begin, ",", end, "] ", problem...)};
    };
    if (end < begin) return broken("end before they begin");
    if (begin < position) return broken("overlap the tensor before, which ends at ", position);
    if (begin > position) return broken("leave a hole, expected to begin at ", position);
    if (end > size) return broken("end after the data, which has ", size, " bytes");
    const auto bytes = bytes_of(*entry.type, *entry.shape);
    if (!bytes)
      return failure{bytes.why().code, detail::tensor_argument(entry.name), bytes.why().problem};
    if (end - begin != static_cast<std::uint64_t>(*bytes))
      return broken("hold ", end - begin, " bytes, expected ", *bytes, " for its dtype and shape");
    tensors_.push_back({std::move(entry.name), *entry.type, std::move(*entry.shape),
                        data.part(static_cast<index_t>(begin), *bytes)});
    position = end;
  }
  if (position != size)
    return failure{errc::corrupted, "file",
                   message("has ", size, " bytes of data, but its tensors end at ", position)};
  return std::nullopt;
}

inline std::optional<failure> archive::keep(metadata_list&& metadata) {
  metadata_ = std::move(metadata);
  metadata_index_ = detail::key_index(this->metadata());
  if (const auto* twice = metadata_index_.duplicate(this->metadata()))
    return failure{errc::corrupted, detail::metadata_argument(twice->first),
                   "is there twice, expected each key once"};
  return std::nullopt;
}

}  // namespace lowbit::inline LOWBIT_ABI::safetensors
