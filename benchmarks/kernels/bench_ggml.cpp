// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The same products by ggml, which CMake finds with -DGGML_ROOT=<where ggml was installed>:
//
//   ggml/<type>/<activations>/<rows>x<K>/n<batch>/t<threads>
//
// <type>_repack is the layout that ggml's CPU backend makes of a type when it loads weights. ggml
// quantizes activations to 8 bits itself.
#ifdef LOWBIT_BENCH_GGML
#include <ggml-backend.h>
#include <ggml-cpu.h>
#include <ggml.h>

#include <memory>

#include "products.hpp"

namespace lowbit_bench {
namespace {

template <auto Free>
struct freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using context = std::unique_ptr<ggml_context, freer<ggml_free>>;
using buffer = std::unique_ptr<ggml_backend_buffer, freer<ggml_backend_buffer_free>>;

context new_context(index_t tensors) {
  return context(ggml_init({std::size_t(tensors) * (ggml_tensor_overhead() + 64) +
                                std::size_t(tensors) * ggml_graph_overhead_custom(8, false),
                            nullptr, true}));
}

/// The buffer type of repacked weights, or null.
ggml_backend_buffer_type_t repack_buffer() {
  const ggml_backend_dev_t cpu = ggml_backend_dev_by_type(GGML_BACKEND_DEVICE_TYPE_CPU);
  const auto list =
      reinterpret_cast<ggml_backend_dev_get_extra_bufts_t>(ggml_backend_reg_get_proc_address(
          ggml_backend_dev_backend_reg(cpu), "ggml_backend_dev_get_extra_bufts"));
  for (auto* type = list == nullptr ? nullptr : list(cpu); type != nullptr && *type != nullptr;
       ++type)
    if (std::string(ggml_backend_buft_name(*type)) == "CPU_REPACK") return *type;
  return nullptr;
}

/// Weights of one type and shape: as many matrices as the job takes in turn.
struct weights {
  context tensors;
  buffer memory;
  std::vector<ggml_tensor*> all;
  std::string name;
};

const weights& weights_of(const job& j, ggml_type type, bool repack) {
  static weights kept;
  const std::string name =
      job{j.shape, 1, 1, j.cached}.name(ggml_type_name(type), repack ? "repack" : "", "");
  if (kept.name == name) return kept;
  kept = weights{};
  const std::size_t bytes = ggml_row_size(type, j.shape.cols) * std::size_t(j.shape.rows);
  const index_t count = j.matrices(index_t(bytes));
  kept.tensors = new_context(count);
  for (index_t i = 0; i < count; ++i)
    kept.all.push_back(ggml_new_tensor_2d(kept.tensors.get(), type, j.shape.cols, j.shape.rows));
  kept.memory.reset(ggml_backend_alloc_ctx_tensors_from_buft(
      kept.tensors.get(), repack ? repack_buffer() : ggml_backend_cpu_buffer_type()));
  // 64 different rows are quantized, for some types take seconds per matrix.
  const index_t rows = lb::min_of(j.shape.rows, 64);
  const std::vector<float> values = random_values(rows * j.shape.cols);
  const std::vector<float> importance(std::size_t(j.shape.cols), 1.f);
  std::vector<std::uint8_t> packed(bytes);
  ggml_quantize_chunk(type, values.data(), packed.data(), 0, rows, j.shape.cols, importance.data());
  const std::size_t row = bytes / std::size_t(j.shape.rows);
  for (std::size_t r = std::size_t(rows); r < std::size_t(j.shape.rows); ++r)
    std::copy_n(packed.data() + (r % std::size_t(rows)) * row, row, packed.data() + r * row);
  for (ggml_tensor* t : kept.all) ggml_backend_tensor_set(t, packed.data(), 0, bytes);
  kept.name = name;
  return kept;
}

void product(benchmark::State& state, const job& j, ggml_type type, bool repack) {
  const weights& w = weights_of(j, type, repack);
  const std::unique_ptr<ggml_backend, freer<ggml_backend_free>> cpu(ggml_backend_cpu_init());
  ggml_threadpool_params params = ggml_threadpool_params_default(j.threads);
  const std::unique_ptr<ggml_threadpool, freer<ggml_threadpool_free>> threads(
      ggml_threadpool_new(&params));
  ggml_backend_cpu_set_n_threads(cpu.get(), j.threads);
  ggml_backend_cpu_set_threadpool(cpu.get(), threads.get());

  const context graphs = new_context(index_t(w.all.size()) + 8);
  ggml_tensor* const x = ggml_new_tensor_2d(graphs.get(), GGML_TYPE_F32, j.shape.cols, j.tokens);
  std::vector<ggml_cgraph*> calls;
  for (ggml_tensor* t : w.all) {
    calls.push_back(ggml_new_graph_custom(graphs.get(), 8, false));
    ggml_build_forward_expand(calls.back(), ggml_mul_mat(graphs.get(), t, x));
  }
  const buffer memory(ggml_backend_alloc_ctx_tensors(graphs.get(), cpu.get()));
  const std::vector<float> values = random_values(j.tokens * j.shape.cols);
  ggml_backend_tensor_set(x, values.data(), 0, ggml_nbytes(x));

  std::size_t i = 0;
  for (auto _ : state) ggml_backend_graph_compute(cpu.get(), calls[i++ % calls.size()]);
  j.report(state, double(ggml_nbytes(w.all[0])));
}

}  // namespace

void add_ggml() {
  const std::pair<ggml_type, bool> kinds[] = {
      {GGML_TYPE_F32, false},   {GGML_TYPE_F16, false},     {GGML_TYPE_BF16, false},
      {GGML_TYPE_Q8_0, false},  {GGML_TYPE_Q6_K, false},    {GGML_TYPE_Q5_K, false},
      {GGML_TYPE_Q4_0, false},  {GGML_TYPE_Q4_0, true},     {GGML_TYPE_Q4_1, false},
      {GGML_TYPE_Q4_K, false},  {GGML_TYPE_Q4_K, true},     {GGML_TYPE_IQ4_NL, false},
      {GGML_TYPE_IQ4_NL, true}, {GGML_TYPE_IQ4_XS, false},  {GGML_TYPE_MXFP4, false},
      {GGML_TYPE_MXFP4, true},  {GGML_TYPE_NVFP4, false},   {GGML_TYPE_Q3_K, false},
      {GGML_TYPE_IQ3_S, false}, {GGML_TYPE_IQ3_XXS, false}, {GGML_TYPE_Q2_K, false},
      {GGML_TYPE_Q2_K, true},   {GGML_TYPE_IQ2_S, false},   {GGML_TYPE_IQ2_XXS, false},
      {GGML_TYPE_TQ2_0, false}, {GGML_TYPE_TQ1_0, false},   {GGML_TYPE_Q1_0, false}};
  for (const auto& [type, repack] : kinds) {
    if (repack && repack_buffer() == nullptr) continue;
    for (const job& j : jobs()) {
      if (j.shape.cols % ggml_blck_size(type) != 0) continue;
      const std::string name = std::string(ggml_type_name(type)) + (repack ? "_repack" : "");
      add(j.name("ggml", name, "auto"),
          [j, type = type, repack = repack](benchmark::State& s) { product(s, j, type, repack); });
    }
  }
}

}  // namespace lowbit_bench
#endif
