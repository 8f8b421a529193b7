// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <cstdint>
#include <lowbit/interop/safetensors.hpp>
#include <string>
#include <vector>

#include "architecture.hpp"

namespace tiny_lm {

/// A safetensors file in memory, from which real tensors are read by name and expected shape.
class tensor_file {
 public:
  explicit tensor_file(std::string path);
  tensor_file(tensor_file&&) = default;  // no copies: the archive would point into the original

  const std::string& path() const { return path_; }
  const lb::safetensors::archive& archive() const { return archive_; }

  /// The tensor of this name, checked to have this shape and F32, F16 or BF16 values. Throws
  /// lowbit::error naming the tensor, what it is and what was expected.
  const lb::safetensors::tensor& find(const tensor_spec& wanted) const;

  /// Its values in float32. NaN and infinity are errors naming tensor and position.
  std::vector<float> values(const tensor_spec& wanted) const;

 private:
  std::string path_;
  std::vector<std::uint8_t> bytes_;
  lb::safetensors::archive archive_;  // points into bytes_
};

/// Opens a model.safetensors whose tensors are exactly those of the architecture: all are checked
/// before anything is made of them. A tensor that the architecture does not have is an error, since
/// leaving out what it stands for (a bias, say) would compute something else; only the rotary
/// frequencies of old files, and an output matrix beside tied embeddings, repeat what config.json
/// says and are skipped.
tensor_file open_checkpoint(const config& sizes, const std::string& path);

}  // namespace tiny_lm
