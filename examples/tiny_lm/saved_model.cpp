// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "saved_model.hpp"

#include <filesystem>
#include <limits>

namespace tiny_lm {
namespace {

lb::matrix_view<const float> matrix_of(const std::vector<float>& values, const tensor_spec& spec) {
  return {values.data(), spec.shape[0], spec.shape[1]};
}

saved_model save_f32(const config& sizes, const tensor_file& checkpoint, const std::string& path) {
  std::vector<std::vector<float>> kept;
  std::vector<lb::safetensors::tensor> tensors;
  for (const tensor_spec& spec : tensors_of(sizes)) {
    if (!spec.is_projection) {
      tensors.push_back(checkpoint.find(spec));
      continue;
    }
    kept.push_back(checkpoint.values(spec));
    tensors.push_back({spec.name,
                       lb::safetensors::dtype::f32,
                       spec.shape,
                       {reinterpret_cast<const std::uint8_t*>(kept.back().data()),
                        static_cast<index_t>(kept.back().size() * sizeof(float))}});
  }
  lb::safetensors::write(path, tensors);
  return {0, 32, std::numeric_limits<double>::infinity()};
}

saved_model save_packed(const config& sizes, const tensor_file& checkpoint,
                        const weight_format& format, const std::string& path,
                        const lb::thread_pool& threads) {
  lb::matrix_writer file;
  double bytes = 0, weights = 0, decibels = 0, matrices = 0;
  for (const tensor_spec& spec : tensors_of(sizes)) {
    if (!spec.is_projection) {
      file.add(checkpoint.find(spec));
      continue;
    }
    const std::vector<float> values = checkpoint.values(spec);
    const saved_matrix saved = format.save(file, spec.name, matrix_of(values, spec), threads);
    bytes += static_cast<double>(saved.bytes);
    weights += static_cast<double>(values.size());
    decibels += saved.sqnr_db;
    ++matrices;
  }
  file.write(path);
  return {0, 8 * bytes / weights, decibels / matrices};
}

}  // namespace

saved_model save_model(const config& sizes, const tensor_file& checkpoint,
                       const weight_format& format, const std::string& path,
                       const lb::thread_pool& threads) {
  saved_model saved = format.is_f32() ? save_f32(sizes, checkpoint, path)
                                      : save_packed(sizes, checkpoint, format, path, threads);
  saved.file_bytes = static_cast<index_t>(std::filesystem::file_size(path));
  return saved;
}

model load_model(const config& sizes, const std::string& path, const weight_format& format,
                 activations input) {
  const tensor_file tensors(path);
  if (format.is_f32()) return load_dense_model(sizes, tensors);
  const lb::matrix_file matrices(path);
  return assemble_model(
      sizes, tensors,
      [&](index_t layer, lb::span<const projection> group) -> std::unique_ptr<linear_group> {
        std::vector<lb::any_matrix> layers;
        for (const projection p : group) {
          const std::string name = projection_name(layer, p);
          layers.push_back(format.load(matrices, name));
          const lb::extent found = layers.back().shape(), expected = projection_shape(sizes, p);
          if (!(found == expected))
            lb::fail(lb::errc::shape_mismatch, name,
                     lb::message(found.rows, " x ", found.cols, ", expected ", expected.rows, " x ",
                                 expected.cols));
        }
        return std::make_unique<packed_group>(std::move(layers), input == activations::a8);
      });
}

}  // namespace tiny_lm
