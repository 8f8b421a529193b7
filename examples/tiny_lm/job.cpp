// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "job.hpp"

#include <cmath>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <utility>

#include "evaluate.hpp"
#include "gemv.hpp"
#include "generate.hpp"
#include "gnuplot.hpp"
#include "options.hpp"
#include "plot.hpp"
#include "progress.hpp"
#include "results.hpp"
#include "saved_model.hpp"
#include "text_file.hpp"

namespace tiny_lm {
namespace {

using lb::errc;
using lb::fail;
using lb::message;

constexpr std::string_view default_to_generate = "f32";
constexpr index_t generated_bytes = 256;

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

/// Where a model is read from and where what becomes of it is written.
struct paths {
  std::string config, checkpoint, text, out;

  explicit paths(const options& o)
      : config(o.model + "/config.json"),
        checkpoint(o.model + "/model.safetensors"),
        text(o.text.empty() ? o.model + "/test.txt" : o.text),
        out(o.out) {
    if (!std::filesystem::is_directory(o.model)) fail(errc::io, o.model, "is no folder of a model");
  }
  std::string quantized(const weight_format& f) const {
    return out + "/" + std::string(f.name) + ".safetensors";
  }
  void make_out() const {
    std::error_code why;
    std::filesystem::create_directories(out, why);
    if (why) fail(errc::io, out, message("cannot be made: ", why.message()));
  }
};

/// What one line of the table needs to know.
struct plan {
  weight_format format;
  std::vector<activations> inputs;
};

/// f32 first, then every chosen format.
std::vector<plan> plans_for(const options& o) {
  std::vector<weight_format> chosen;
  for (const std::string& name : o.formats) chosen.push_back(format_named(name));
  if (o.formats.empty()) chosen.assign(all_formats().begin(), all_formats().end());
  const weight_format& f32 = format_named("f32");
  std::vector<plan> plans{{f32, {activations::real}}};
  for (const weight_format& f : chosen) {
    if (f.name == f32.name) continue;
    std::vector<activations> inputs{o.only.value_or(activations::real)};
    if (!o.only && f.integers) inputs.push_back(activations::a8);
    plans.push_back({f, inputs});
  }
  return plans;
}

/// The windows to read: all of the text, or as many as asked for.
index_t windows_to_read(const options& o, const std::string& file, index_t text_bytes) {
  const index_t all = windows_of(text_bytes);
  if (all == 0)
    fail(errc::bad_argument, file,
         message("has ", text_bytes, " bytes, expected at least ", window_tokens + 1));
  if (o.windows.value_or(all) > all)
    fail(errc::out_of_range, "--windows",
         message(*o.windows, ", expected at most the ", all, " of ", file));
  return o.windows.value_or(all);
}

/// Evaluates the formats one by one; the first result is that of f32.
class evaluation_run {
 public:
  evaluation_run(const options& o, const std::vector<plan>& plans)
      : files_(o),
        sizes_(read_config(files_.config)),
        text_(lb::read_file(files_.text)),
        windows_(windows_to_read(o, files_.text, static_cast<index_t>(text_.size()))),
        threads_(o.threads),
        plans_(plans),
        shown_(count_rows(plans)) {
    if (sizes_.max_position_embeddings < window_tokens)
      fail(errc::out_of_range, "max_position_embeddings",
           message(sizes_.max_position_embeddings, ", expected at least the ", window_tokens,
                   " of a window"));
    open_checkpoint(sizes_, files_.checkpoint);
    require_gnuplot();
    files_.make_out();
  }

