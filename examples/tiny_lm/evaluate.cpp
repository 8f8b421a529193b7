// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluate.hpp"

#include <atomic>
#include <chrono>
#include <cmath>
#include <thread>

#include "kernels.hpp"

namespace tiny_lm {
namespace {

/// -log softmax(logits)[target]
double nll_of(const float* logits, std::uint8_t target) {
  float top = logits[0];
  for (int i = 1; i < 256; ++i) top = logits[i] > top ? logits[i] : top;
  return std::log(host_kernels().sum_of_exp(logits, top, 256)) -
         (static_cast<double>(logits[target]) - static_cast<double>(top));
}

double nll_of_window(session& s, lb::span<const std::uint8_t> text, index_t window) {
  const index_t first = window * window_tokens;
  s.restart();
  const lb::matrix_view<const float> logits = s.read(text.part(first, window_tokens));
  double sum = 0;
  for (index_t t = 0; t < window_tokens; ++t) sum += nll_of(logits.row(t), text[first + t + 1]);
  return sum;
}

}  // namespace

evaluator::evaluator(const model& weights, index_t windows, const lb::thread_pool& threads)
    : threads_(&threads), nll_(static_cast<std::size_t>(windows)) {
  const index_t count = lb::min_of(threads.concurrency(), windows);
  sessions_.reserve(static_cast<std::size_t>(count));
  for (index_t i = 0; i < count; ++i) sessions_.emplace_back(weights, window_tokens, alone_);
  constexpr std::uint8_t zeros[window_tokens] = {};
  for (session& s : sessions_) s.read(zeros);
}

index_t evaluator::buffer_bytes() const {
  index_t sum = static_cast<index_t>(nll_.size() * sizeof(double));
  for (const session& s : sessions_) sum += s.buffer_bytes();
  return sum;
}

score evaluator::run(lb::span<const std::uint8_t> text, index_t windows,
                     const std::function<void(index_t)>& seen) {
  if (windows < 1 || windows > static_cast<index_t>(nll_.size()) ||
      windows > windows_of(text.size()))
    lb::fail(lb::errc::out_of_range, "windows",
             lb::message(windows, ", expected 1 to ", nll_.size(), " and at most the ",
                         windows_of(text.size()), " of the text"));
  const auto start = std::chrono::steady_clock::now();
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<index_t> next = 0, done = 0;
  threads_->for_each(static_cast<index_t>(sessions_.size()), [&](index_t worker) {
    for (index_t window = next++; window < windows; window = next++) {
      nll_[static_cast<std::size_t>(window)] =
          nll_of_window(sessions_[static_cast<std::size_t>(worker)], text, window);
      const index_t finished = ++done;
      if (seen && std::this_thread::get_id() == caller) seen(finished);
    }
  });
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;

  double sum = 0;
  for (index_t i = 0; i < windows; ++i) sum += nll_[static_cast<std::size_t>(i)];
  score s;
  s.mean_nll = sum / static_cast<double>(windows * window_tokens);
  s.perplexity = std::exp(s.mean_nll);
  s.tokens_per_second = static_cast<double>(windows * window_tokens) / elapsed.count();
  return s;
}

}  // namespace tiny_lm
