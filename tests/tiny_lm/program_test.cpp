// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The program as a user runs it: what it prints, what it writes, how it ends.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "support/temporary_folder.hpp"

namespace {

const std::string model = "examples/tiny_lm/model";

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct outcome {
  int status;
  std::string out, err;
};

/// Runs the program with arguments as a shell reads them.
outcome run(const std::string& arguments) {
  const lowbit_test::temporary_folder folder;
  const std::string out = folder / "stdout", err = folder / "stderr";
  const std::string command =
      "'" TINY_LM_PROGRAM "' " + arguments + " >'" + out + "' 2>'" + err + "' </dev/null";
  const int status = std::system(command.c_str());
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, bytes_of(out), bytes_of(err)};
}

/// Checks that a run failed as failures must look, and returns the line on standard error.
std::string error_of(const std::string& arguments) {
  CAPTURE(arguments);
  const outcome o = run(arguments);
  CHECK(o.status == 1);
  CHECK(std::count(o.err.begin(), o.err.end(), '\n') == 1);
  CHECK(o.err.ends_with("\n"));
  CHECK(o.err.starts_with("lowbit: "));
  return o.err.substr(0, o.err.size() - 1);
}

/// A copy of the shipped model whose files a test may change.
class model_copy {
 public:
  model_copy() {
    for (const char* name : {"config.json", "model.safetensors", "test.txt"})
      std::filesystem::copy_file(model + "/" + name, folder_ / name);
  }
  std::string path() const { return folder_.path().string(); }
  std::string operator/(const std::string& name) const { return folder_ / name; }
  std::string arguments() const { return "--model '" + path() + "' --out '" + path() + "/out'"; }

 private:
  lowbit_test::temporary_folder folder_;
};

/// The first two columns of a table, lines ended by semicolons.
std::string first_columns(const std::string& path) {
  std::istringstream lines(bytes_of(path));
  std::string text;
  for (std::string line; std::getline(lines, line);)
    text += line.substr(0, line.find(',', line.find(',') + 1)) + ";";
  return text;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

}  // namespace

TEST_CASE("--help describes the program and succeeds") {
  const outcome o = run("--help");
  CHECK(o.status == 0);
  CHECK(o.err.empty());
  CHECK(o.out.find("usage: tiny_lm [options]") != std::string::npos);
}

TEST_CASE("--list-formats prints one name a line, f32 among them") {
  const outcome o = run("--list-formats");
  CHECK(o.status == 0);
  CHECK(o.err.empty());
  CHECK(("\n" + o.out).find("\nf32\n") != std::string::npos);
  CHECK(o.out.find(' ') == std::string::npos);
}

TEST_CASE("an unknown format is an error that lists what exists") {
  const std::string error = error_of("--format f32,nonsense");
  CHECK(error.find("\"nonsense\" is unknown, expected of: ") != std::string::npos);
  std::istringstream names(run("--list-formats").out);
  for (std::string name; std::getline(names, name);) CHECK(error.find(name) != std::string::npos);
}

TEST_CASE("mistakes on the command line are one line on standard error") {
  CHECK(error_of("--nonsense") ==
        "lowbit: --nonsense: is no option of this program; --help lists them");
  CHECK(error_of("--threads zero") ==
        "lowbit: --threads: \"zero\", expected a whole number from 1 to 1024");
  CHECK(error_of("--windows") == "lowbit: --windows: expects a value: N");
  CHECK(error_of("\"$(printf 'two\\nlines')\"") ==
        "lowbit: two?lines: is no option of this program; --help lists them");
}

TEST_CASE("a folder without a file, and no folder, are errors that name it") {
  CHECK(error_of("--model no/such/folder") == "lowbit: no/such/folder: is no folder of a model");
  for (const char* name : {"config.json", "model.safetensors", "test.txt"}) {
    const model_copy copy;
    std::filesystem::remove(copy / name);
    CHECK(error_of(copy.arguments()).starts_with("lowbit: " + copy / name + ": "));
    CHECK_FALSE(std::filesystem::exists(copy / "out"));
  }
}

