// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "labels.hpp"

#include <algorithm>
#include <cmath>

namespace tiny_lm {
namespace {

bool overlap(const box& a, const box& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

bool inside(const box& a, const box& frame) {
  return a.x >= frame.x && a.y >= frame.y && a.x + a.width <= frame.x + frame.width &&
         a.y + a.height <= frame.y + frame.height;
}

/// The place of a text whose nearest edge is `distance` away from its point, in a direction.
box around(const labelled_point& p, double distance, double angle) {
  const double dx = std::cos(angle), dy = std::sin(angle);
  const double x = p.x + dx * (distance + p.text_width / 2);
  const double y = p.y + dy * (distance + p.text_height / 2);
  return {x - p.text_width / 2, y - p.text_height / 2, p.text_width, p.text_height};
}

}  // namespace

std::vector<box> place_labels(const std::vector<labelled_point>& points,
                              const std::vector<box>& obstacles, const box& frame) {
  constexpr double marker = 4, pi = 3.14159265358979;
  std::vector<box> taken = obstacles;
  for (const labelled_point& p : points)
    taken.push_back({p.x - marker, p.y - marker, 2 * marker, 2 * marker});

  std::vector<box> placed;
  for (const labelled_point& p : points) {
    box best;
    bool found = false;
    for (double distance = 7; distance < 260 && !found; distance += 6)
      for (int step = 0; step < 16 && !found; ++step) {
        // right, left, then ever steeper
        const int turn = step / 4;
        const double slope = turn * pi / 8, angle = step % 2 == 0 ? slope : pi - slope;
        best = around(p, distance, step % 4 < 2 ? angle : -angle);
        found = inside(best, frame) && std::none_of(taken.begin(), taken.end(),
                                                    [&](const box& b) { return overlap(best, b); });
      }
    taken.push_back(best);
    placed.push_back(best);
  }
  return placed;
}

}  // namespace tiny_lm
