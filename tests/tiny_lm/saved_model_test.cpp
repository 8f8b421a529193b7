// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "saved_model.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "error_text.hpp"
#include "packed_model.hpp"
#include "support/compiled_kernels.hpp"

using tiny_lm::activations;
using tiny_lm::weight_format;
using namespace tiny_lm_test;

namespace {

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::fabs(double(a[i]) - double(b[i])));
  return most;
}

/// Rewrites a saved file after a change of its tensors and metadata.
template <class Change>
void change_file(const std::string& path, Change change) {
  const std::vector<std::uint8_t> bytes = lowbit::read_file(path);
  const auto file = lowbit::safetensors::archive::parse(bytes).take();
  std::vector<lowbit::safetensors::tensor> tensors(file.tensors().begin(), file.tensors().end());
  lowbit::safetensors::metadata_list metadata(file.metadata().begin(), file.metadata().end());
  std::vector<std::uint8_t> room;  // for bytes that replace those of a tensor
  change(tensors, metadata, room);
  lowbit::safetensors::write(path, tensors, metadata);
}

/// Flips one bit of a code in the middle of a matrix.
void flip_one_code(const std::string& path, const std::string& matrix, int bit = 0) {
  bool flipped = false;
  change_file(path, [&](auto& tensors, auto&, auto& room) {
    for (auto& t : tensors) {
      if (flipped || !t.name.starts_with(matrix + ".")) continue;
      if (t.name.find("codes") == t.name.npos) continue;
      room.assign(t.data.begin(), t.data.end());
      room[room.size() / 2] ^= static_cast<std::uint8_t>(1 << bit);
      t.data = room;
      flipped = true;
    }
  });
  REQUIRE(flipped);
}

}  // namespace

TEST_CASE("every format: logits with packed weights are those of its decoded weights") {
  packed_model small;
  for (const weight_format& format : tiny_lm::all_formats()) {
    if (format.is_f32()) continue;
    CAPTURE(format.name);
    const tiny_lm::saved_model saved = small.save(format);
    CHECK(saved.file_bytes == index_t(std::filesystem::file_size(small.file(format))));
    CHECK(saved.bits_per_weight > 1);
    CHECK(saved.bits_per_weight < 20);
    CHECK(saved.mean_sqnr_db > 2);

    random_model decoded(small.sizes(), dtype::f32);
    const lowbit::matrix_file file(small.file(format));
    for (const tiny_lm::tensor_spec& spec : tiny_lm::tensors_of(small.sizes())) {
      std::vector<float>& values = decoded.all_values()[spec.name] =
          small.weights().values(spec.name);
      if (spec.is_projection)
        format.load(file, spec.name).dequantize({values.data(), spec.shape[0], spec.shape[1]});
    }
    const std::string path = small.file(format) + ".decoded";
    decoded.write(path);
    const std::vector<float> expected = packed_model::logits_of(
        tiny_lm::load_dense_model(small.sizes(), tiny_lm::open_checkpoint(small.sizes(), path)));
    const std::vector<float> found = packed_model::logits_of(small.load(format));
    const double size = double(*std::max_element(expected.begin(), expected.end()));
    CHECK(largest_difference(found, expected) < 1e-4 * size);
    // Int8 activations err more, but not by much, and they are used.
    const double a8 =
        largest_difference(packed_model::logits_of(small.load(format, activations::a8)), expected);
    CHECK(a8 < 0.2 * size);
    CHECK(a8 > 0);
  }
}

TEST_CASE("flipping one packed code changes the logits, in any format") {
  const packed_model small;
  for (const weight_format& format : tiny_lm::all_formats()) {
    if (format.is_f32()) continue;
    CAPTURE(format.name);
    small.save(format);
    const std::vector<float> before = packed_model::logits_of(small.load(format));
    CHECK(packed_model::logits_of(small.load(format)) == before);
    // Where one bit makes a code that stands for nothing, loading says so, and another is flipped.
    std::string refused = "yes";
    std::vector<float> after;
    for (int bit = 0; bit < 8 && !refused.empty(); ++bit) {
      small.save(format);
      flip_one_code(small.file(format), "model.layers.1.mlp.up_proj.weight", bit);
      refused = error_text([&] { after = packed_model::logits_of(small.load(format)); });
    }
    CHECK(after != before);
    CHECK(refused.empty());
  }
}

