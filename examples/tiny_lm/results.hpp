// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <string>
#include <vector>

#include "options.hpp"

namespace tiny_lm {

/// One line of the table.
struct result_row {
  std::string format;
  activations input = activations::real;
  double bits_per_weight = 0;      // of the projections: codes, scales, everything counted
  lowbit::index_t file_bytes = 0;  // of the whole model on disk
  double perplexity = 0;
  double ratio = 1;         // over the perplexity of the f32 row
  double mean_sqnr_db = 0;  // over the projections; infinite for f32
  double eval_tokens_per_s = 0;
  double gemv_us = 0;                // one thread, 14336 x 4096, batch 1; 0: not measured
  double gemv_f32_us = 0;            // the same in float32, measured beside it
  lowbit::index_t memory_bytes = 0;  // of the loaded model, packed; for the terminal only
  lowbit::index_t buffer_bytes = 0;  // activation buffers of all threads; for the terminal only
};

/// The table as comma-separated values, the first line names them. Infinity is written "inf".
std::string csv_text(const std::vector<result_row>& rows);

/// The table for people, in Markdown, under a sentence that says how it was made.
std::string markdown_text(const std::vector<result_row>& rows, const std::string& how);

/// The table for a terminal: its head, and a line per row as it comes. Two more columns say what
/// the model and its buffers take in memory while it is evaluated.
std::string console_head();
std::string console_line(const result_row& row);

}  // namespace tiny_lm
