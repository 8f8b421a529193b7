// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The modules of other libraries, by the paths that CMake gives:
//
//   ggml/<type>/auto/<rows>x<K>/n<batch>/t<threads>, ik/...
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "peer.hpp"
#include "products.hpp"

#ifndef LOWBIT_BENCH_PEERS  // strings, a comma after each
#define LOWBIT_BENCH_PEERS
#endif

namespace lowbit_bench {
namespace {

peer& load(const char* path) {
  void* const module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  auto* const entry = module == nullptr ? nullptr : dlsym(module, "lowbit_bench_peer");
  if (entry == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  return *reinterpret_cast<peer* (*)()>(entry)();
}

void measure(benchmark::State& state, const job& j, peer& library, std::size_t type) {
  const index_t bytes = library.bytes(type, j.shape);
  const auto product = library.product(type, j.shape, j.matrices(bytes), j.tokens, j.threads);
  if (product == nullptr || !product->works())
    return state.SkipWithError("no kernel for this machine");
  for (auto _ : state) product->multiply();
  j.report(state, double(bytes));
}

}  // namespace

void add_peers() {
  for (const char* path : {LOWBIT_BENCH_PEERS static_cast<const char*>(nullptr)}) {
    if (path == nullptr) break;
    peer& library = load(path);
    benchmark::AddCustomContext(library.name(), "measured too");
    for (std::size_t i = 0; i < library.types().size(); ++i) {
      const peer_type& t = library.types()[i];
      for (const job& j : jobs())
        if (j.shape.rows % t.rows_step == 0 && j.shape.cols % t.cols_step == 0)
          add(j.name(library.name(), t.name, "auto"),
              [j, &library, i](benchmark::State& s) { measure(s, j, library, i); });
    }
  }
}

}  // namespace lowbit_bench