  void run() {
    print(message(files_.text, ": ", windows_, " windows of ", window_tokens, " bytes, ",
                  threads_.concurrency(), " threads\n"));
    for (const plan& p : plans_) {
      const std::string file = files_.quantized(p.format);
      shown_.begin(static_cast<int>(rows_.size()), "quantizing to " + std::string(p.format.name));
      const saved_model saved =
          save_model(sizes_, open_checkpoint(sizes_, files_.checkpoint), p.format, file, threads_);
      for (const activations input : p.inputs) evaluate_row(p.format, input, saved, file);
    }
    write_text(files_.out + "/results.csv", csv_text(rows_));
    write_text(files_.out + "/results.md", markdown_text(rows_, how()));
    run_gnuplot(plot_script(rows_, files_.out + "/rate_distortion"),
                files_.out + "/rate_distortion");
    print(message("wrote results.csv, results.md, rate_distortion.svg and .png to ", files_.out,
                  "\n"));
  }

 private:
  static int count_rows(const std::vector<plan>& plans) {
    std::size_t rows = 0;
    for (const plan& p : plans) rows += p.inputs.size();
    return static_cast<int>(rows);
  }

  void evaluate_row(const weight_format& format, activations input, const saved_model& saved,
                    const std::string& file) {
    shown_.begin(static_cast<int>(rows_.size()),
                 message(format.name, input == activations::a8 ? " with int8 activations" : ""));
    const model loaded = load_model(sizes_, file, format, input);
    evaluator measure(loaded, windows_, threads_);
    say_memory(measure);
    const score s = measure.run(text_, windows_, [&](index_t done) {
      shown_.update(static_cast<double>(done) / static_cast<double>(windows_));
    });
    if (!std::isfinite(s.perplexity))
      fail(errc::not_finite, message("perplexity of ", format.name), "is not finite");
    const gemv_times times = timer_.time(format, input);

    result_row row;
    row.format = format.name;
    row.input = input;
    row.bits_per_weight = saved.bits_per_weight;
    row.file_bytes = saved.file_bytes;
    row.perplexity = s.perplexity;
    row.ratio = rows_.empty() ? 1 : s.perplexity / rows_.front().perplexity;
    row.mean_sqnr_db = saved.mean_sqnr_db;
    row.eval_tokens_per_s = s.tokens_per_second;
    row.gemv_us = times.format_us;
    row.gemv_f32_us = times.f32_us;
    rows_.push_back(row);
    shown_.clear();
    print(console_line(row) + "\n");
    std::fflush(stdout);
  }

  /// Once, and again should a format need other buffers.
  void say_memory(const evaluator& measure) {
    if (std::exchange(buffer_bytes_, measure.buffer_bytes()) == measure.buffer_bytes()) return;
    shown_.clear();
    print(message("activation buffers: ", buffer_bytes_, " bytes\n"));
    if (rows_.empty()) print(console_head() + "\n");
  }

  std::string how() const {
    return message("Perplexity of ", windows_, " windows of ", window_tokens, " bytes, ",
                   threads_.concurrency(), " threads; `gemv` is one product with a 14336 x 4096 ",
                   "matrix, batch 1, on one thread; bits per weight count everything stored.");
  }

  paths files_;
  config sizes_;
  std::vector<std::uint8_t> text_;
  index_t windows_;
  lb::thread_pool threads_;
  std::vector<plan> plans_;
  progress shown_;
  std::vector<result_row> rows_;
  index_t buffer_bytes_ = 0;
  gemv_timer timer_;
};

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
  const model loaded =
      load_model(sizes, files.quantized(format), format, o.only.value_or(activations::real));
  const lb::thread_pool alone{1};  // a product of one token is too short to share
  session s(loaded, lb::min_of(window_tokens, sizes.max_position_embeddings), alone);
  const std::string text = generate(s, o.prompt, generated_bytes);
  std::fwrite(text.data(), 1, text.size(), stdout);
  print("\n");
}

void list_formats() {
  for (const weight_format& f : all_formats()) print(message(f.name, "\n"));
}

void run(const options& o) {
  switch (o.what) {
    case action::help:
      print(help_text());
      break;
    case action::list_formats:
      list_formats();
      break;
    case action::generate:
      generate_text(o);
      break;
    case action::evaluate:
      evaluation_run(o, plans_for(o)).run();
      break;
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    fail(errc::io, "standard output", "cannot be written");
}

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
