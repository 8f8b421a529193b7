// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "saved_model.hpp"

#include <filesystem>
#include <limits>

#include "gpu_formats.hpp"

namespace tiny_lm {
namespace {

lb::matrix_view<const float> matrix_of(const std::vector<float>& values, const tensor_spec& spec) {
  return {values.data(), spec.shape[0], spec.shape[1]};
}

lb::extent shape_of(const lb::any_matrix& m) { return m.shape(); }
lb::extent shape_of(const std::unique_ptr<device_layer>& layer) { return layer->shape(); }

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
                 activations input, device where) {
  const tensor_file tensors(path);
  if (format.is_f32()) return load_dense_model(sizes, tensors);
  const lb::matrix_file matrices(path);
  // The layers of a group, each by a function of its name in the file.
  const auto load = [&](index_t layer, lb::span<const projection> group, auto one) {
    std::vector<decltype(one(std::string()))> layers;
    for (const projection p : group) {
      const std::string name = projection_name(layer, p);
      layers.push_back(one(name));
      const lb::extent found = shape_of(layers.back()), expected = projection_shape(sizes, p);
      if (!(found == expected))
        lb::fail(lb::errc::shape_mismatch, name,
                 lb::message(found.rows, " x ", found.cols, ", expected ", expected.rows, " x ",
                             expected.cols));
    }
    return layers;
  };
  return assemble_model(
      sizes, tensors,
      [&](index_t layer, lb::span<const projection> group) -> std::unique_ptr<linear_group> {
        if (where == device::gpu) {
          const gpu_format& on_gpu = gpu_format_named(format.name);
          return std::make_unique<device_group>(
              load(layer, group,
                   [&](const std::string& name) { return on_gpu.load(matrices, name); }),
              input);
        }
        return std::make_unique<packed_group>(
            load(layer, group,
                 [&](const std::string& name) { return format.load(matrices, name); }),
            input == activations::a8);
      });
}

}  // namespace tiny_lm
