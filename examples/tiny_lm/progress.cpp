// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "progress.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace tiny_lm {

progress::progress(double total) : terminal_(::isatty(STDOUT_FILENO) != 0), total_(total) {}

void progress::begin(double weight, std::string what) {
  done_ += std::exchange(weight_, weight);
  what_ = std::move(what);
  update(0);
}

void progress::update(double fraction) {
  const clock::time_point now = clock::now();
  if (!terminal_ || now - printed_ < std::chrono::milliseconds(100)) return;
  printed_ = now;
  shown_ = true;
  const double share = (done_ + fraction * weight_) / total_;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  char left[32] = "";
  if (share > 0 && elapsed > 1) write_duration(left, sizeof left, elapsed / share * (1 - share));
  std::printf("\r%s: %d %%%s%s%s\x1b[K", what_.c_str(), static_cast<int>(100 * share),
              left[0] ? ", about " : "", left, left[0] ? " left" : "");
  std::fflush(stdout);
}

void progress::clear() {
  if (std::exchange(shown_, false)) std::fputs("\r\x1b[K", stdout);
}

void write_duration(char* text, std::size_t size, double seconds) {
  const long total = static_cast<long>(seconds + 0.5);
  if (total < 60)
    std::snprintf(text, size, "%ld s", total);
  else if (total < 3600)
    std::snprintf(text, size, "%ld min %02ld s", total / 60, total % 60);
  else
    std::snprintf(text, size, "%ld h %02ld min", total / 3600, total / 60 % 60);
}

}  // namespace tiny_lm
