// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensor_file.hpp"

#include <lowbit/core/bfloat16.hpp>
#include <lowbit/core/float16.hpp>
#include <set>

namespace tiny_lm {
namespace {

using lb::errc;
using lb::fail;
using lb::message;
using lb::safetensors::dtype;

lb::safetensors::archive parse(const std::string& path, lb::span<const std::uint8_t> bytes) {
  auto parsed = lb::safetensors::archive::parse(bytes);
  if (!parsed) fail(parsed.why().code, path, parsed.why().argument + " " + parsed.why().problem);
  return std::move(parsed).take();
}

std::string shape_text(const std::vector<index_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

bool holds_floats(const lb::safetensors::tensor& t) {
  return t.type == dtype::f32 || t.type == dtype::f16 || t.type == dtype::bf16;
}

template <class T>
std::vector<float> finite_values(const lb::safetensors::tensor& t) {
  const lb::unaligned_span<T> stored(t.data.data(), t.data.size() / index_t(sizeof(T)));
  std::vector<float> values(static_cast<std::size_t>(stored.size()));
  for (index_t i = 0; i < stored.size(); ++i) {
    const float x = stored[i];
    if (!lb::is_finite(x))
      fail(errc::not_finite, t.name, message(x, " at position ", i, ", expected a number"));
    values[static_cast<std::size_t>(i)] = x;
  }
  return values;
}

}  // namespace

tensor_file::tensor_file(std::string path)
    : path_(std::move(path)), bytes_(lb::read_file(path_)), archive_(parse(path_, bytes_)) {}

const lb::safetensors::tensor& tensor_file::find(const tensor_spec& wanted) const {
  const lb::safetensors::tensor* found = archive_.find(wanted.name);
  if (found == nullptr) fail(errc::bad_argument, wanted.name, message("is missing from ", path_));
  if (!holds_floats(*found))
    fail(errc::unsupported, wanted.name,
         message("dtype ", lb::safetensors::name_of(found->type), ", expected F32, F16 or BF16"));
  if (found->shape != wanted.shape)
    fail(errc::shape_mismatch, wanted.name,
         message("shape ", shape_text(found->shape), ", expected ", shape_text(wanted.shape)));
  return *found;
}

std::vector<float> tensor_file::values(const tensor_spec& wanted) const {
  const lb::safetensors::tensor& t = find(wanted);
  switch (t.type) {
    case dtype::f32:
      return finite_values<float>(t);
    case dtype::f16:
      return finite_values<lb::float16>(t);
    default:
      return finite_values<lb::bfloat16>(t);
  }
}

tensor_file open_checkpoint(const config& sizes, const std::string& path) {
  tensor_file file(path);
  std::set<std::string> known;
  for (const tensor_spec& wanted : tensors_of(sizes)) {
    file.find(wanted);
    known.insert(wanted.name);
  }
  if (sizes.tie_word_embeddings) known.insert(head_name);
  for (const lb::safetensors::tensor& t : file.archive().tensors())
    if (!known.contains(t.name) && !t.name.ends_with(".rotary_emb.inv_freq"))
      fail(errc::unsupported, t.name,
           message("in ", path, " belongs to no layer that config.json describes"));
  return file;
}

}  // namespace tiny_lm
