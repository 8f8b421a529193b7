// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "gnuplot.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <lowbit/core/error.hpp>

#include "text_file.hpp"

extern char** environ;

namespace tiny_lm {
namespace {

/// Runs gnuplot with one argument, its output in a file; the exit status, or -1 if it cannot start.
int exit_status(const std::string& argument, const std::string& output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::string program = "gnuplot", copy = argument;
  char* const arguments[] = {program.data(), copy.data(), nullptr};
  pid_t child = -1;
  const int refused =
      ::posix_spawnp(&child, program.c_str(), &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  int status = -1;
  if (refused != 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status) == 127 ? -1 : WEXITSTATUS(status);
}

}  // namespace

void require_gnuplot() {
  if (exit_status("--version", "/dev/null") != 0)
    lowbit::fail(lowbit::errc::io, "gnuplot", "cannot be started; install the package gnuplot-nox");
}

void run_gnuplot(const std::string& script, const std::string& stem) {
  write_text(stem + ".gp", script);
  const int status = exit_status(stem + ".gp", stem + ".log");
  if (status != 0)
    lowbit::fail(lowbit::errc::io, "gnuplot",
                 lowbit::message("failed with status ", status, ", see ", stem, ".log"));
  std::error_code ignored;
  std::filesystem::remove(stem + ".log", ignored);
}

}  // namespace tiny_lm
