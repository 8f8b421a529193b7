// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tensor_file.hpp"

#include <lowbit/core/minifloat.hpp>
#include <set>

namespace tiny_lm {
namespace {

using lb::errc;
using lb::fail;
using lb::message;
using lb::safetensors::dtype;

using float16 = lb::minifloat<5, 10, lb::flavour::ieee>;
using bfloat16 = lb::minifloat<8, 7, lb::flavour::ieee>;

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
  const index_t count = t.data.size() / (t.type == dtype::f32 ? 4 : 2);
  const lb::unaligned_span<float> singles(t.data.data(), count);
  const lb::unaligned_span<std::uint16_t> halves(t.data.data(), count);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (index_t i = 0; i < count; ++i) {
    const float x = t.type == dtype::f32   ? singles[i]
                    : t.type == dtype::f16 ? float16::decode(halves[i])
                                           : bfloat16::decode(halves[i]);
    if (!lb::is_finite(x))
      fail(errc::not_finite, wanted.name, message(x, " at position ", i, ", expected a number"));
    values[static_cast<std::size_t>(i)] = x;
  }
  return values;
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
