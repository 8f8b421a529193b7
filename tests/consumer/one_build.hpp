// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What each of the differently compiled copies of lowbit in a program exports. Views pass between
// them as bytes: their layout is the same in all.
#pragma once
#include <cstddef>
#include <cstdint>

struct answer {
  std::uint64_t bits = 0;  // a hash of the decoded weights: the same in every build
  double sum = 0;          // of the products: the same up to rounding
  bool right = false;      // the products agree with those of the decoded weights
};

struct one_build {
  const char* name;
  bool throws;  // compiled with exceptions
  std::size_t view_bytes;
  void (*use)(answer*);
  const void* (*view)();  // of a matrix that the build owns
  bool (*multiply)(const void* view);
  void (*fail)();  // throws lowbit::error about "matrix_view"
};
