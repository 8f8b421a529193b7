// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluate.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "config_text.hpp"
#include "error_text.hpp"
#include "random_model.hpp"
#include "support/temporary_folder.hpp"

using lowbit::thread_pool;
using namespace tiny_lm_test;

namespace {

const tiny_lm::model& small_model() {
  static const tiny_lm::model m = [] {
    const lowbit_test::temporary_folder folder;
    const tiny_lm::config sizes = tiny_lm::parse_config(config_text().text());
    random_model(sizes, dtype::f32).write(folder / "model.safetensors");
    return tiny_lm::load_dense_model(sizes,
                                     tiny_lm::open_checkpoint(sizes, folder / "model.safetensors"));
  }();
  return m;
}

}  // namespace

TEST_CASE("windows start every 256 bytes while 257 are left") {
  for (const index_t bytes : {0, 1, 256}) CHECK(tiny_lm::windows_of(bytes) == 0);
  for (const index_t bytes : {257, 300, 512}) CHECK(tiny_lm::windows_of(bytes) == 1);
  for (const index_t bytes : {513, 768}) CHECK(tiny_lm::windows_of(bytes) == 2);
  CHECK(tiny_lm::windows_of(65537) == 256);
}

TEST_CASE("perplexity is exp of the mean negative log-likelihood of the next bytes") {
  const std::vector<std::uint8_t> text = random_bytes(700);
  const thread_pool alone{1};
  double sum = 0;
  std::vector<double> sums;
  for (const index_t first : {0, 256}) {
    tiny_lm::session s(small_model(), 256, alone);
    const auto logits = s.read(lowbit::span<const std::uint8_t>(text).part(first, 256));
    for (index_t t = 0; t < 256; ++t) {
      double total = 0;
      for (index_t i = 0; i < 256; ++i) total += std::exp(double(logits(t, i)));
      sum += std::log(total) - double(logits(t, text[std::size_t(first + t + 1)]));
    }
    sums.push_back(sum);
  }
  tiny_lm::evaluator e(small_model(), 2, alone);
  const tiny_lm::score score = e.run(text, 2);
  CHECK(e.window_nll()[0] == doctest::Approx(sums[0]).epsilon(1e-6));
  CHECK(e.window_nll()[0] + e.window_nll()[1] == doctest::Approx(sums[1]).epsilon(1e-6));
  CHECK(score.mean_nll == doctest::Approx(sum / 512).epsilon(1e-6));
  CHECK(score.perplexity == doctest::Approx(std::exp(sum / 512)).epsilon(1e-6));
  CHECK(score.tokens_per_second > 0);
}

TEST_CASE("any number of threads gives the same perplexity, to the bit") {
  const std::vector<std::uint8_t> text = random_bytes(7 * 256 + 1);
  const thread_pool alone{1};
  const double expected = tiny_lm::evaluator(small_model(), 7, alone).run(text, 7).perplexity;
  for (const int count : {2, 3, 20}) {
    const thread_pool threads{count};
    tiny_lm::evaluator e(small_model(), 7, threads);
    for (int again = 0; again < 3; ++again) CHECK(e.run(text, 7).perplexity == expected);
  }
}

TEST_CASE("progress counts up to the number of windows") {
  const std::vector<std::uint8_t> text = random_bytes(5 * 256 + 1);
  const thread_pool alone{1};
  std::vector<index_t> seen;
  tiny_lm::evaluator(small_model(), 5, alone).run(text, 5, [&](index_t n) { seen.push_back(n); });
  CHECK(seen == std::vector<index_t>{1, 2, 3, 4, 5});
}

TEST_CASE("windows that are not there are errors") {
  const thread_pool alone{1};
  tiny_lm::evaluator e(small_model(), 3, alone);
  for (const index_t windows : {-1, 0, 3, 4})
    CHECK(error_text([&] { e.run(random_bytes(513), windows); }) ==
          "lowbit: windows: " + std::to_string(windows) +
              ", expected 1 to 3 and at most the 2 of the text");
  CHECK(error_text([&] { e.run({}, 1); }) ==
        "lowbit: windows: 1, expected 1 to 3 and at most the 0 of the text");
}
