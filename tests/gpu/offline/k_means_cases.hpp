// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <doctest/doctest.h>

#include "systems.hpp"

namespace test {

/// The host's entries and errors, bit for bit. 0: no weights, 1: some are 0, 2: all are 0.
template <class System, int Width>
void check_k_means(lb::index_t count, lb::index_t entries, const lb::k_means& how, int weighted,
                   bool steps = false) {
  CAPTURE(count);
  CAPTURE(entries);
  CAPTURE(weighted);
  CAPTURE(steps);
  using vector = lb::arr<float, Width>;
  const std::vector<float> numbers = some_values(count * Width, 21, steps);
  std::vector<float> weights = some_values(weighted > 0 ? count : 0, 22, true);
  for (float& w : weights) w = weighted == 2 ? 0 : lb::magnitude(w);
  const auto* const vectors = reinterpret_cast<const vector*>(numbers.data());
  const lb::clustering expected = lb::cluster<Width>(
      lb::span<const vector>(vectors, count), lb::span<const float>(weights), entries, how);

  typename System::template array<float> x(numbers.data(), numbers.size());
  typename System::template array<float> w(weights.data(), weights.size());
  typename System::template array<float> out(std::size_t(entries * Width));
  const std::vector<double> errors = lb::offline::cluster<Width>(
      System::policy(),
      lb::span<const vector>(reinterpret_cast<const vector*>(x.data()), count),
      lb::span<const float>(w.data(), lb::index_t(w.size())), entries, how,
      lb::span<float>(out.data(), entries * Width));
  CHECK(errors == expected.errors);
  CHECK(same_bytes(out.data(), expected.entries));
}

template <class System>
void check_all_k_means() {
  lb::k_means how;
  how.rounds = 6;
  how.seed = 7;
  check_k_means<System, 4>(3000, 16, how, 0);  // several runs
  check_k_means<System, 4>(2500, 16, how, 1);
  check_k_means<System, 2>(400, 60, how, 2, true);  // fewer distinct vectors than entries
  check_k_means<System, 2>(400, 60, how, 1, true);
  how.vectors_per_entry = 8;  // a sample; entries run empty
  check_k_means<System, 2>(1501, 100, how, 1);
  check_k_means<System, 2>(0, 4, how, 0);
}

}  // namespace test
