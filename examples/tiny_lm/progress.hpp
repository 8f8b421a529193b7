// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <chrono>
#include <string>

namespace tiny_lm {

/// Says on the terminal's last line how far the work is and how long the rest may take. Where
/// standard output is no terminal it prints nothing. `update` allocates no memory.
class progress {
 public:
  /// Steps whose weights add up to `total` will follow; equal weights take about equal times.
  explicit progress(double total);
  ~progress() { clear(); }
  progress(const progress&) = delete;

  /// The step before is done and another has begun; `what` names it.
  void begin(double weight, std::string what);
  /// A fraction of the current step is done. Prints at most ten times a second.
  void update(double fraction);
  /// Removes the line, so that something else can be printed.
  void clear();

 private:
  using clock = std::chrono::steady_clock;

  bool terminal_;
  bool shown_ = false;
  double total_;
  double done_ = 0;    // weight of the steps that are done
  double weight_ = 0;  // of the current step
  std::string what_;
  clock::time_point start_ = clock::now();
  clock::time_point printed_ = start_ - std::chrono::hours(1);
};

/// "50 s", "3 min 20 s": for estimates. Writes at most `size` bytes, the closing zero among them.
void write_duration(char* text, std::size_t size, double seconds);

}  // namespace tiny_lm
