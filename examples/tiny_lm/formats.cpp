// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formats.hpp"

#include <lowbit/formats/known.hpp>
#include <lowbit/storage/random_matrix.hpp>

namespace tiny_lm {
namespace {

using list = lb::known_formats;

template <class Entry>
weight_format describe() {
  weight_format f;
  f.name = Entry::name;
  f.integers = lb::matrix_traits<typename Entry::matrix_type>::exact_int8;
  f.quantize = [](lb::matrix_view<const float> weights, const lb::thread_pool& threads) {
    return lb::any_matrix(Entry::quantize(weights, threads));
  };
  f.load = [](const lb::matrix_file& file, const std::string& name) {
    return file.load_any<lb::format_list<Entry>>(name);
  };
  f.random = [](lb::extent shape) {
    const auto quantize = [](lb::matrix_view<const float> weights) {
      return Entry::quantize(weights, lb::serial{});
    };
    return lb::any_matrix(lb::random_matrix(shape, quantize));
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
