// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// CUDA's host conversions as a shared library for make_results.py; built by that script.
#include "cuda_numbers.hpp"

extern "C" {

int encoder_count() { return sizeof(oracle::cuda_encoders) / sizeof(oracle::cuda_encoders[0]); }
const char* encoder_key(int i) { return oracle::cuda_encoders[i].key; }

/// codes[j] = the code of x[j]
void encode(int i, const float* x, std::int64_t count, std::uint16_t* codes) {
  for (std::int64_t j = 0; j < count; ++j)
    codes[j] = static_cast<std::uint16_t>(oracle::cuda_encoders[i].encode(x[j]));
}

int decoder_count() { return sizeof(oracle::cuda_decoders) / sizeof(oracle::cuda_decoders[0]); }
const char* decoder_format(int i) { return oracle::cuda_decoders[i].format; }
int decoder_bits(int i) { return oracle::cuda_decoders[i].bits; }
float decode(int i, std::uint32_t code) { return oracle::cuda_decoders[i].decode(code); }
}
