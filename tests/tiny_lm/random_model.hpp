// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cmath>
#include <cstdint>
#include <lowbit/core/bfloat16.hpp>
#include <lowbit/core/float16.hpp>
#include <lowbit/core/random.hpp>
#include <lowbit/interop/safetensors.hpp>
#include <map>
#include <string>
#include <vector>

#include "architecture.hpp"

namespace tiny_lm_test {

using lowbit::index_t;
using lowbit::safetensors::dtype;

/// Random tensors of an architecture, each value one that the dtype can store.
class random_model {
 public:
  random_model(const tiny_lm::config& sizes, dtype type) : type_(type) {
    std::uint64_t stream = 0;
    for (const tiny_lm::tensor_spec& spec : tiny_lm::tensors_of(sizes)) {
      index_t count = 1;
      for (const index_t n : spec.shape) count *= n;
      const lowbit::philox random{7, ++stream};
      // Of a size that keeps the activations near 1; norms near 1 themselves.
      const bool is_norm = spec.shape.size() == 1;
      const float spread = is_norm ? 0.3f : 2.0f / std::sqrt(float(spec.shape.back()));
      std::vector<float>& values = values_[spec.name];
      for (index_t i = 0; i < count; ++i)
        values.push_back(stored(float(is_norm) + spread * random.normal(std::uint64_t(i))));
      shapes_[spec.name] = spec.shape;
    }
  }

  const std::vector<float>& values(const std::string& name) const { return values_.at(name); }
  std::map<std::string, std::vector<index_t>>& shapes() { return shapes_; }
  std::map<std::string, std::vector<float>>& all_values() { return values_; }

  /// Writes a model.safetensors of the tensors.
  void write(const std::string& path) const {
    std::vector<std::vector<std::uint8_t>> bytes;
    for (const auto& [name, values] : values_) bytes.push_back(bytes_of(values));
    std::vector<lowbit::safetensors::tensor> tensors;
    for (const auto& [name, values] : values_)
      tensors.push_back({name, type_, shapes_.at(name), bytes[tensors.size()]});
    lowbit::safetensors::write(path, tensors);
  }

 private:
  float stored(float x) const {
    if (type_ == dtype::f16) return lowbit::float16(x);
    if (type_ == dtype::bf16) return lowbit::bfloat16(x);
    return x;
  }
  std::vector<std::uint8_t> bytes_of(const std::vector<float>& values) const {
    std::vector<std::uint8_t> bytes;
    for (const float x : values) {
      std::uint32_t bits = lowbit::bits_as<std::uint32_t>(x);
      if (type_ == dtype::f16) bits = lowbit::float16(x).bits;
      if (type_ == dtype::bf16) bits = lowbit::bfloat16(x).bits;
      for (int i = 0; i < (type_ == dtype::f32 ? 4 : 2); ++i)
        bytes.push_back(std::uint8_t(bits >> (8 * i)));
    }
    return bytes;
  }

  dtype type_;
  std::map<std::string, std::vector<float>> values_;
  std::map<std::string, std::vector<index_t>> shapes_;
};

/// Bytes in which no short pattern repeats.
inline std::vector<std::uint8_t> random_bytes(index_t count) {
  const lowbit::philox random{11};
  std::vector<std::uint8_t> bytes;
  for (index_t i = 0; i < count; ++i)
    bytes.push_back(std::uint8_t(random.below(std::uint64_t(i), 256)));
  return bytes;
}

}  // namespace tiny_lm_test
