// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

namespace tiny_lm {

/// A rectangle in pixels, from its lower left corner.
struct box {
  double x = 0, y = 0, width = 0, height = 0;
};

/// A point of a plot and the size of the text that names it.
struct labelled_point {
  double x = 0, y = 0;
  double text_width = 0, text_height = 0;
};

/// Where the texts of points go: near their points, inside the frame, over no point, no text and
/// no obstacle. Greedy, in order of the points: each tries places around itself, the nearest first,
/// and takes the last one tried where all are taken.
std::vector<box> place_labels(const std::vector<labelled_point>& points,
                              const std::vector<box>& obstacles, const box& frame);

}  // namespace tiny_lm
