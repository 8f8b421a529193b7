// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "saved_model.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <limits>
#include <lowbit/core/random.hpp>

namespace tiny_lm {
namespace {

using lb::errc;
using lb::fail;
using lb::message;

constexpr weight_format formats[] = {{"f32", "float32"}};

/// A stored tensor, with its values in float32 if it is a projection.
lb::safetensors::tensor as_f32(const tensor_file& checkpoint, const tensor_spec& spec,
                               std::vector<float>& values) {
  values = checkpoint.values(spec);
  return {spec.name,
          lb::safetensors::dtype::f32,
          spec.shape,
          {reinterpret_cast<const std::uint8_t*>(values.data()),
           static_cast<index_t>(values.size() * sizeof(float))}};
}

/// The least of several times of a call, in microseconds.
template <class F>
double best_time(int runs, F call) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  return best;
}

}  // namespace

lb::span<const weight_format> all_formats() { return formats; }

const weight_format& format_named(std::string_view name) {
  std::string known;
  for (const weight_format& f : all_formats()) {
    if (f.name == name) return f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  fail(errc::bad_argument, "--format", message("\"", name, "\" is unknown, expected of: ", known));
}

saved_model save_model(const config& sizes, const tensor_file& checkpoint, const weight_format&,
                       const std::string& path) {
  const std::vector<tensor_spec> specs = tensors_of(sizes);
  std::vector<std::vector<float>> kept(specs.size());
  std::vector<lb::safetensors::tensor> tensors;
  for (std::size_t i = 0; i < specs.size(); ++i)
    tensors.push_back(specs[i].is_projection ? as_f32(checkpoint, specs[i], kept[i])
                                             : checkpoint.find(specs[i]));
  lb::safetensors::write(path, tensors);

  saved_model saved;
  saved.file_bytes = static_cast<index_t>(std::filesystem::file_size(path));
  saved.bits_per_weight = 32;
  saved.mean_sqnr_db = std::numeric_limits<double>::infinity();
  return saved;
}

model load_model(const config& sizes, const std::string& path, const weight_format&, activations) {
  return load_dense_model(sizes, open_checkpoint(sizes, path));
}

gemv_times time_gemv(const weight_format&, activations) {
  constexpr index_t rows = 14336, cols = 4096;
  const lb::philox random{1};
  std::vector<float> values(static_cast<std::size_t>(rows * cols)), x(cols), y(rows);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.uniform(i) - 0.5f;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.uniform(i) - 0.5f;
  const dense_matrix w(lb::matrix_view<const float>(values.data(), rows, cols));
  const lb::thread_pool alone{1};
  const double us = best_time(5, [&] {
    w.multiply(lb::matrix_view<const float>(x.data(), 1, cols),
               lb::matrix_view<float>(y.data(), 1, rows), alone);
  });
  return {us, us};
}

}  // namespace tiny_lm
