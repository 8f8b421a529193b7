// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "job.hpp"

#include <cstdio>
#include <exception>
#include <new>

#include "evaluation_run.hpp"
#include "generate.hpp"
#include "options.hpp"
#include "paths.hpp"
#include "saved_model.hpp"

namespace tiny_lm {
namespace {

using lb::errc;
using lb::fail;

constexpr std::string_view default_to_generate = "int4_g32";
constexpr index_t generated_bytes = 256;

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void generate_text(const options& o) {
  if (o.formats.size() > 1)
    fail(errc::bad_argument, "--format", "names several, expected one with --generate");
  const weight_format& format =
      format_named(o.formats.empty() ? default_to_generate : std::string_view(o.formats.front()));
  const paths files(o);
  const config sizes = read_config(files.config);
  const tensor_file checkpoint = open_checkpoint(sizes, files.checkpoint);
  files.make_out();
  save_model(sizes, checkpoint, format, files.quantized(format), lb::thread_pool{o.threads});
  const model loaded = load_model(sizes, files.quantized(format), format,
                                  o.only.value_or(activations::real), o.where);
  const lb::thread_pool alone{1};  // a product of one token is too short to share
  session s(loaded, lb::min_of(256, sizes.max_position_embeddings), alone);
  print(generate(s, o.prompt, generated_bytes) + "\n");
}

void list_formats() {
  for (const weight_format& f : all_formats()) print(std::string(f.name) + "\n");
}

void run(const options& o) {
  if (o.what == action::help) print(help_text());
  if (o.what == action::list_formats) list_formats();
  if (o.what == action::generate) generate_text(o);
  if (o.what == action::evaluate) run_evaluation(o);
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    fail(errc::io, "standard output", "cannot be written");
}

/// One line, whatever names of files or arguments hold.
void report(std::string problem) {
  for (char& c : problem)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  std::fflush(stdout);
  std::fprintf(stderr, "%s\n", problem.c_str());
}

}  // namespace

int run_job(const std::vector<std::string>& arguments) {
  try {
    run(parse_options(arguments));
    return 0;
  } catch (const std::bad_alloc&) {
    report("tiny_lm: there is not enough memory for a model of these sizes");
  } catch (const std::exception& e) {
    report(e.what());
  }
  return 1;
}

}  // namespace tiny_lm
