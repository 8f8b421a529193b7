// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What formats.cpp and formats_odd.cpp share: each compiles half of the formats, so that two cores
// compile at once what takes longest.
#pragma once
#include <lowbit/formats/known.hpp>
#include <lowbit/metrics/compare.hpp>
#include <lowbit/storage/linear/repack.hpp>
#include <lowbit/storage/random_matrix.hpp>

#include "formats.hpp"

namespace tiny_lm {

/// Packed as the kernels read it fastest.
template <class M>
lb::any_matrix fast(const M& m) {
  return lb::repack<lb::host_layout>(m);
}

template <class Entry>
weight_format describe() {
  weight_format f;
  f.name = Entry::name;
  f.integers = lb::matrix_traits<typename Entry::matrix_type>::exact_int8;
  f.save = [](lb::matrix_writer& file, const std::string& name,
              lb::matrix_view<const float> weights, const lb::thread_pool& threads) {
    auto packed = Entry::quantize(weights, threads);
    const saved_matrix saved{packed.bytes(), lb::compare(weights, packed).sqnr_db};
    file.add(name, std::move(packed));
    return saved;
  };
  f.load = [](const lb::matrix_file& file, const std::string& name) {
    return fast(file.load<typename Entry::matrix_type>(name));
  };
  f.random = [](lb::extent shape) {
    const auto quantize = [](lb::matrix_view<const float> weights) {
      return Entry::quantize(weights, lb::serial{});
    };
    return fast(lb::random_matrix(shape, quantize));
  };
  f.copy = [](const lb::any_matrix& m) {
    using matrix = decltype(lb::repack<lb::host_layout>(
        std::declval<const typename Entry::matrix_type&>()));
    return lb::any_matrix(matrix(*m.get<matrix>()));
  };
  return f;
}

/// Describes the formats of lowbit's list whose place there is even (0) or odd (1).
template <int Odd, class... Entries>
void describe_half(lb::format_list<Entries...>, weight_format* formats) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto one = [&](auto entry, auto place) {
      if constexpr (place % 2 == Odd) formats[place] = describe<decltype(entry)>();
    };
    (one(Entries{}, std::integral_constant<int, I>{}), ...);
  }
  (std::index_sequence_for<Entries...>{});
}

/// Those that formats_odd.cpp compiles.
void describe_odd(weight_format* formats);

}  // namespace tiny_lm
