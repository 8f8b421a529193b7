// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The numbers of the main job's table, on the shipped model: every format costs what it must. Of
// what the model's README lists, one format for each kind of levels, of scales and of range search
// is read in full, the rest on fewer windows (all of them in nightly runs). About a minute on two
// cores.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "evaluate.hpp"
#include "saved_model.hpp"
#include "support/temporary_folder.hpp"

using tiny_lm::activations;
using tiny_lm::index_t;

namespace {

constexpr index_t all_windows = 256;

bool is_nightly() { return std::getenv("LOWBIT_NIGHTLY") != nullptr; }
/// As many windows, or all in a nightly run.
index_t at_least(index_t windows) { return is_nightly() ? all_windows : windows; }

/// Perplexity ratios on the shipped model. Every format is quantized once, every window read once.
class table {
 public:
  /// Perplexity over f32's, of the first windows.
  double ratio(std::string_view format, index_t windows, activations input = activations::real) {
    return std::exp((nll(format, windows, input) - nll("f32", windows, activations::real)) /
                    double(windows * tiny_lm::window_tokens));
  }

 private:
  double nll(std::string_view format, index_t windows, activations input) {
    std::vector<double>& known =
        known_[std::string(format) + " " + std::string(tiny_lm::name_of(input))];
    if (index_t(known.size()) < windows) {
      const tiny_lm::weight_format& f = tiny_lm::format_named(format);
      const std::string path = folder_ / std::string(format);
      if (!std::filesystem::exists(path))
        tiny_lm::save_model(sizes_, tiny_lm::open_checkpoint(sizes_, from_ + "model.safetensors"),
                            f, path, threads_);
      const tiny_lm::model m = tiny_lm::load_model(sizes_, path, f, input);
      tiny_lm::evaluator e(m, windows, threads_);
      e.run(text_, windows);
      known.assign(e.window_nll().begin(), e.window_nll().end());
    }
    double sum = 0;
    for (index_t i = 0; i < windows; ++i) sum += known[std::size_t(i)];
    return sum;
  }

  const std::string from_ = "examples/tiny_lm/model/";
  const tiny_lm::config sizes_ = tiny_lm::read_config(from_ + "config.json");
  const std::vector<std::uint8_t> text_ = lowbit::read_file(from_ + "test.txt");
  const lowbit::thread_pool threads_;
  lowbit_test::temporary_folder folder_;
  std::map<std::string, std::vector<double>> known_;  // per window
};

table& shared_table() {
  static table t;
  return t;
}

}  // namespace

TEST_CASE("round to nearest costs what the model's README says, within 0.3 %") {
  struct row {
    const char* format;
    double ratio;
  };
  const std::vector<row> every_kind = {{"int8_row", 1.0000},      {"q8_0", 1.0000},
                                       {"int4_g32", 1.0042},      {"q4_0", 1.0025},
                                       {"int4_g64_asym", 1.0026}, {"nf4", 1.0036},
                                       {"iq4_nl", 1.0024},        {"mxfp4", 1.0076},
                                       {"nvfp4", 1.0030},         {"int3_g64_sparse", 1.0145},
                                       {"int2_g16_asym", 1.0746}, {"int2_g16_search", 1.0541},
                                       {"ternary_g64", 1.3246}};
  // Other widths and groups of these kinds, which the tests of formats and kernels have too.
  const std::vector<row> other_sizes = {{"int6_g64", 1.0000},       {"int5_g64", 1.0017},
                                        {"int4_g32_asym", 1.0024},  {"int4_g128", 1.0064},
                                        {"int4_g128_asym", 1.0032}, {"int3_g32_asym", 1.0149},
                                        {"int3_g64_asym", 1.0179},  {"int3_g64_search", 1.0198}};
  const auto check = [](const std::vector<row>& rows) {
    for (const auto& [format, expected] : rows) {
      CAPTURE(format);
      CHECK(std::fabs(shared_table().ratio(format, all_windows) / expected - 1) < 0.003);
    }
  };
  check(every_kind);
  if (is_nightly()) check(other_sizes);
}

TEST_CASE("q8_0 is within 0.1 % of f32") {
  CHECK(std::fabs(shared_table().ratio("q8_0", all_windows) - 1) < 0.001);
}

TEST_CASE("more bits at the same granularity are never worse by more than 0.1 %") {
  const index_t windows = at_least(64);
  const std::vector<const char*> families[] = {{"int4_g64", "int5_g64", "int6_g64", "int7_g64"},
                                               {"int3_g32_asym", "int4_g32_asym"},
                                               {"int3_g64_asym", "int4_g64_asym"},
                                               {"int4_g32", "q8_0"},
                                               {"binary_g64", "ternary_g64"},
                                               {"nf3", "nf4"},
                                               {"mxfp4", "mxfp6", "mxfp8"},
                                               {"q2_k", "q3_k", "q4_k"},
                                               {"vq_4x8", "rvq_4x8x4"},
                                               {"complex_unit_g64", "complex_unit_x2_g64"}};
  for (const std::vector<const char*>& family : families)
    for (std::size_t i = 1; i < family.size(); ++i) {
      CAPTURE(family[i]);
      CHECK(shared_table().ratio(family[i], windows) <
            1.001 * shared_table().ratio(family[i - 1], windows));
    }
}

TEST_CASE("every format gives a perplexity that makes sense, with both activations") {
  const index_t windows = at_least(4);
  for (const tiny_lm::weight_format& f : tiny_lm::all_formats()) {
    CAPTURE(f.name);
    const double real = shared_table().ratio(f.name, windows);
    CHECK(real > 0.98);
    CHECK(real < 70);  // a bit per weight that nobody trained for leaves little: chance is 72
    if (f.is_f32()) continue;
    CHECK(std::fabs(shared_table().ratio(f.name, windows, activations::a8) / real - 1) < 0.01);
  }
}
