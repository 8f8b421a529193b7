// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formats.hpp"

#include <lowbit/formats/known.hpp>
#include <lowbit/metrics/compare.hpp>
#include <lowbit/storage/linear/repack.hpp>
#include <lowbit/storage/random_matrix.hpp>

namespace tiny_lm {
namespace {

using list = lb::known_formats;

/// Packed as the kernels read it fastest.
template <class M>
lb::any_matrix fast(const M& m) {
  return lb::repack<lb::host_layout>(m);
}

template <class Entry>
weight_format describe() {
  weight_format f;
  f.name = Entry::name;
  f.integers = lb::matrix_traits<typename Entry::matrix_type>::exact_int8;
  f.save = [](lb::matrix_writer& file, const std::string& name,
              lb::matrix_view<const float> weights, const lb::thread_pool& threads) {
    auto packed = Entry::quantize(weights, threads);
    const saved_matrix saved{packed.bytes(), lb::compare(weights, packed).sqnr_db};
    file.add(name, std::move(packed));
    return saved;
  };
  f.load = [](const lb::matrix_file& file, const std::string& name) {
    return fast(file.load<typename Entry::matrix_type>(name));
  };
  f.random = [](lb::extent shape) {
    const auto quantize = [](lb::matrix_view<const float> weights) {
      return Entry::quantize(weights, lb::serial{});
    };
    return fast(lb::random_matrix(shape, quantize));
  };
  return f;
}

}  // namespace

const std::vector<weight_format>& all_formats() {
  static const std::vector<weight_format> all = [] {
    std::vector<weight_format> formats{{"f32"}};
    list::for_each([&](auto entry) { formats.push_back(describe<decltype(entry)>()); });
    return formats;
  }();
  return all;
}

const weight_format& format_named(std::string_view name) {
  std::string known;
  for (const weight_format& f : all_formats()) {
    if (f.name == name) return f;
    known += (known.empty() ? "" : ", ") + std::string(f.name);
  }
  lb::fail(lb::errc::bad_argument, "--format",
           lb::message("\"", name, "\" is unknown, expected of: ", known));
}

}  // namespace tiny_lm
