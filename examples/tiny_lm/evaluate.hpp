// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "session.hpp"

namespace tiny_lm {

inline constexpr index_t window_tokens = 256;

/// Windows that a text has: they start at byte 0, 256, 512 ... while 257 bytes are left, since the
/// target of each byte is the one after it.
constexpr index_t windows_of(index_t text_bytes) {
  return text_bytes < window_tokens + 1 ? 0 : (text_bytes - 1) / window_tokens;
}

struct score {
  double mean_nll = 0;  // negative log-likelihood per target in nats
  double perplexity = 0;
  double tokens_per_second = 0;
};

/// Measures a model's perplexity. Windows are shared out among threads, one session each; the sum
/// is taken in order of windows, so that results do not depend on the number of threads. All memory
/// is allocated by the constructor, which reads one window of zeros in every session.
class evaluator {
 public:
  /// `windows` >= 1 is the most that `run` will be asked for.
  evaluator(const model& weights, index_t windows, const lb::thread_pool& threads);

  /// Bytes of the activation buffers of all threads.
  index_t buffer_bytes() const;
  /// The summed negative log-likelihood of each window's targets, as of the last run.
  lb::span<const double> window_nll() const { return nll_; }

  /// Reads the first `windows` windows of a text. `seen` is called by the calling thread only, with
  /// the number of windows done so far.
  score run(lb::span<const std::uint8_t> text, index_t windows,
            const std::function<void(index_t)>& seen = {});

 private:
  const lb::thread_pool* threads_;
  lb::thread_pool alone_{1};
  std::vector<session> sessions_;
  std::vector<double> nll_;  // per window
};

}  // namespace tiny_lm