TEST_CASE("flipping one packed code changes the logits, in any projection") {
  const packed_model small;
  const weight_format& format = tiny_lm::format_named("q4_0");
  for (const tiny_lm::tensor_spec& spec : tiny_lm::tensors_of(small.sizes())) {
    if (!spec.is_projection) continue;
    CAPTURE(spec.name);
    small.save(format);
    const std::vector<float> before = packed_model::logits_of(small.load(format));
    flip_one_code(small.file(format), spec.name);
    CHECK(packed_model::logits_of(small.load(format)) != before);
    CHECK(packed_model::logits_of(small.load(format, activations::a8)) != before);
  }
}

TEST_CASE("f32 is saved and loaded without loss") {
  packed_model small;
  const weight_format& f32 = tiny_lm::format_named("f32");
  const tiny_lm::saved_model saved = small.save(f32);
  CHECK(saved.bits_per_weight == 32);
  CHECK(saved.mean_sqnr_db == std::numeric_limits<double>::infinity());
  const tiny_lm::tensor_file file = tiny_lm::open_checkpoint(small.sizes(), small.file(f32));
  for (const tiny_lm::tensor_spec& spec : tiny_lm::tensors_of(small.sizes()))
    CHECK(file.values(spec) == small.weights().values(spec.name));
}

TEST_CASE("what is not quantized is saved as the checkpoint stores it") {
  const packed_model small;
  const weight_format& format = tiny_lm::format_named("q8_0");
  small.save(format);
  const tiny_lm::tensor_file file(small.file(format));
  CHECK(file.find({"model.embed_tokens.weight", {256, 72}}).type == dtype::f16);
  CHECK(file.archive().find("model.layers.0.mlp.up_proj.weight") == nullptr);
}

TEST_CASE("a saved model that is damaged or of another format is an error") {
  const packed_model small;
  const weight_format& format = tiny_lm::format_named("q4_0");
  const std::string matrix = "model.layers.1.mlp.up_proj.weight";
  const auto error_after = [&](auto change) {
    small.save(format);
    change_file(small.file(format), change);
    return error_text([&] { small.load(format); });
  };
  CHECK(error_after([](auto&, auto&, auto&) {}).empty());
  CHECK(error_after([&](auto&, auto& metadata, auto&) {
          for (auto& [key, value] : metadata)
            if (key == matrix + ".format") value = "uniform<5,symmetric>/per_group<32,f16>";
        }).starts_with("lowbit: " + matrix + ".format: 'uniform<5,symmetric>"));
  CHECK(error_after([&](auto& tensors, auto&, auto&) {
          std::erase_if(tensors, [&](const auto& t) { return t.name == matrix + ".codes"; });
        }) == "lowbit: " + matrix + ".codes: this array of the matrix is missing");
  CHECK(error_after([&](auto& tensors, auto&, auto&) {
          std::erase_if(tensors, [&](const auto& t) { return t.name == "model.norm.weight"; });
        }).find("is missing from") != std::string::npos);
  // Another matrix in its place: valid by itself, of the wrong shape.
  CHECK(error_after([&](auto& tensors, auto& metadata, auto&) {
          const std::string other = "model.layers.1.mlp.down_proj.weight";
          for (auto& t : tensors) {
            const bool is_mine = t.name.starts_with(matrix + ".");
            if (!is_mine && !t.name.starts_with(other + ".")) continue;
            t.name = is_mine ? other + t.name.substr(matrix.size())
                             : matrix + t.name.substr(other.size());
          }
          for (auto& [key, value] : metadata)
            if (key == matrix + ".shape") value = "72,100";
        }).find(matrix + ": 72 x 100, expected 100 x 72") != std::string::npos);
}
