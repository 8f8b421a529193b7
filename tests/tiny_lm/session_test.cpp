// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "session.hpp"

#include <doctest/doctest.h>

#include "config_text.hpp"
#include "error_text.hpp"
#include "random_model.hpp"
#include "support/temporary_folder.hpp"

using lowbit::thread_pool;
using namespace tiny_lm_test;

namespace {

constexpr index_t room = 70;

/// A model whose sizes fit no vector, with grouped queries.
tiny_lm::model odd_model() {
  const lowbit_test::temporary_folder folder;
  const tiny_lm::config sizes = tiny_lm::parse_config(config_text()
                                                          .set("hidden_size", "60")
                                                          .set("num_attention_heads", "6")
                                                          .set("num_key_value_heads", "2")
                                                          .set("intermediate_size", "77")
                                                          .set("max_position_embeddings", "70")
                                                          .text());
  random_model(sizes, dtype::f32).write(folder / "model.safetensors");
  return tiny_lm::load_dense_model(sizes,
                                   tiny_lm::open_checkpoint(sizes, folder / "model.safetensors"));
}

/// All logits of a text that is read in parts of these lengths.
std::vector<float> read_in_parts(const tiny_lm::model& m, const std::vector<std::uint8_t>& text,
                                 const std::vector<index_t>& parts, const thread_pool& threads) {
  tiny_lm::session s(m, room, threads);
  std::vector<float> all;
  for (const index_t n : parts) {
    const auto logits = s.read(lowbit::span<const std::uint8_t>(text).part(s.length(), n));
    CHECK(logits.rows() == n);
    all.insert(all.end(), logits.data(), logits.data() + n * 256);
  }
  return all;
}

}  // namespace

TEST_CASE("tokens read one by one, or in parts, have the bits of a window") {
  const tiny_lm::model m = odd_model();
  const std::vector<std::uint8_t> text = random_bytes(room);
  const thread_pool alone{1};
  const std::vector<float> whole = read_in_parts(m, text, {room}, alone);
  CHECK(read_in_parts(m, text, std::vector<index_t>(room, 1), alone) == whole);
  CHECK(read_in_parts(m, text, {1, 12, 13, 31, 2, 11}, alone) == whole);
}

TEST_CASE("any number of threads gives the same bits") {
  const tiny_lm::model m = odd_model();
  const std::vector<std::uint8_t> text = random_bytes(room);
  const std::vector<float> whole = read_in_parts(m, text, {room}, thread_pool{1});
  for (const int threads : {2, 3, 7}) {
    CHECK(read_in_parts(m, text, {room}, thread_pool{threads}) == whole);
    CHECK(read_in_parts(m, text, {40, 1, 1, 28}, thread_pool{threads}) == whole);
  }
}

TEST_CASE("restart forgets everything") {
  const tiny_lm::model m = odd_model();
  const std::vector<std::uint8_t> text = random_bytes(room), other(room, 'x');
  const thread_pool alone{1};
  const std::vector<float> whole = read_in_parts(m, text, {room}, alone);
  tiny_lm::session s(m, room, alone);
  s.read(other);
  s.restart();
  CHECK(s.length() == 0);
  const auto logits = s.read(text);
  CHECK(std::equal(whole.begin(), whole.end(), logits.data()));
}

TEST_CASE("a token depends on what comes before it and on nothing after") {
  const tiny_lm::model m = odd_model();
  std::vector<std::uint8_t> text = random_bytes(room);
  const thread_pool alone{1};
  const std::vector<float> before = read_in_parts(m, text, {room}, alone);
  text[30] ^= 1;
  const std::vector<float> after = read_in_parts(m, text, {room}, alone);
  CHECK(std::equal(before.begin(), before.begin() + 30 * 256, after.begin()));
  for (std::ptrdiff_t t = 30; t < room; ++t)
    CHECK_FALSE(std::equal(before.begin() + t * 256, before.begin() + (t + 1) * 256,
                           after.begin() + t * 256));
}

TEST_CASE("more tokens or positions than there is room for are errors") {
  const tiny_lm::model m = odd_model();
  const thread_pool alone{1};
  for (const index_t positions : {index_t(-1), index_t(0), room + 1})
    CHECK(error_text([&] { tiny_lm::session(m, positions, alone); }) ==
          "lowbit: positions: " + std::to_string(positions) +
              ", expected 1 to max_position_embeddings = 70");
  tiny_lm::session s(m, 10, alone);
  s.read(random_bytes(7));
  CHECK(error_text([&] { s.read(random_bytes(4)); }) ==
        "lowbit: tokens: 4 after 7, expected at most 10 in all");
  CHECK(s.length() == 7);
  CHECK(s.read(random_bytes(3)).rows() == 3);
  CHECK(s.read({}).rows() == 0);
}
