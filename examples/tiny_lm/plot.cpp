// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "plot.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <lowbit/core/error.hpp>

#include "labels.hpp"

namespace tiny_lm {
namespace {

using rows_t = std::vector<result_row>;

constexpr double width = 1280, height = 900, text_size = 12;
constexpr double least_loss = 1e-4;

/// How far a row's perplexity is above that of f32, as a fraction.
double loss(const result_row& r) { return std::max(r.ratio - 1, least_loss); }

/// A part of the picture and the values that it shows.
struct panel {
  box frame;
  double bits_low, bits_high, loss_low, loss_high;

  double x(double bits) const {
    return frame.x + frame.width * (bits - bits_low) / (bits_high - bits_low);
  }
  double y(double value) const {
    return frame.y + frame.height * std::log(value / loss_low) / std::log(loss_high / loss_low);
  }
  bool shows(const result_row& r) const {
    return r.bits_per_weight >= bits_low && r.bits_per_weight <= bits_high && loss(r) >= loss_low &&
           loss(r) <= loss_high;
  }
};

std::string number(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", x);
  return text;
}

std::string quoted(const std::string& text) {
  std::string q = "'";
  for (const char c : text) q += c == '\'' ? std::string("''") : std::string(1, c);
  return q + "'";
}

std::string data_block(const char* name, const rows_t& rows) {
  std::string text = lowbit::message("$", name, " << EOD\n");
  for (const result_row& r : rows) text += number(r.bits_per_weight) + " " + number(loss(r)) + "\n";
  return text + "EOD\n";
}

/// The rows that no other row beats in both bits and ratio, cheapest first.
rows_t front_of(rows_t rows) {
  std::sort(rows.begin(), rows.end(), [](const result_row& a, const result_row& b) {
    return a.bits_per_weight != b.bits_per_weight ? a.bits_per_weight < b.bits_per_weight
                                                  : a.ratio < b.ratio;
  });
  rows_t front;
  for (const result_row& r : rows)
    if (front.empty() || loss(r) < loss(front.back())) front.push_back(r);
  return front;
}

/// Thin boxes along the steps of the front, so that no text lies on them.
std::vector<box> boxes_of_steps(const rows_t& front, const panel& in) {
  std::vector<box> boxes;
  for (std::size_t i = 0; i + 1 < front.size(); ++i) {
    const double x0 = in.x(front[i].bits_per_weight), x1 = in.x(front[i + 1].bits_per_weight);
    const double y0 = in.y(loss(front[i])), y1 = in.y(loss(front[i + 1]));
    boxes.push_back({x0, y0 - 2, x1 - x0, 4});
    boxes.push_back({x1 - 2, y1, 4, y0 - y1});
  }
  return boxes;
}

std::string at_pixel(double x, double y) {
  return "screen " + number(x / width) + ", screen " + number(y / height);
}

/// A text per row, and a thin line to its point where they are apart.
std::string label_commands(const rows_t& rows, const panel& in, const std::vector<box>& obstacles) {
  std::vector<labelled_point> points;
  for (const result_row& r : rows)
    points.push_back({in.x(r.bits_per_weight), in.y(loss(r)),
                      0.6 * text_size * static_cast<double>(r.format.size()), text_size + 2});
  const std::vector<box> places = place_labels(points, obstacles, in.frame);
  std::string text;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const box& b = places[i];
    const double near_x = std::clamp(points[i].x, b.x, b.x + b.width);
    const double near_y = std::clamp(points[i].y, b.y, b.y + b.height);
    if (std::hypot(near_x - points[i].x, near_y - points[i].y) > 10)
      text += "set arrow from " + at_pixel(points[i].x, points[i].y) + " to " +
              at_pixel(near_x, near_y) + " nohead lc rgb '#a0a0a0' lw 0.8 front\n";
    text += "set label " + quoted(rows[i].format) + " at " +
            at_pixel(b.x + b.width / 2, b.y + b.height / 2) + " center noenhanced\n";
  }
  return text;
}

/// Ratios on a logarithmic axis of their distance from 1.
std::string tick_commands(const panel& in) {
  const bool is_wide = in.loss_high > 100 * in.loss_low;
  const std::vector<double> steps =
      is_wide ? std::vector{1.0, 2.0, 5.0} : std::vector{1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0};
  std::string ticks;
  for (double decade = least_loss; decade < in.loss_high; decade *= 10)
    for (const double step : steps) {
      const double at = decade * step;
      if (at < in.loss_low * 0.999 || at > in.loss_high) continue;
      const char* below = at < 1.001 * least_loss ? "\u2264 " : "";  // what is less lies here too
      ticks +=
          (ticks.empty() ? "'" : ", '") + std::string(below) + number(1 + at) + "' " + number(at);
    }
  return "set ytics (" + ticks + ")\n";
}

std::string panel_commands(const panel& in) {
  const box& f = in.frame;
  return "set xrange [" + number(in.bits_low) + ":" + number(in.bits_high) + "]\nset yrange [" +
         number(in.loss_low) + ":" + number(in.loss_high) + "]\nset lmargin at screen " +
         number(f.x / width) + "\nset rmargin at screen " + number((f.x + f.width) / width) +
         "\nset bmargin at screen " + number(f.y / height) + "\nset tmargin at screen " +
         number((f.y + f.height) / height) + "\n" + tick_commands(in);
}

panel whole_panel(const rows_t& rows) {
  panel all{{112, 70, width - 142, height - 130}, 1e9, -1e9, least_loss, 1e-2};
  for (const result_row& r : rows) {
    all.bits_low = std::min(all.bits_low, r.bits_per_weight - 0.4);
    all.bits_high = std::max(all.bits_high, r.bits_per_weight + 0.6);
    all.loss_high = std::max(all.loss_high, 1.6 * loss(r));
  }
  return all;
}

/// The crowd at 4 bits, enlarged in the empty upper right.
panel crowd_panel(const rows_t& rows, const panel& whole) {
  panel crowd{{}, 3.95, 4.75, 1e9, 0};
  const double left = whole.x(crowd.bits_high) + 95;
  crowd.frame = {left, 0.43 * height, width - 45 - left, 0.48 * height};
  for (const result_row& r : rows) {
    if (r.bits_per_weight < crowd.bits_low || r.bits_per_weight > crowd.bits_high) continue;
    if (loss(r) < 1e-3 || loss(r) > 1.5e-2) continue;  // not of the crowd
    crowd.loss_low = std::min(crowd.loss_low, loss(r) / 1.15);
    crowd.loss_high = std::max(crowd.loss_high, loss(r) * 1.15);
  }
  return crowd;
}

std::string rectangle(const std::string& from, const std::string& to) {
  return "set object rectangle from " + from + " to " + to +
         " fs solid 1 border lc rgb '#909090' fc rgb '#f7f7f7' behind\n";
}

}  // namespace