TEST_CASE("texts that are empty or shorter than a window are errors") {
  const model_copy copy;
  for (const std::size_t size : {0, 1, 256}) {
    write(copy / "test.txt", std::string(size, 'x'));
    CHECK(error_of(copy.arguments()) == "lowbit: " + copy / "test.txt: has " +
                                            std::to_string(size) + " bytes, expected at least 257");
  }
  write(copy / "other.txt", std::string(600, 'x'));
  CHECK(error_of(copy.arguments() + " --text '" + copy / "other.txt' --windows 3") ==
        "lowbit: --windows: 3, expected at most the 2 of " + copy / "other.txt");
}

TEST_CASE("files that are damaged are errors") {
  const model_copy copy;
  const std::string config = bytes_of(copy / "config.json");
  write(copy / "config.json", config.substr(0, config.size() / 2));
  CHECK(error_of(copy.arguments()) == "lowbit: config.json: is not valid JSON");
  std::string smaller = config;
  smaller.replace(smaller.find("256"), 3, "128");
  write(copy / "config.json", smaller);
  CHECK(error_of(copy.arguments()).find("expected [256, 128]") != std::string::npos);
  write(copy / "config.json", config);
  std::filesystem::resize_file(copy / "model.safetensors", 7000000);
  CHECK(error_of(copy.arguments()).starts_with("lowbit: " + copy / "model.safetensors: "));
}

TEST_CASE("a folder for the results that cannot be made is an error") {
  const model_copy copy;
  write(copy / "out", "a file");
  CHECK(error_of(copy.arguments()).starts_with("lowbit: " + copy / "out: cannot be made: "));
}

TEST_CASE("a run writes table and plot, prints the table, and nothing on standard error") {
  const model_copy copy;
  const outcome o = run(copy.arguments() + " --format q4_0 --windows 4 --threads 2");
  CHECK(o.status == 0);
  CHECK(o.err.empty());
  CHECK(o.out.find("4 windows of 256 bytes, 2 threads\n") != std::string::npos);
  CHECK(o.out.find("in memory    buffers\n") != std::string::npos);
  CHECK(o.out.find('\r') == std::string::npos);  // progress is for terminals
  CHECK(first_columns(copy / "out/results.csv") ==
        "format,activations;f32,real;q4_0,real;q4_0,a8;");
  CHECK(bytes_of(copy / "out/results.csv")
            .starts_with("format,activations,bits_per_weight,file_bytes,perplexity,ratio,"
                         "mean_sqnr_db,eval_tokens_per_s,gemv_us,gemv_f32_us\nf32,real,32.0000,"));
  for (const char* name : {"results.md", "rate_distortion.svg", "rate_distortion.png"})
    CHECK(std::filesystem::file_size(copy / "out/" + name) > 0);
  CHECK(std::filesystem::file_size(copy / "out/f32.safetensors") > 13000000);
  CHECK(std::filesystem::file_size(copy / "out/q4_0.safetensors") < 2300000);
}

TEST_CASE("--activations leaves one row per format beside f32") {
  const model_copy copy;
  const std::string arguments = copy.arguments() + " --format nf4,q4_0 --windows 1 --activations ";
  CHECK(run(arguments + "real").status == 0);
  CHECK(first_columns(copy / "out/results.csv") ==
        "format,activations;f32,real;nf4,real;q4_0,real;");
  CHECK(run(arguments + "a8").status == 0);
  CHECK(first_columns(copy / "out/results.csv") == "format,activations;f32,real;nf4,a8;q4_0,a8;");
}

TEST_CASE("--generate prints 256 bytes, the same ones again for the same prompt") {
  const model_copy copy;
  const std::string arguments = copy.arguments() + " --format f32 --generate 'And the king '";
  const outcome o = run(arguments);
  CHECK(o.status == 0);
  CHECK(o.err.empty());
  CHECK(o.out.size() == 257);
  CHECK(o.out.back() == '\n');
  CHECK(run(arguments).out == o.out);
  CHECK(run(copy.arguments() + " --format f32 --generate 'And the queen '").out != o.out);
  // Another model by default: a quantized one.
  const outcome quantized = run(copy.arguments() + " --generate 'And the king '");
  CHECK(quantized.status == 0);
  CHECK(quantized.out.size() == 257);
  CHECK(quantized.out != o.out);
  CHECK(error_of(copy.arguments() + " --format nf4,q4_0 --generate 'And '") ==
        "lowbit: --format: names several, expected one with --generate");
}
