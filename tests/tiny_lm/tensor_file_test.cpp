// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensor_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <limits>

#include "config_text.hpp"
#include "error_text.hpp"
#include "random_model.hpp"
#include "support/temporary_folder.hpp"

using lowbit_test::temporary_folder;
using namespace tiny_lm_test;

namespace {

const tiny_lm::config small = tiny_lm::parse_config(config_text().text());
const std::string q = "model.layers.1.self_attn.q_proj.weight";

/// The error of opening a good checkpoint after a change.
template <class Change>
std::string error_after(Change change, const tiny_lm::config& sizes = small) {
  const temporary_folder folder;
  random_model m(small, dtype::f16);
  change(m);
  m.write(folder / "model.safetensors");
  std::string text =
      error_text([&] { tiny_lm::open_checkpoint(sizes, folder / "model.safetensors"); });
  const std::size_t at = text.find(folder / "");
  if (at != text.npos) text.erase(at, (folder / "").size());
  return text;
}

}  // namespace

TEST_CASE("every tensor comes back with the values that were stored, in all three dtypes") {
  for (const dtype type : {dtype::f32, dtype::f16, dtype::bf16}) {
    const temporary_folder folder;
    random_model m(small, type);
    m.write(folder / "model.safetensors");
    const tiny_lm::tensor_file file = tiny_lm::open_checkpoint(small, folder / "model.safetensors");
    for (const tiny_lm::tensor_spec& spec : tiny_lm::tensors_of(small))
      CHECK(file.values(spec) == m.values(spec.name));
  }
}

TEST_CASE("a missing tensor is an error that names it") {
  for (const tiny_lm::tensor_spec& spec : tiny_lm::tensors_of(small))
    CHECK(error_after([&](random_model& m) { m.all_values().erase(spec.name); }) ==
          "lowbit: " + spec.name + ": is missing from model.safetensors");
}

TEST_CASE("a tensor of another shape is an error that shows both") {
  CHECK(error_after([](random_model& m) {
          m.shapes()[q] = {6, 24};
        }) == "lowbit: " + q + ": shape [6, 24], expected [12, 12]");
  CHECK(error_after([](random_model& m) { m.shapes()[q] = {144}; }) ==
        "lowbit: " + q + ": shape [144], expected [12, 12]");
  CHECK(error_after([](random_model& m) {
          m.shapes()["model.norm.weight"] = {11};
          m.all_values()["model.norm.weight"].pop_back();
        }) == "lowbit: model.norm.weight: shape [11], expected [12]");
}

TEST_CASE("a tensor of another dtype is an error") {
  const temporary_folder folder;
  const random_model m(small, dtype::f32);
  const std::vector<std::uint8_t> bytes(144);
  m.write(folder / "good.safetensors");
  const tiny_lm::tensor_file good = tiny_lm::open_checkpoint(small, folder / "good.safetensors");
  std::vector<lowbit::safetensors::tensor> tensors(good.archive().tensors().begin(),
                                                   good.archive().tensors().end());
  for (lowbit::safetensors::tensor& t : tensors)
    if (t.name == q) t = {q, dtype::i8, {12, 12}, bytes};
  lowbit::safetensors::write(folder / "bad.safetensors", tensors);
  CHECK(error_text([&] { tiny_lm::open_checkpoint(small, folder / "bad.safetensors"); }) ==
        "lowbit: " + q + ": dtype I8, expected F32, F16 or BF16");
}

TEST_CASE("a tensor that the architecture does not have is an error") {
  const auto with = [](const std::string& name) {
    return error_after([&](random_model& m) {
      m.all_values()[name] = {1, 2};
      m.shapes()[name] = {2};
    });
  };
  CHECK(with("model.layers.0.self_attn.q_proj.bias") ==
        "lowbit: model.layers.0.self_attn.q_proj.bias: in model.safetensors belongs to no layer "
        "that config.json describes");
  CHECK_FALSE(with("model.layers.2.input_layernorm.weight").empty());
  CHECK(with("model.layers.0.self_attn.rotary_emb.inv_freq").empty());
}

TEST_CASE("with tied embeddings the output matrix may be there or not") {
  tiny_lm::config tied = small;
  tied.tie_word_embeddings = true;
  CHECK(error_after([](random_model&) {}, tied).empty());
  CHECK(error_after([](random_model& m) { m.all_values().erase("lm_head.weight"); }, tied).empty());
}

TEST_CASE("NaN and infinity are errors that name tensor and position") {
  const temporary_folder folder;
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()})
    for (const std::size_t at : {0, 77, 143}) {
      random_model m(small, dtype::f32);
      m.all_values()[q][at] = bad;
      m.write(folder / "model.safetensors");
      const tiny_lm::tensor_file file =
          tiny_lm::open_checkpoint(small, folder / "model.safetensors");
      const std::string text = error_text([&] { file.values({q, {12, 12}}); });
      CHECK(text.starts_with("lowbit: " + q + ": "));
      CHECK(text.find(" at position " + std::to_string(at) + ", expected a number") != text.npos);
    }
}

TEST_CASE("a missing, empty or truncated file is an error that names it") {
  const temporary_folder folder;
  const std::string path = folder / "model.safetensors";
  CHECK(error_text([&] { tiny_lm::open_checkpoint(small, path); }).starts_with("lowbit: " + path));
  random_model(small, dtype::bf16).write(path);
  const std::vector<std::uint8_t> all = lowbit::read_file(path);
  for (const std::size_t size :
       {std::size_t(0), std::size_t(7), std::size_t(100), all.size() - 1}) {
    std::ofstream(path, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(all.data()), std::streamsize(size));
    CHECK(error_text([&] {
            tiny_lm::open_checkpoint(small, path);
          }).starts_with("lowbit: " + path + ": "));
  }
}
