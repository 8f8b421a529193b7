// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ggml (github.com/ggml-org/ggml). <type>_repack is the layout that its CPU backend makes of a type
// when it loads weights.
#include <ggml-cpu.h>

#include "ggml_products.hpp"

namespace {

using namespace lowbit_bench;

struct library {
  static constexpr const char* name = "ggml";

  /// The buffer type of repacked weights, or null.
  static ggml_backend_buffer_type_t repack_buffer() {
    const ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
    const auto list =
        reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
            ggml_backend_dev_backend_reg(cpu), "ggml_backend_dev_get_extra_bufts"));
    for (auto* type = list == nullptr ? nullptr : list(cpu); type != nullptr && *type != nullptr;
         ++type)
      if (std::string(ggml_backend_buft_name(*type)) == "CPU_REPACK") return *type;
    return nullptr;
  }
  static ggml_backend_buffer_type_t buffer_type(bool repack) {
    return repack ? repack_buffer() : ggml_backend_cpu_buffer_type();
  }

  static std::vector<ggml_weights_type> types() {
    std::vector<ggml_weights_type> all;
    for (const ggml_type t :
         {GGML_TYPE_F32,     GGML_TYPE_F16,   GGML_TYPE_BF16,  GGML_TYPE_Q8_0,    GGML_TYPE_Q6_K,
          GGML_TYPE_Q5_K,    GGML_TYPE_Q4_0,  GGML_TYPE_Q4_1,  GGML_TYPE_Q4_K,    GGML_TYPE_IQ4_NL,
          GGML_TYPE_IQ4_XS,  GGML_TYPE_MXFP4, GGML_TYPE_NVFP4, GGML_TYPE_Q3_K,    GGML_TYPE_IQ3_S,
          GGML_TYPE_IQ3_XXS, GGML_TYPE_Q2_K,  GGML_TYPE_IQ2_S, GGML_TYPE_IQ2_XXS, GGML_TYPE_TQ2_0,
          GGML_TYPE_TQ1_0,   GGML_TYPE_Q1_0})
      all.push_back({t});
    if (repack_buffer() != nullptr)
      for (const ggml_type t :
           {GGML_TYPE_Q4_0, GGML_TYPE_Q4_K, GGML_TYPE_IQ4_NL, GGML_TYPE_MXFP4, GGML_TYPE_Q2_K})
        all.push_back({t, true});
    return all;
  }

  static void quantize(ggml_type type, const float* values, void* packed, index_t rows,
                       index_t cols, const float* importance) {
    ggml_quantize_chunk(type, values, packed, 0, rows, cols, importance);
  }

  class processor {
   public:
    explicit processor(int threads) : backend(ggml_backend_cpu_init()) {
      ggml_threadpool_params params = ggml_threadpool_params_default(threads);
      threads_ = ggml_threadpool_new(&params);
      ggml_backend_cpu_set_n_threads(backend, threads);
      ggml_backend_cpu_set_threadpool(backend, threads_);
    }
    processor(const processor&) = delete;
    ~processor() {
      ggml_backend_free(backend);
      ggml_threadpool_free(threads_);
    }
    ggml_backend_t backend;

   private:
    ggml_threadpool* threads_;
  };
};

}  // namespace

extern "C" lowbit_bench::peer* lowbit_bench_peer() {
  ggml_log_set([](ggml_log_level, const char*, void*) {}, nullptr);  // a line for each matrix
  static ggml_products<library> all;
  return &all;
}
