// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plot.hpp"

#include <doctest/doctest.h>

#include <fstream>

#include "error_text.hpp"
#include "gnuplot.hpp"
#include "labels.hpp"
#include "support/temporary_folder.hpp"
#include "text_file.hpp"

using tiny_lm::box;
using tiny_lm::result_row;

namespace {

result_row row(const std::string& format, double bits, double ratio,
               tiny_lm::activations input = tiny_lm::activations::real) {
  result_row r;
  r.format = format;
  r.input = input;
  r.bits_per_weight = bits;
  r.ratio = ratio;
  return r;
}

/// Rows as the real table has them: one far off, some in a crowd, some no worse than f32.
std::vector<result_row> many_rows() {
  std::vector<result_row> rows{row("f32", 32, 1), row("q8_0", 8.5, 0.99999),
                               row("q8_0", 8.5, 1.0003, tiny_lm::activations::a8),
                               row("ternary", 2.25, 1.33)};
  for (int i = 0; i < 20; ++i)
    rows.push_back(
        row("crowd_" + std::to_string(i), 4.1 + 0.02 * i, 1.002 + 0.0003 * (i * 7 % 20)));
  return rows;
}

bool overlap(const box& a, const box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

std::string bytes_of(const std::string& path) {
  const std::vector<std::uint8_t> bytes = lowbit::read_file(path);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("labels lie inside the frame, over no label, no point and no obstacle") {
  std::vector<tiny_lm::labelled_point> points;
  for (int i = 0; i < 40; ++i)
    points.push_back({100.0 + i * 37 % 160, 100.0 + i * 61 % 170, 50, 12});
  const box frame{0, 0, 600, 500}, obstacle{150, 0, 10, 500};
  const std::vector<box> placed = tiny_lm::place_labels(points, {obstacle}, frame);
  REQUIRE(placed.size() == points.size());
  for (std::size_t i = 0; i < placed.size(); ++i) {
    const box& b = placed[i];
    CHECK(b.x >= 0);
    CHECK(b.y >= 0);
    CHECK(b.x + b.width <= 600);
    CHECK(b.y + b.height <= 500);
    CHECK_FALSE(overlap(b, obstacle));
    for (std::size_t j = 0; j < placed.size(); ++j) {
      if (i != j) CHECK_FALSE(overlap(b, placed[j]));
      CHECK_FALSE(overlap(b, {points[j].x - 3, points[j].y - 3, 6, 6}));
    }
  }
}

TEST_CASE("a label alone stands beside its point") {
  const std::vector<box> placed = tiny_lm::place_labels({{100, 100, 40, 12}}, {}, {0, 0, 300, 300});
  CHECK(placed[0].x > 100);
  CHECK(placed[0].x < 115);
  CHECK(placed[0].y == doctest::Approx(94));
}

TEST_CASE("the script names every format but f32 and no ratio leaves the axis") {
  const std::string script = tiny_lm::plot_script(many_rows(), "it's");
  for (const result_row& r : many_rows())
    CHECK((script.find("set label '" + r.format + "'") != script.npos) == (r.format != "f32"));
  CHECK(script.find("8.5 0.0001\n") != script.npos);  // better than f32: on the bottom line
  CHECK(script.find("8.5 0.0003") != script.npos);    // int8 activations
  CHECK(script.find("set output 'it''s.svg'") != script.npos);
}

TEST_CASE("gnuplot draws both pictures and leaves no messages, for every kind of table") {
  const std::vector<result_row> all = many_rows();
  for (const std::size_t count : {std::size_t(1), std::size_t(2), std::size_t(3), all.size()}) {
    CAPTURE(count);
    const lowbit_test::temporary_folder folder;
    const std::string stem = folder / "plot";
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(count);
    tiny_lm::run_gnuplot(tiny_lm::plot_script({all.begin(), end}, stem), stem);
    CHECK(bytes_of(stem + ".png").starts_with("\x89PNG\r\n"));
    const std::string svg = bytes_of(stem + ".svg");
    CHECK(svg.find("<svg") != svg.npos);
    CHECK(svg.find("</svg>") != svg.npos);
    CHECK(folder.entries() == 3);  // the two pictures and their script
  }
}

TEST_CASE("a script that gnuplot rejects is an error that says where the reason is") {
  const lowbit_test::temporary_folder folder;
  const std::string stem = folder / "plot";
  CHECK(tiny_lm_test::error_text([&] { tiny_lm::run_gnuplot("no command\n", stem); }) ==
        "lowbit: gnuplot: failed with status 1, see " + stem + ".log");
  CHECK(bytes_of(stem + ".log").find("invalid command") != std::string::npos);
}
