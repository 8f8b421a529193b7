// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the main job claims about memory: the weights stay packed, and reading allocates nothing.
#include <doctest/doctest.h>

#include "evaluate.hpp"
#include "packed_model.hpp"
#include "support/heap_watch.hpp"

using tiny_lm::activations;
using tiny_lm_test::packed_model;

namespace {

/// Calls f(format, activations) for every row that the table can have.
template <class F>
void for_each_row(F f) {
  for (const tiny_lm::weight_format& format : tiny_lm::all_formats())
    for (const activations input : {activations::real, activations::a8})
      if (!format.is_f32() || input == activations::real) f(format, input);
}

}  // namespace

TEST_CASE("after the first window operator new is never called again, in any format") {
  const packed_model small;
  const std::vector<std::uint8_t> text = tiny_lm_test::random_bytes(5 * 256 + 1);
  for_each_row([&](const tiny_lm::weight_format& format, activations input) {
    CAPTURE(format.name);
    CAPTURE(tiny_lm::name_of(input));
    if (input == activations::real) small.save(format);
    const tiny_lm::model m = small.load(format, input);
    const lowbit::thread_pool threads{2};
    tiny_lm::evaluator e(m, 5, threads);
    // The constructor has read one window in every session.
    const lowbit_test::heap_watch watch;
    const double perplexity = e.run(text, 5).perplexity;
    CHECK(watch.calls() == 0);
    CHECK(perplexity > 1);
  });
}

TEST_CASE("the shipped model: live heap is the packed weights and the buffers, and nothing else") {
  const lowbit_test::temporary_folder folder;
  const std::string from = "examples/tiny_lm/model/";
  const tiny_lm::config sizes = tiny_lm::read_config(from + "config.json");
  const lowbit::thread_pool threads{2};
  for (const char* name : {"int8_row", "q4_0", "int3_g64_sparse", "q4_k"})
    for (const activations input : {activations::real, activations::a8}) {
      CAPTURE(name);
      const tiny_lm::weight_format& format = tiny_lm::format_named(name);
      tiny_lm::save_model(sizes, tiny_lm::open_checkpoint(sizes, from + "model.safetensors"),
                          format, folder / "packed", threads);
      const long before = lowbit_test::heap_live;
      const tiny_lm::model m = tiny_lm::load_model(sizes, folder / "packed", format, input);
      const tiny_lm::evaluator e(m, 4, threads);
      const long live = lowbit_test::heap_live - before;

      // Names, pointers, control blocks, and what malloc rounds up.
      const long bookkeeping = 28 * 1024;
      CHECK(live <= m.projection_bytes() + m.other_bytes() + e.buffer_bytes() + bookkeeping);
      CHECK(live > m.projection_bytes());
      // Far below what the decoded projections alone would take.
      const long decoded = 4 * 3407872;
      CHECK(live - e.buffer_bytes() < decoded / 3);
    }
}
