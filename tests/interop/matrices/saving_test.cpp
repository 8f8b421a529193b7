// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saving that fails leaves what was there before: the old file, complete, and nothing beside it.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <lowbit/quantize.hpp>
#include <lowbit/safetensors.hpp>

#include "support/compiled_kernels.hpp"
#include "support/random_matrix.hpp"
#include "support/temporary_folder.hpp"

namespace {

using w4 = lowbit::format<lowbit::uniform<4>, lowbit::per_group<32>>;

lowbit::any_matrix matrix(lowbit::index_t rows) {
  return lowbit::quantize<w4>(test::random_matrix(rows, 64, 1).view());
}

template <class F>
std::string error_of(F f) {
  try {
    f();
  } catch (const lowbit::error& e) {
    CHECK(e.code() == lowbit::errc::io);
    return e.what();
  }
  return "no error";
}

/// A folder with a good file "f" of 3 rows.
struct saved_before {
  lowbit_test::temporary_folder folder;
  std::string path = folder / "f";
  saved_before() { lowbit::save(path, "w", matrix(3)); }

  void check_unchanged() const {
    CHECK(lowbit::matrix_file(path).load<w4>("w").shape() == lowbit::extent{3, 64});
    CHECK(folder.entries() == 1);
  }
};

}  // namespace

TEST_CASE("a disk that fills up half way keeps the old file") {
  const saved_before before;
  rlimit usual;
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &usual) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = usual;
  small.rlim_cur = 4'000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string error = error_of([&] { lowbit::save(before.path, "w", matrix(500)); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &usual) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(error == "lowbit: " + before.path + ": cannot write it: File too large");
  before.check_unchanged();
}

TEST_CASE("a folder that cannot be written keeps the old file") {
  const saved_before before;
  REQUIRE(::chmod(before.folder.path().c_str(), 0555) == 0);
  const uid_t user = ::geteuid();
  const bool was_root = user == 0 && ::seteuid(65534) == 0;  // root may write anywhere
  const std::string error = error_of([&] { lowbit::save(before.path, "w", matrix(5)); });
  if (was_root) REQUIRE(::seteuid(user) == 0);
  REQUIRE(::chmod(before.folder.path().c_str(), 0755) == 0);
  CHECK(error ==
        "lowbit: " + before.path + ": cannot create a file in its directory: Permission denied");
  before.check_unchanged();
}

TEST_CASE("a path that is a folder, or leads through none, is an error") {
  const lowbit_test::temporary_folder folder;
  const std::string path = folder.path().string(), nowhere = folder / "none/f";
  CHECK(error_of([&] { lowbit::save(path, "w", matrix(3)); }) ==
        "lowbit: " + path + ": exists and is not a regular file");
  CHECK(error_of([&] { lowbit::save(nowhere, "w", matrix(3)); }) ==
        "lowbit: " + nowhere +
            ": cannot create a file in its directory: No such file or directory");
  CHECK(folder.entries() == 0);
}

TEST_CASE("a name used twice is an error before anything is written") {
  const saved_before before;
  lowbit::matrix_writer out;
  out.add("w", matrix(4));
  out.add("w", matrix(5));
  CHECK_THROWS_AS(out.write(before.path), lowbit::error);
  before.check_unchanged();
}
