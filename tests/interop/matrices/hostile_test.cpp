// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of matrices that are cut off or changed byte by byte: they load and are used, or give an
// error.
#include <doctest/doctest.h>

#include <cstdlib>

#include "fuzz/matrices_fuzz.hpp"
#include "one_matrix.hpp"
#include "support/random_matrix.hpp"
#include "support/temporary_folder.hpp"

namespace {

using lowbit_test::fragile_kinds;
using lowbit_test::one_matrix;
using bytes = std::vector<std::uint8_t>;

const char* law_broken_by(const bytes& file, long* loads = nullptr) {
  return lowbit_test::matrices_law_broken_by<fragile_kinds>(file, loads);
}

constexpr const char* names[] = {
    "ternary",  "trits5",   "mxfp8",   "nvfp4",    "spqr",         "tile",        "cross",
    "sparse16", "sparse32", "columns", "low_rank", "learned_int8", "learned_set", "table_set",
    "residual", "hadamard", "sum",     "branch",   "transposed",   "complex"};

}  // namespace

TEST_CASE("a file of matrices that ends early is an error, wherever it ends") {
  for (const char* name : names) {
    const bytes whole = one_matrix(name).file();
    REQUIRE(law_broken_by(whole) == nullptr);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      try {
        lowbit::matrix_file(bytes(whole.begin(), whole.begin() + std::ptrdiff_t(n)));
        FAIL_CHECK(name << ", " << n << " of " << whole.size() << " bytes: no error");
      } catch (const lowbit::error& e) {
        if (e.code() != lowbit::errc::corrupted) FAIL_CHECK(name << ", " << n << ": " << e.what());
      }
    }
  }
}

TEST_CASE("a very small file with any one byte changed to any other loads, or is an error") {
  using F = lowbit::format<lowbit::uniform<3, lowbit::asymmetric>, lowbit::per_group<64>,
                           lowbit::sparse<>>;
  const test::random_matrix weights(2, 5, 1);
  lowbit_test::temporary_folder folder;
  lowbit::save(folder / "f", "w", lowbit::quantize<F>(weights.view(), lowbit::top_fraction{0.3}));
  bytes file = lowbit::read_file(folder / "f");
  REQUIRE(law_broken_by(file) == nullptr);
  for (std::size_t i = 0; i < file.size(); ++i) {
    const std::uint8_t before = file[i];
    for (int change = 1; change < 256; ++change) {
      file[i] = std::uint8_t(before ^ change);
      if (const char* law = law_broken_by(file))
        FAIL_CHECK("byte " << i << " = " << int(file[i]) << ": " << law);
    }
    file[i] = before;
  }
}

TEST_CASE("a file with any one byte changed loads and is used, or is an error") {
  const char* nightly = std::getenv("LOWBIT_NIGHTLY");
  const int step = nightly != nullptr && *nightly == '1' ? 1 : 37;  // of the 255 other values
  long loads = 0, files = 0;
  for (const char* name : names) {
    const one_matrix m(name);
    CHECK(m.error<fragile_kinds>().empty());
    bytes file = m.file();
    int change = 1;
    for (std::size_t i = 0; i < file.size(); ++i) {
      const std::uint8_t before = file[i];
      for (; change < 256; change += step) {
        file[i] = std::uint8_t(before ^ change);
        ++files;
        if (const char* law = law_broken_by(file, &loads))
          FAIL_CHECK(name << ", byte " << i << " = " << int(file[i]) << ": " << law);
      }
      change -= 255;
      file[i] = before;
    }
  }
  CHECK(loads > 1000);
  CHECK(files - loads > 1000);  // errors
}
