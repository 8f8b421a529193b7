// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ik_llama.cpp (github.com/ikawrakow/ik_llama.cpp): its fork of ggml. Types _r4, _r8, _r16 have as
// many rows interleaved.
#include "ggml_products.hpp"

namespace {

using namespace lowbit_bench;

struct library {
  static constexpr const char* name = "ik";

  static ggml_backend_buffer_type_t buffer_type(bool) { return ggml_backend_cpu_buffer_type(); }

  static std::vector<ggml_weights_type> types() {
    std::vector<ggml_weights_type> all;
    for (const ggml_type t :
         {GGML_TYPE_F16,       GGML_TYPE_BF16,       GGML_TYPE_BF16_R16,   GGML_TYPE_Q8_0,
          GGML_TYPE_Q8_0_R8,   GGML_TYPE_Q8_K_R8,    GGML_TYPE_Q8_K_R16,   GGML_TYPE_Q8_KV,
          GGML_TYPE_Q8_KV_R8,  GGML_TYPE_Q6_0,       GGML_TYPE_Q6_K,       GGML_TYPE_Q6_K_R4,
          GGML_TYPE_IQ6_K,     GGML_TYPE_Q5_K,       GGML_TYPE_Q5_K_R4,    GGML_TYPE_IQ5_K,
          GGML_TYPE_IQ5_KS,    GGML_TYPE_Q4_0,       GGML_TYPE_Q4_0_R8,    GGML_TYPE_Q4_K,
          GGML_TYPE_Q4_K_R4,   GGML_TYPE_IQ4_NL,     GGML_TYPE_IQ4_NL_R4,  GGML_TYPE_IQ4_XS,
          GGML_TYPE_IQ4_XS_R8, GGML_TYPE_IQ4_K,      GGML_TYPE_IQ4_K_R4,   GGML_TYPE_IQ4_KS,
          GGML_TYPE_IQ4_KS_R4, GGML_TYPE_IQ4_KSS,    GGML_TYPE_IQ4_KT,     GGML_TYPE_MXFP4,
          GGML_TYPE_MXFP4_R8,  GGML_TYPE_Q3_K,       GGML_TYPE_Q3_K_R4,    GGML_TYPE_IQ3_K,
          GGML_TYPE_IQ3_K_R4,  GGML_TYPE_IQ3_S,      GGML_TYPE_IQ3_S_R4,   GGML_TYPE_IQ3_KS,
          GGML_TYPE_IQ3_KT,    GGML_TYPE_IQ3_XXS,    GGML_TYPE_IQ3_XXS_R4, GGML_TYPE_IQ2_KL,
          GGML_TYPE_Q2_K,      GGML_TYPE_Q2_K_R4,    GGML_TYPE_IQ2_S,      GGML_TYPE_IQ2_S_R4,
          GGML_TYPE_IQ2_K,     GGML_TYPE_IQ2_K_R4,   GGML_TYPE_IQ2_KS,     GGML_TYPE_IQ2_KT,
          GGML_TYPE_IQ2_XXS,   GGML_TYPE_IQ2_XXS_R4, GGML_TYPE_IQ2_BN,     GGML_TYPE_IQ2_BN_R4,
          GGML_TYPE_IQ1_KT,    GGML_TYPE_IQ1_BN,     GGML_TYPE_Q1_0_G128})
      all.push_back({t});
    return all;
  }

  static void quantize(ggml_type type, const float* values, void* packed, index_t rows,
                       index_t cols, const float* importance) {
    ggml_quantize_chunk(type, values, packed, 0, rows, cols, importance, nullptr);
  }

  class processor {
   public:
    explicit processor(int threads) : backend(ggml_backend_cpu_init()) {
      ggml_backend_cpu_set_n_threads(backend, threads);
    }
    processor(const processor&) = delete;
    ~processor() { ggml_backend_free(backend); }
    ggml_backend_t backend;
  };
};

}  // namespace

extern "C" lowbit_bench::peer* lowbit_bench_peer() {
  static ggml_products<library> all;
  return &all;
}
