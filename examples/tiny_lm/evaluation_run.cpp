// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "evaluation_run.hpp"

#include <cmath>
#include <cstdio>

#include "evaluate.hpp"
#include "gemv.hpp"
#include "gnuplot.hpp"
#include "gpu_formats.hpp"
#include "paths.hpp"
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

/// A row of the table that is to be made.
struct planned_row {
  weight_format format;
  activations input;
  gemv_times gemv;
};

std::string label(const planned_row& row) {
  return message(row.format.name, row.input == activations::a8 ? " with int8 activations" : "");
}

/// f32 first, then every chosen format.
std::vector<planned_row> plan_rows(const options& o) {
  std::vector<weight_format> chosen;
  for (const std::string& name : o.formats) chosen.push_back(format_named(name));
  if (o.formats.empty() && o.where == device::cpu) chosen = all_formats();
  if (o.formats.empty() && o.where == device::gpu)
    for (const gpu_format& f : gpu_formats()) chosen.push_back(format_named(f.name));
  if (o.where == device::gpu)
    for (const weight_format& f : chosen)
      if (!f.is_f32()) gpu_format_named(f.name);  // before anything is computed
  if (o.where == device::gpu && chosen.empty()) gpu_format_named("any format");
  std::vector<planned_row> rows{{all_formats().front(), activations::real, {}}};
  for (const weight_format& f : chosen) {
    if (f.is_f32()) continue;
    rows.push_back({f, o.only.value_or(activations::real), {}});
    if (!o.only && f.integers) rows.push_back({f, activations::a8, {}});
  }
  return rows;
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

class evaluation_run {
 public:
  explicit evaluation_run(const options& o)
      : plan_(plan_rows(o)),
        files_(o),
        sizes_(read_config(files_.config)),
        text_(lb::read_file(files_.text)),
        windows_(windows_to_read(o, files_.text, static_cast<index_t>(text_.size()))),
        threads_(o.threads),
        where_(o.where),
        shown_(static_cast<double>(plan_.size()) * (timing_weight + 1)) {
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
                  threads_.concurrency(), " threads\n", console_head(), "\n"));
    if (where_ == device::cpu) time_kernels();
    const planned_row* before = nullptr;
    saved_model saved;
    for (const planned_row& row : plan_) {
      shown_.begin(1, label(row));
      if (before == nullptr || before->format.name != row.format.name)
        saved = save_model(sizes_, open_checkpoint(sizes_, files_.checkpoint), row.format,
                           files_.quantized(row.format), threads_);
      evaluate(row, saved);
      before = &row;
    }
    write_results();
  }

 private:
  static constexpr double timing_weight = 0.1;  // of an evaluation's time

  void print(const std::string& text) {
    shown_.clear();
    std::fputs(text.c_str(), stdout);
    std::fflush(stdout);
  }

  /// Before all evaluations: its large matrices are gone when they begin.
  void time_kernels() {
    const gemv_timer timer;
    for (planned_row& row : plan_) {
      shown_.begin(timing_weight, "timing " + label(row));
      row.gemv = timer.time(row.format, row.input);
    }
  }

  void evaluate(const planned_row& planned, const saved_model& saved) {
    const std::string file = files_.quantized(planned.format);
    const model loaded = load_model(sizes_, file, planned.format, planned.input, where_);
    evaluator measure(loaded, windows_, threads_);
    const score s = measure.run(text_, windows_, [&](index_t done) {
      shown_.update(static_cast<double>(done) / static_cast<double>(windows_));
    });
    if (!std::isfinite(s.perplexity))
      fail(errc::not_finite, label(planned), "has no finite perplexity");

    result_row row;
    row.format = planned.format.name;
    row.input = planned.input;
    row.bits_per_weight = saved.bits_per_weight;
    row.file_bytes = saved.file_bytes;
    row.perplexity = s.perplexity;
    row.ratio = rows_.empty() ? 1 : s.perplexity / rows_.front().perplexity;
    row.mean_sqnr_db = saved.mean_sqnr_db;
    row.eval_tokens_per_s = s.tokens_per_second;
    row.gemv_us = planned.gemv.format_us;
    row.gemv_f32_us = planned.gemv.f32_us;
    row.memory_bytes = loaded.projection_bytes() + loaded.other_bytes();
    row.buffer_bytes = measure.buffer_bytes();
    rows_.push_back(row);
    print(console_line(row) + "\n");
  }

  void write_results() {
    const std::string gemv =
        where_ == device::cpu
            ? "`gemv` is one product with a 14336 x 4096 matrix, batch 1, on one thread"
            : "quantized weights are multiplied on a GPU";
    const std::string how = message("Perplexity of ", windows_, " windows of ", window_tokens,
                                    " bytes, ", threads_.concurrency(), " threads; ", gemv,
                                    "; bits per weight count everything stored.");
    const std::string plot = files_.out + "/rate_distortion";
    write_text(files_.out + "/results.csv", csv_text(rows_));
    write_text(files_.out + "/results.md", markdown_text(rows_, how));
    run_gnuplot(plot_script(rows_, plot), plot);
    print(message("wrote results.csv, results.md, rate_distortion.svg and .png to ", files_.out,
                  "\n"));
  }

  std::vector<planned_row> plan_;
  paths files_;
  config sizes_;
  std::vector<std::uint8_t> text_;
  index_t windows_;
  lb::thread_pool threads_;
  device where_;
  progress shown_;
  std::vector<result_row> rows_;
};

}  // namespace

void run_evaluation(const options& o) { evaluation_run(o).run(); }

}  // namespace tiny_lm
