// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "results.hpp"

#include <charconv>
#include <cmath>

namespace tiny_lm {
namespace {

/// Decimal digits whatever the locale says.
std::string fixed(double x, int digits) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, x, std::chars_format::fixed, digits).ptr;
  return {text, end};
}

std::string time_or_dash(double us) { return us == 0 ? "-" : fixed(us, 1); }

struct column {
  const char* csv_name;  // null: a column of the terminal's table only
  const char* heading;
  std::size_t width;
  std::string (*value)(const result_row&);
};

constexpr column columns[] = {
    {"format", "format", 24, [](const result_row& r) { return r.format; }},
    {"activations", "activations", 12,
     [](const result_row& r) { return std::string(name_of(r.input)); }},
    {"bits_per_weight", "bits/weight", 12,
     [](const result_row& r) { return fixed(r.bits_per_weight, 4); }},
    {"file_bytes", "file bytes", 11,
     [](const result_row& r) { return std::to_string(r.file_bytes); }},
    {"perplexity", "perplexity", 11, [](const result_row& r) { return fixed(r.perplexity, 6); }},
    {"ratio", "ratio", 9, [](const result_row& r) { return fixed(r.ratio, 6); }},
    {"mean_sqnr_db", "SQNR dB", 8, [](const result_row& r) { return fixed(r.mean_sqnr_db, 2); }},
    {"eval_tokens_per_s", "tokens/s", 9,
     [](const result_row& r) { return fixed(r.eval_tokens_per_s, 0); }},
    {"gemv_us", "gemv us", 9, [](const result_row& r) { return time_or_dash(r.gemv_us); }},
    {"gemv_f32_us", "f32 us", 9, [](const result_row& r) { return time_or_dash(r.gemv_f32_us); }},
    {nullptr, "in memory", 10, [](const result_row& r) { return std::to_string(r.memory_bytes); }},
    {nullptr, "buffers", 10, [](const result_row& r) { return std::to_string(r.buffer_bytes); }},
};

/// The columns that files have: all but those of the terminal.
lowbit::span<const column> saved_columns() { return {columns, 10}; }

bool is_left_aligned(const column& c) { return &c - columns < 2; }

std::string aligned(const std::string& text, const column& c) {
  const std::string filling(text.size() < c.width ? c.width - text.size() : 0, ' ');
  return is_left_aligned(c) ? text + filling : filling + text;
}

}  // namespace

std::string csv_text(const std::vector<result_row>& rows) {
  std::string text, separator;
  for (const column& c : saved_columns()) {
    text += separator + c.csv_name;
    separator = ",";
  }
  for (const result_row& row : rows) {
    separator = "\n";
    for (const column& c : saved_columns()) {
      text += separator + c.value(row);
      separator = ",";
    }
  }
  return text + "\n";
}

std::string markdown_text(const std::vector<result_row>& rows, const std::string& how) {
  std::string text = how + "\n\n|", rule = "|";
  for (const column& c : saved_columns()) {
    text += ' ' + std::string(c.heading) + " |";
    rule += is_left_aligned(c) ? "---|" : "---:|";
  }
  text += '\n' + rule + '\n';
  for (const result_row& row : rows) {
    text += '|';
    for (const column& c : saved_columns()) text += ' ' + c.value(row) + " |";
    text += '\n';
  }
  return text;
}

std::string console_head() {
  std::string line;
  for (const column& c : columns) line += aligned(c.heading, c) + ' ';
  line.pop_back();
  return line;
}

std::string console_line(const result_row& row) {
  std::string line;
  for (const column& c : columns) line += aligned(c.value(row), c) + ' ';
  line.pop_back();
  return line;
}

}  // namespace tiny_lm
