// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The named formats on a device, in the layout that it reads fastest, with tails. This file is
// compiled several times, each with its share of the formats: nvcc runs side by side.
#include "runner.hpp"

using namespace lowbit;

namespace {

#if !defined(LOWBIT_TEST_PART)
#define LOWBIT_TEST_PART 0
#endif
#if !defined(LOWBIT_TEST_PARTS)
#define LOWBIT_TEST_PARTS 4
#endif

/// Calls f(entry) for the formats of this part of the list.
template <class F, class... Entries>
void each_format(format_list<Entries...>, F f) {
  const auto one = [&]<bool Mine, class Entry>() {
    if constexpr (Mine) f(Entry{});
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (one.template operator()<int(I) % LOWBIT_TEST_PARTS == LOWBIT_TEST_PART, Entries>(), ...);
  }(std::index_sequence_for<Entries...>{});
}

}  // namespace

// doctest takes cases of one file and one line for one case: each share says a line of its own, or
// all but one would be dropped without a word.
#define LOWBIT_JOIN_NOW(a, b) a##b
#define LOWBIT_JOIN(a, b) LOWBIT_JOIN_NOW(a, b)
#line LOWBIT_JOIN(10, LOWBIT_TEST_PART)
TEST_CASE("products of every named format on the device are right, and the same bits every time") {
  if (!test::has_gpu()) return;
  for (const extent shape : {extent{64, 512}, extent{37, 301}}) {
    test::random_matrix m(shape.rows, shape.cols, 3);
    for (std::size_t i = 64; i < 128; ++i) m.values[i] = 0;  // a group of zeros
    each_format(known_formats{}, [&](auto entry) {
      CAPTURE(std::string(std::string_view(entry.name)));
      test::each_term(entry.quantize(m.view(), serial{}), [&]<class F>(
                                                              const quantized_matrix<F>& q) {
        for (const index_t tokens : {1, 3, 8, 17, 64}) {
          CAPTURE(tokens);
          test::check_matrix<device_layout<F>, float16>(test::cuda_runner{}, q, tokens);
        }
      });
    });
  }
}
