// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../quantize.hpp"
#include "../storage/any_matrix.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A customary name for a composition, with the way its codes are usually found. An entry of a
/// format_list is any type with a `name` and these members: its matrices may be linears, and one
/// whose quantize needs other arguments overrides `quantize`. Nothing of the format is compiled
/// before it is used.
template <class F>
struct named_format {
  using format_type = F;
  using matrix_type = quantized_matrix<F>;
  template <executor Executor>
  static auto quantize(matrix_view<const float> weights, const Executor& threads) {
    return lowbit::quantize<F>(weights, threads);
  }
};

/// Formats that a program knows: what loading a file, tools, tests and benchmarks walk. Users pass
/// their own list, or `known_formats` with theirs added.
template <class... Entries>
struct format_list {
  /// Calls f(entry) for each, in order; entries are empty objects.
  template <class F>
  static void for_each(F&& f) {
    (f(Entries{}), ...);
  }
  template <class... More>
  using with = format_list<Entries..., More...>;
};

/// Quantizes by customary name; an unknown name is an error that lists the known ones.
template <class List, executor Executor = serial>
any_matrix quantize_as(std::string_view name, matrix_view<const float> weights,
                       const Executor& threads = {}) {
  any_matrix result;
  std::string known;
  List::for_each([&](auto entry) {
    known += (known.empty() ? "" : ", ") + std::string(std::string_view(entry.name));
    if (!result && name == std::string_view(entry.name))
      result = entry.quantize(weights, threads);
  });
  if (!result)
    fail(errc::unsupported, "format", message("'", name, "' is not known; known are: ", known));
  return result;
}

}  // namespace lowbit::inline LOWBIT_ABI
