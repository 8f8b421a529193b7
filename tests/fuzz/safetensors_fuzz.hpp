// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the safetensors reader owes for any bytes at all: the body of the fuzz target, of the replay
// of its corpus and of the mutation tests.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <lowbit/interop/safetensors.hpp>
#include <string_view>

namespace lowbit_test {

namespace st = lowbit::safetensors;

inline bool same_bytes(lowbit::span<const std::uint8_t> a, lowbit::span<const std::uint8_t> b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

/// The law that a failure breaks, or null: it has a code for bad bytes, and what `lowbit::error`
/// would say is one line of printable UTF-8 of moderate length.
inline const char* law_broken_by(const lowbit::failure& why) {
  if (why.code != lowbit::errc::corrupted && why.code != lowbit::errc::unsupported)
    return "a failure is corrupted or unsupported";
  if (why.argument.empty() || why.problem.empty()) return "a failure says what and why";
  const std::string line = why.argument + why.problem;
  if (line.size() > 2000) return "a failure is short";
  if (lowbit::first_invalid_utf8(line) != line.size()) return "a failure is UTF-8";
  for (const char c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "a failure is one line";
  return nullptr;
}

/// The law that an accepted file breaks, or null: its tensors fill the data in order, have the size
/// that they claim, are found by name, and what the writer makes of them parses to the same.
inline const char* law_broken_by(const st::archive& parsed, lowbit::span<const std::uint8_t> file) {
  std::uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, file.data(), sizeof header_bytes);
  const std::uint8_t* position = file.data() + 8 + header_bytes;
  for (const st::tensor& t : parsed.tensors()) {
    if (t.data.data() != position) return "tensors lie back to back behind the header";
    position += t.data.size();
    const auto bytes = st::bytes_of(t.type, t.shape);
    if (!bytes || *bytes != t.data.size()) return "the data is as long as dtype and shape say";
    if (parsed.find(t.name) != &t) return "a tensor is found by its name";
  }
  if (position != file.end()) return "the last tensor ends with the file";
  for (const auto& [key, value] : parsed.metadata())
    if (parsed.metadata(key) != &value) return "metadata is found by its key";

  const std::vector<std::uint8_t> again = st::serialize(parsed.tensors(), parsed.metadata());
  const auto second = st::archive::parse(again);
  if (!second) return "the writer's file is accepted";
  if (second->tensors().size() != parsed.tensors().size()) return "no tensor is lost";
  for (const st::tensor& t : parsed.tensors()) {
    const st::tensor* u = second->find(t.name);
    if (!u || u->type != t.type || u->shape != t.shape || !same_bytes(u->data, t.data))
      return "a tensor survives writing and reading";
  }
  if (!std::ranges::equal(second->metadata(), parsed.metadata()))
    return "metadata survives writing and reading";
  if (!same_bytes(st::serialize(second->tensors(), second->metadata()), again))
    return "writing twice gives the same bytes";
  return nullptr;
}

/// The law that the reader breaks on these bytes, or null.
inline const char* safetensors_law_broken_by(lowbit::span<const std::uint8_t> file) {
  const auto strict = st::archive::parse(file);
  const auto loose = st::archive::parse(file, st::header_padding::any_whitespace);
  if (strict && !loose) return "more padding is never less accepted";
  for (const auto* parsed : {&strict, &loose})
    if (const char* law = *parsed ? law_broken_by(**parsed, file) : law_broken_by(parsed->why()))
      return law;
  return nullptr;
}

/// Ends the process where a law breaks, so that a fuzzer keeps the input.
inline void fuzz_safetensors(const std::uint8_t* data, std::size_t size) {
  if (safetensors_law_broken_by({data, static_cast<lowbit::index_t>(size)}) != nullptr)
    __builtin_trap();
}

}  // namespace lowbit_test
