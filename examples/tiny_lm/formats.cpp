// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "formats.hpp"

#include <lowbit/formats/known.hpp>
#include <lowbit/storage/random_matrix.hpp>

namespace tiny_lm {
namespace {

using list = lb::known_formats;

/// Whether int8 products with matrices of this type lose nothing but what rounding the activations
/// costs.
template <class M>
constexpr bool has_integer_levels = false;
template <class F>
constexpr bool has_integer_levels<lb::quantized_matrix<F>> = [] {
  using Q = typename F::quantizer_type;
  if constexpr (lb::kernels::has_int8_path<F> && !lb::has_state<Q>)
    return lb::kernels::int8_table_of<Q>.exact;
  else
    return false;
}();

/// Random valid codes and scales where the entry is one quantized matrix; other entries encode.
template <class Entry>
lb::any_matrix random_layer(lb::extent shape) {
  using M = typename Entry::matrix_type;
  if constexpr (requires { typename M::format_type; }) {
    return lb::random_matrix<typename M::format_type>(shape);
  } else {
    std::vector<float> values(static_cast<std::size_t>(shape.rows * shape.cols));
    const lb::philox random{1};
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = random.uniform(i) - 0.5f;
    return Entry::quantize(lb::matrix_view<const float>(values.data(), shape.rows, shape.cols),
                           lb::serial{});
  }
}

template <class Entry>
weight_format describe() {
  weight_format f;
  f.name = Entry::name;
  f.integers = has_integer_levels<typename Entry::matrix_type>;
  f.quantize = [](lb::matrix_view<const float> weights, const lb::thread_pool& threads) {
    return lb::any_matrix(Entry::quantize(weights, threads));
  };
  f.load = [](const lb::matrix_file& file, const std::string& name) {
    return file.load_any<lb::format_list<Entry>>(name);
  };
  f.random = [](lb::extent shape) { return random_layer<Entry>(shape); };
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
