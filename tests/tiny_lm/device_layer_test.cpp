// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The model by the kernels for devices, in lockstep.
#include "device_layer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>

#include "error_text.hpp"
#include "evaluate.hpp"
#include "gpu_formats.hpp"
#include "packed_model.hpp"
#include "support/compiled_kernels.hpp"
#include "support/lockstep_runner.hpp"

using tiny_lm::activations;
using namespace tiny_lm_test;

namespace {

namespace lb = lowbit;
using test::lockstep_runner;

class lockstep_session : public tiny_lm::device_memory {
 public:
  index_t bytes() const override { return index_t(work_.bytes.size() * 8); }

  template <class View>
  void multiply(const View& w, lb::matrix_view<const float> x, activations input,
                lb::matrix_view<float> y) {
    if (input == activations::a8)
      run(w, lb::kernels::device_int8<lb::a8, float>{x}, y);
    else
      run(w, lb::kernels::device_real<float>{x}, y);
  }

 private:
  template <class View, class Input>
  void run(const View& w, const Input& x, lb::matrix_view<float> y) {
    const index_t needed = lb::kernels::device_workspace_bytes<Input>(w, y.rows());
    if (work_.get().bytes < needed) work_ = lockstep_runner::memory(needed);
    lb::kernels::multiply_on(lockstep_runner{}.launcher(), w, x, y, work_.get(), {});
  }

  lockstep_runner::memory work_{0};
};

struct tiny_lm_runner {
  using session = lockstep_session;
  template <class F>
  class matrix {
   public:
    explicit matrix(const lb::quantized_matrix<F>& w) : own_(lb::repack<lb::device_layout<F>>(w)) {}
    auto view() const { return own_.view(); }
    index_t bytes() const { return own_.owned.bytes(); }

   private:
    lockstep_runner::matrix<lb::quantized_matrix<F, lb::device_layout<F>>> own_;
  };
};

/// A saved model with its projections in lockstep.
template <class F>
tiny_lm::model lockstep_model(const tiny_lm::config& sizes, const std::string& path,
                              activations input) {
  const tiny_lm::tensor_file tensors(path);
  const lb::matrix_file matrices(path);
  return tiny_lm::assemble_model(
      sizes, tensors, [&](index_t layer, lb::span<const tiny_lm::projection> group) {
        std::vector<std::unique_ptr<tiny_lm::device_layer>> layers;
        for (const tiny_lm::projection p : group)
          layers.push_back(std::make_unique<tiny_lm::layer_on<tiny_lm_runner, F>>(
              matrices.load<F>(tiny_lm::projection_name(layer, p))));
        return std::make_unique<tiny_lm::device_group>(std::move(layers), input);
      });
}

template <class Entry>
void check_logits(const packed_model& small) {
  const tiny_lm::weight_format& format = tiny_lm::format_named(std::string_view(Entry::name));
  CAPTURE(format.name);
  small.save(format);
  for (const activations input : {activations::real, activations::a8}) {
    CAPTURE(name_of(input));
    const std::vector<float> expected = packed_model::logits_of(small.load(format, input));
    const std::vector<float> found = packed_model::logits_of(
        lockstep_model<typename Entry::format_type>(small.sizes(), small.file(format), input));
    double most = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      most = std::fmax(most, std::fabs(double(found[i]) - double(expected[i])));
    // A sum that differs in its last bit may round to another level of int8 a layer later.
    CHECK(most < (input == activations::a8 ? 0.1 : 0.001));
    CHECK(most > 0);  // other sums, of another kernel
  }
}

}  // namespace

TEST_CASE("kernels for devices give the logits of those for the host") {
  const packed_model small;
  check_logits<lb::int4_g32>(small);         // on tensor cores
  check_logits<lb::int3_g64_sparse>(small);  // with outliers
  check_logits<lb::vq_4x8>(small);           // by the generic kernel
}

TEST_CASE("windows of the real model: the perplexity in lockstep is the host's") {
  const std::string folder = "examples/tiny_lm/model/";
  const tiny_lm::config sizes = tiny_lm::read_config(folder + "config.json");
  const lowbit_test::temporary_folder out;
  const tiny_lm::weight_format& format = tiny_lm::format_named("int4_g32");
  const std::string path = out / "int4_g32.safetensors";
  const lb::thread_pool threads;
  tiny_lm::save_model(sizes, tiny_lm::open_checkpoint(sizes, folder + "model.safetensors"), format,
                      path, threads);
  const std::vector<std::uint8_t> text = lb::read_file(folder + "test.txt");
  const index_t tokens = std::getenv("LOWBIT_NIGHTLY") ? tiny_lm::window_tokens : 24;
  for (const activations input : {activations::real, activations::a8}) {
    CAPTURE(name_of(input));
    const tiny_lm::model models[] = {tiny_lm::load_model(sizes, path, format, input),
                                     lockstep_model<lb::int4_g32::format_type>(sizes, path, input)};
    double nll[2] = {};
    for (int i = 0; i < 2; ++i) {
      tiny_lm::session s(models[i], tokens, threads);
      for (index_t window = 0; window < 2; ++window) {
        const index_t first = window * tiny_lm::window_tokens;
        s.restart();
        const auto logits = s.read(lb::span<const std::uint8_t>(text).part(first, tokens));
        for (index_t t = 0; t < tokens; ++t) {
          double sum = 0;
          for (index_t c = 0; c < 256; ++c) sum += std::exp(double(logits(t, c)));
          nll[i] += std::log(sum) - double(logits(t, text[std::size_t(first + t + 1)]));
        }
      }
    }
    CHECK(nll[1] == doctest::Approx(nll[0]).epsilon(1e-3));
    CHECK(nll[1] != nll[0]);
    CHECK(nll[0] / double(2 * tokens) < 2);  // nats: a model that predicts
  }
}

TEST_CASE("formats that no GPU kernel was compiled for are errors that say so") {
  if (tiny_lm::gpu_formats().empty())
    CHECK(error_text([] { tiny_lm::gpu_format_named("int4_g32"); }) ==
          "lowbit: --device: gpu needs a program that was built with nvcc");
  else
    CHECK(error_text([] {
            tiny_lm::gpu_format_named("int4");
          }).starts_with("lowbit: --device: gpu has no \"int4\" in this program, expected of: "));
}
