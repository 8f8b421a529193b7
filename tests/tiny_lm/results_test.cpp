// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "results.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <limits>

using tiny_lm::result_row;

namespace {

const std::vector<result_row> two_rows{
    {"f32", tiny_lm::activations::real, 32, 13902384, 3.5334411572, 1,
     std::numeric_limits<double>::infinity(), 24509.4, 12814.56, 12814.56},
    {"q8_0", tiny_lm::activations::a8, 8.5, 4000001, 3.53351, 1.0000193, 45.218, 100000.5, 900.04,
     12000}};

long count(const std::string& text, char c) { return std::count(text.begin(), text.end(), c); }

}  // namespace

TEST_CASE("the table as comma-separated values, to the letter") {
  CHECK(tiny_lm::csv_text(two_rows) ==
        "format,activations,bits_per_weight,file_bytes,perplexity,ratio,mean_sqnr_db,"
        "eval_tokens_per_s,gemv_us,gemv_f32_us\n"
        "f32,real,32.0000,13902384,3.533441,1.000000,inf,24509,12814.6,12814.6\n"
        "q8_0,a8,8.5000,4000001,3.533510,1.000019,45.22,100000,900.0,12000.0\n");
}

TEST_CASE("the table in Markdown: a sentence, a head, a rule, a line per row, ten columns each") {
  const std::string text = tiny_lm::markdown_text(two_rows, "How.");
  CHECK(text.starts_with("How.\n\n| format | activations |"));
  CHECK(count(text, '\n') == 6);
  CHECK(count(text, '|') == 4 * 11);
  CHECK(text.find("| q8_0 | a8 | 8.5000 | 4000001 |") != text.npos);
}

TEST_CASE("the lines for a terminal have the width of their head") {
  for (const result_row& row : two_rows)
    CHECK(tiny_lm::console_line(row).size() == tiny_lm::console_head().size());
}
