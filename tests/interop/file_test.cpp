// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/interop/file.hpp>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <numeric>

#include "../support/temporary_folder.hpp"

namespace {

using lowbit_test::temporary_folder;
using bytes = std::vector<std::uint8_t>;
using parts = std::vector<lowbit::span<const std::uint8_t>>;

/// The error that f throws; fails the test if it throws none.
template <class F>
lowbit::error error_of(F f) {
  try {
    f();
  } catch (const lowbit::error& e) {
    return e;
  }
  FAIL("expected an error");
  return {lowbit::errc::io, "", ""};
}

void check_io_error(const lowbit::error& e, const std::string& path, const std::string& problem) {
  CHECK(e.code() == lowbit::errc::io);
  CHECK(e.argument() == path);
  CHECK(std::string(e.what()) == "lowbit: " + path + ": " + problem);
}

void write(const std::string& path, const bytes& content) {
  lowbit::write_file(path, parts{content});
}

}  // namespace

TEST_CASE("what was written in parts is read as a whole") {
  temporary_folder folder;
  bytes content(100'003);
  std::iota(content.begin(), content.end(), std::uint8_t(7));
  const lowbit::span<const std::uint8_t> all(content);
  lowbit::write_file(
      folder / "f",
      parts{all.part(0, 1), {}, all.part(1, 4096), all.part(4097, all.size() - 4097)});
  CHECK(lowbit::read_file(folder / "f") == content);
  write(folder / "f", {1, 2});
  CHECK(lowbit::read_file(folder / "f") == bytes{1, 2});
  lowbit::write_file(folder / "f", {});
  CHECK(lowbit::read_file(folder / "f").empty());
  CHECK(folder.entries() == 1);
}

TEST_CASE("a file gets the usual permissions, or keeps those that it had") {
  temporary_folder folder;
  const mode_t before = ::umask(022);
  write(folder / "f", {1});
  ::umask(before);
  struct stat info;
  REQUIRE(::stat((folder / "f").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0644);
  REQUIRE(::chmod((folder / "f").c_str(), 0600) == 0);
  write(folder / "f", {2});
  REQUIRE(::stat((folder / "f").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE("reading: a missing file, a folder, a name through a file are io errors") {
  temporary_folder folder;
  const std::string missing = folder / "missing";
  check_io_error(error_of([&] { (void)lowbit::read_file(missing); }), missing,
                 "cannot open it for reading: No such file or directory");
  check_io_error(error_of([&] { (void)lowbit::read_file(folder.path().string()); }),
                 folder.path().string(), "is not a regular file");
  write(folder / "f", {1});
  check_io_error(error_of([&] { (void)lowbit::read_file(folder / "f/g"); }), folder / "f/g",
                 "cannot open it for reading: Not a directory");
}

TEST_CASE("writing: where no file can be made nothing changes") {
  temporary_folder folder;
  const std::string nowhere = folder / "none/f";
  check_io_error(error_of([&] { write(nowhere, {1}); }), nowhere,
                 "cannot create a file in its directory: No such file or directory");
  check_io_error(error_of([&] { write(folder.path().string(), {1}); }), folder.path().string(),
                 "exists and is not a regular file");
  check_io_error(error_of([&] { write("/dev/null", {1}); }), "/dev/null",
                 "exists and is not a regular file");
  check_io_error(error_of([&] { write("", {1}); }), "",
                 "cannot put the new file there: No such file or directory");
  const std::string long_name = folder / std::string(300, 'n');
  check_io_error(error_of([&] { write(long_name, {1}); }), long_name,
                 "cannot put the new file there: File name too long");
  CHECK(folder.entries() == 0);
}

TEST_CASE("writing: a folder without permission keeps its old file") {
  temporary_folder folder;
  write(folder / "f", {1, 2, 3});
  REQUIRE(::chmod(folder.path().c_str(), 0555) == 0);
  const uid_t user = ::geteuid();
  const bool was_root = user == 0 && ::seteuid(65534) == 0;  // root may write anywhere
  const lowbit::error e = error_of([&] { write(folder / "f", {4}); });
  if (was_root) REQUIRE(::seteuid(user) == 0);
  REQUIRE(::chmod(folder.path().c_str(), 0755) == 0);
  check_io_error(e, folder / "f", "cannot create a file in its directory: Permission denied");
  CHECK(lowbit::read_file(folder / "f") == bytes{1, 2, 3});
  CHECK(folder.entries() == 1);
}

TEST_CASE("writing: a disk that fills up half way keeps the old file and no temporary one") {
  temporary_folder folder;
  write(folder / "f", {1, 2, 3});
  rlimit before;
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 10'000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  const lowbit::error e = error_of([&] { write(folder / "f", bytes(20'000)); });
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, old_handler);
  check_io_error(e, folder / "f", "cannot write it: File too large");
  CHECK(lowbit::read_file(folder / "f") == bytes{1, 2, 3});
  CHECK(folder.entries() == 1);
}

TEST_CASE("writing: temporary names that are taken are left alone, and the next one is used") {
  temporary_folder folder;
  // Every second name, so that at least one of two writes meets one.
  const auto taken = [&](int i) {
    return folder / lowbit::message(".lowbit-", ::getpid(), "-", i, ".tmp");
  };
  for (int i = 0; i < 1000; i += 2) std::ofstream(taken(i)) << "other";
  for (std::uint8_t i = 0; i < 2; ++i) {
    write(folder / "f", {i});
    CHECK(lowbit::read_file(folder / "f") == bytes{i});
  }
  CHECK(folder.entries() == 501);
  for (int i = 0; i < 1000; i += 2) CHECK(lowbit::read_file(taken(i)).size() == 5);
}

TEST_CASE("writing replaces a symbolic link and leaves what it pointed to") {
  temporary_folder folder;
  write(folder / "target", {1});
  std::filesystem::create_symlink("target", folder / "link");
  write(folder / "link", {2});
  CHECK_FALSE(std::filesystem::is_symlink(folder / "link"));
  CHECK(lowbit::read_file(folder / "link") == bytes{2});
  CHECK(lowbit::read_file(folder / "target") == bytes{1});
}