std::string plot_script(const rows_t& rows, const std::string& stem) {
  rows_t all, real, a8;
  for (const result_row& r : rows) {
    if (r.format == "f32") continue;
    all.push_back(r);
    (r.input == activations::a8 ? a8 : real).push_back(r);
  }
  const rows_t& named = real.empty() ? a8 : real;
  const panel whole = whole_panel(all), crowd = crowd_panel(all, whole);
  rows_t inside, outside;
  for (const result_row& r : named) (crowd.shows(r) ? inside : outside).push_back(r);
  const bool enlarge = inside.size() >= 6 && crowd.frame.width > 300;
  if (!enlarge) outside = named;

  const std::string draw =
      "plot $front using 1:2 with steps lc rgb '#c8d8f0' lw 3 title 'best for its size', "
      "$a8 using 1:2 with points pt 6 ps 1.1 lw 1.4 lc rgb '#d95f02' title 'int8 activations', "
      "$real using 1:2 with points pt 7 ps 0.9 lc rgb '#1f4e9c' title 'float activations'\n";

  std::vector<box> obstacles = boxes_of_steps(front_of(named), whole);
  std::string inset, mark;
  if (enlarge) {
    const box& f = crowd.frame;
    obstacles.push_back({f.x - 80, f.y - 40, f.width + 90, f.height + 50});
    obstacles.push_back({whole.x(crowd.bits_low), whole.y(crowd.loss_low),
                         whole.x(crowd.bits_high) - whole.x(crowd.bits_low),
                         whole.y(crowd.loss_high) - whole.y(crowd.loss_low)});
    mark =
        rectangle(number(crowd.bits_low) + "," + number(crowd.loss_low),
                  number(crowd.bits_high) + "," + number(crowd.loss_high)) +
        rectangle(at_pixel(f.x - 75, f.y - 35), at_pixel(f.x + f.width + 15, f.y + f.height + 10));
    inset =
        "unset label\nunset arrow\nunset object\nunset title\nunset xlabel\nunset ylabel\n"
        "unset key\nset border 15\nset xtics 0.1\n" +
        panel_commands(crowd) +
        label_commands(inside, crowd, boxes_of_steps(front_of(named), crowd)) + draw;
  }

  const std::string drawing =
      "set multiplot\nset border 3 lc rgb '#606060'\n"
      "set title 'What low-bit weights cost tiny\\_lm' font ',15'\n"
      "set xlabel 'bits per weight, everything counted'\n"
      "set ylabel 'perplexity / perplexity of f32'\n"
      "set xtics 1 nomirror out\nset ytics nomirror out\n"
      "set key bottom left Left reverse spacing 1.4\n" +
      mark + panel_commands(whole) + label_commands(outside, whole, obstacles) + draw + inset +
      "unset multiplot\nunset label\nunset arrow\nunset object\n";

  const std::string size = number(width) + "," + number(height);
  return "# Made by tiny_lm: perplexity ratio over exact bits per weight.\n" +
         data_block("real", real) + data_block("a8", a8) + data_block("front", front_of(named)) +
         "set encoding utf8\nset logscale y\nset grid xtics ytics lc rgb '#dddddd' lw 0.8\n" +
         "set terminal svg size " + size + " font 'DejaVu Sans,12' background rgb 'white'\n" +
         "set output " + quoted(stem + ".svg") + "\n" + drawing + "set terminal pngcairo size " +
         size + " font 'DejaVu Sans,9'\n" + "set output " + quoted(stem + ".png") + "\n" + drawing +
         "set output\n";
}

}  // namespace tiny_lm
