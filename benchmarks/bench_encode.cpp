// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How fast real weights become codes and codes become weights again, on one thread unless said:
//
//   encode/<format>/<range>/<rows>x<cols>/t<threads>   quantize, under a range search
//   dequantize/<format>/<layout>/<rows>x<cols>/t1      all values
//   repack/<format>/to_host|to_canonical/...           from one layout to the other
//
// Mweights_per_s counts values; GB_per_s the bytes of values (encode, dequantize) or of packed
// codes read (repack). Weights are normal.
#include <benchmark/benchmark.h>

#include <lowbit/formats/known.hpp>
#include <lowbit/lowbit.hpp>
#include <string>
#include <vector>

namespace lb = lowbit;

namespace {

/// Sums of uniform numbers, about normal: the same on every machine.
const std::vector<float>& weights(std::size_t count) {
  static std::vector<float> values;
  std::uint64_t state = 1;
  values.reserve(count);
  while (values.size() < count) {
    float sum = 0;
    for (int i = 0; i < 4; ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      sum += float(std::int32_t(state >> 32)) * 0x1p-31f;
    }
    values.push_back(sum * 0.02f);
  }
  return values;
}

struct shape {
  lb::index_t rows, cols;
  std::size_t size() const { return std::size_t(rows * cols); }
  lb::matrix_view<const float> matrix() const { return {weights(size()).data(), rows, cols}; }
  std::string name() const { return std::to_string(rows) + "x" + std::to_string(cols); }
};

void count(benchmark::State& state, shape s, double bytes) {
  const auto rate = [&](double of) {
    return benchmark::Counter(of * double(state.iterations()), benchmark::Counter::kIsRate);
  };
  state.counters["Mweights_per_s"] = rate(double(s.size()) * 1e-6);
  state.counters["GB_per_s"] = rate(bytes * 1e-9);
}

/// One thread is timed by its own clock, several by that of the wall. The first run makes the
/// input.
template <class Run>
void add(const std::string& name, shape s, double bytes, Run run, bool threads = false) {
  auto* const one = benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
    run();
    for (auto _ : state) run();
    count(state, s, bytes);
  });
  one->Unit(benchmark::kMillisecond);
  if (threads) one->UseRealTime();
}

template <class Encode>
void add_encode(const std::string& name, shape s, Encode encode) {
  add("encode/" + name + "/" + s.name() + "/t1", s, 4. * double(s.size()),
      [=] { benchmark::DoNotOptimize(encode(s.matrix(), lb::serial{})); });
  add(
      "encode/" + name + "/" + s.name() + "/t2", s, 4. * double(s.size()),
      [=] {
        static const lb::thread_pool threads(2);
        benchmark::DoNotOptimize(encode(s.matrix(), threads));
      },
      true);
}

template <class F, class Range>
void add_search(const std::string& name, shape s, Range range) {
  using Q = typename F::quantizer_type;
  if constexpr (lb::range_search_for<Range, Q>)
    add_encode(name, s, [=](lb::matrix_view<const float> m, const auto& threads) {
      return lb::quantize<F>(m, range, threads);
    });
}

constexpr shape in_memory{4096, 4096}, in_cache{256, 4096}, searched{256, 4096}, small{32, 4096};

/// Of a matrix in the first caches, and of one whose values go to memory.
template <class Entry, class Layout>
void add_dequantize(shape s) {
  const std::string name = std::string(std::string_view(Entry::name)) + "/" +
                           std::string(std::string_view(Layout::name));
  add("dequantize/" + name + "/" + s.name() + "/t1", s, 4. * double(s.size()), [=] {
    static shape made{};
    static lb::quantized_matrix<typename Entry::format_type, Layout> w;
    static std::vector<float> out;
    if (made.rows != s.rows) {
      w = lb::repack<Layout>(Entry::quantize(s.matrix(), lb::thread_pool(2)));
      out.resize(s.size());
      made = s;
    }
    lb::dequantize(w.view(), lb::matrix_view<float>(out.data(), s.rows, s.cols));
    benchmark::DoNotOptimize(out.data());
  });
}

template <class Entry>
void add_entry(Entry) {
  using F = typename Entry::format_type;
  const std::string name{std::string_view(Entry::name)};
  const auto quantize = [](lb::matrix_view<const float> m, const auto& threads) {
    return Entry::quantize(m, threads);
  };
  constexpr bool scalar_codes = lb::dim_of<typename F::quantizer_type> == 1;
  if constexpr (scalar_codes) {
    add_encode(name + "/default", in_cache, quantize);
    add_encode(name + "/default", in_memory, quantize);
    add_search<F>(name + "/least_squares", searched, lb::least_squares{});
    add_search<F>(name + "/mse_grid", searched, lb::mse_grid{});
  } else {
    add_encode(name + "/default", searched, quantize);
  }
  const shape s = scalar_codes ? in_memory : searched;
  for (const shape of : {small, s}) {
    add_dequantize<Entry, lb::canonical>(of);
    add_dequantize<Entry, lb::host_layout>(of);
  }
  const double packed = double(F::plane_type::row_bytes(s.cols) * s.rows);
  add("repack/" + name + "/to_host/" + s.name() + "/t1", s, packed, [=] {
    static const auto w = Entry::quantize(s.matrix(), lb::thread_pool(2));
    benchmark::DoNotOptimize(lb::repack<lb::host_layout>(w));
  });
  add("repack/" + name + "/to_canonical/" + s.name() + "/t1", s, packed, [=] {
    static const auto w =
        lb::repack<lb::host_layout>(Entry::quantize(s.matrix(), lb::thread_pool(2)));
    benchmark::DoNotOptimize(lb::repack<lb::canonical>(w));
  });
}

}  // namespace

int main(int argc, char** argv) {
#ifdef LOWBIT_BENCH_FORMATS
  using formats = lb::format_list<LOWBIT_BENCH_FORMATS>;
#else
  using formats = lb::known_formats;
#endif
  formats::for_each([](auto entry) {
    if constexpr (requires { typename decltype(entry)::format_type; }) add_entry(entry);
  });
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
