// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The safetensors container: an 8-byte little-endian length, a JSON header of that length, and the
// bytes of the tensors that it lists.
//
//   const auto bytes = lowbit::read_file("model.safetensors");
//   const auto file = lowbit::safetensors::archive::parse(bytes).take();
//   if (const auto* t = file.find("lm_head.weight")) use(t->type, t->shape, t->data);
//   lowbit::safetensors::write("copy.safetensors", file.tensors(), file.metadata());
//
// Needs nlohmann-json; not part of lowbit.hpp. Format and reference implementation:
// github.com/huggingface/safetensors. This reader is stricter than the reference where the text of
// the format is: no key may appear twice, and what surrounds the header's object must be spaces
// after it unless `header_padding::any_whitespace` is given. It also rejects fields that it does
// not know, null metadata, sizes above 2^63 - 1, more than 64 dimensions, more than 2^20 tensors
// and more than 2^20 entries of metadata.
#pragma once
#include "file.hpp"
#include "safetensors/archive.hpp"
#include "safetensors/header.hpp"
#include "safetensors/tensor.hpp"
#include "safetensors/writer.hpp"

namespace lowbit::inline LOWBIT_ABI::safetensors {
using lowbit::read_file;
}
