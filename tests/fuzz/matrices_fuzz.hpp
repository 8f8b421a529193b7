// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a file of matrices may do to a program, whatever its bytes: nothing. The body of the fuzz
// target and of the tests that change bytes one by one.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <lowbit/safetensors.hpp>
#include <memory>
#include <string>
#include <vector>

#include "interop/matrices/storage_kinds.hpp"
#include "safetensors_fuzz.hpp"
#include "support/compiled_kernels.hpp"

namespace lowbit_test {

/// The names of the matrices of a file.
inline std::vector<std::string> matrix_names(const lb::safetensors::archive& file) {
  constexpr std::string_view suffix = ".format";
  std::vector<std::string> names;
  for (const auto& [key, value] : file.metadata())
    if (std::string_view(key).ends_with(suffix))
      names.push_back(key.substr(0, key.size() - suffix.size()));
  return names;
}

/// Whether a product is that of the values, as far as rounding in binary32 allows.
inline bool is_product(lb::matrix_view<const float> w, const std::vector<float>& x,
                       const std::vector<float>& y) {
  for (lb::index_t r = 0; r < w.rows(); ++r) {
    double exact = 0, sum = 0;
    for (lb::index_t c = 0; c < w.cols(); ++c) {
      const double p = double(w(r, c)) * double(x[std::size_t(c)]);
      exact += p;
      sum += std::fabs(p);
    }
    // Sums beyond binary32, and those of infinities, may be anything.
    const double error = std::fabs(double(y[std::size_t(r)]) - exact);
    if (sum < 1e37 && !(error <= (double(w.cols()) / 16 + 17) * 0x1p-23 * sum + 1e-37))
      return false;
  }
  return true;
}

/// Uses a matrix in every way; the law that it breaks, or null.
inline const char* law_broken_by(const lb::any_matrix& m) {
  const lb::extent e = m.shape();
  constexpr lb::index_t most = 1 << 14;  // a few bytes may stand for an endless empty matrix
  if (e.rows > most || e.cols > most || e.rows * e.cols > most) return nullptr;
  std::vector<float> weights(std::size_t(e.rows * e.cols));
  std::vector<float> x(std::size_t(e.cols)), y(std::size_t(e.rows)), coarse(y);
  const lb::matrix_view<float> w(weights.data(), e.rows, e.cols);
  const lb::matrix_view<float> row(x.data(), 1, e.cols);
  m.dequantize(w);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = float(int(i * 7 % 13) - 6) / 8;
  lb::gemv(m, x, lb::span<float>(y));
  lb::gemv(m, lb::as<lb::a8>(x), lb::span<float>(coarse));

  const std::string format(m.format());
  const auto has = [&](const char* part) { return format.find(part) != std::string::npos; };
  // What is added to the value of a code may cancel it: then the bound does not hold.
  if (has("/sparse") || has("/columns") || has("/low_rank") || has("linear<")) return nullptr;
  if (!is_product(w, x, y)) return "the product of what was loaded is that of its values";
  const bool int8_is_exact =
      has("uniform<") && format.find("uniform<") == 0 && !has("real_zero") && !has("minimum");
  if (!int8_is_exact) return nullptr;
  const auto rounded = lb::quantize<lb::a8>(lb::matrix_view<const float>(row));
  lb::dequantize(rounded.view(), row);
  return is_product(w, x, coarse) ? nullptr : "the product with int8 activations is that of values";
}

/// The law that the matrices of a file break, or null: each loads or gives an error that is one
/// line about bad bytes; what loads is used and comes back the same after saving. `loads` counts
/// the matrices that were used, where it is not null.
template <class List>
const char* matrices_law_broken_by(lb::span<const std::uint8_t> bytes, long* loads = nullptr) {
  const auto law_of = [](const lb::error& e) {
    const std::string what = e.what();
    std::string problem = what.substr(std::string("lowbit: ").size() + e.argument().size() + 2);
    problem = problem.substr(0, problem.find("known are"));  // however many those are
    const bool about_sizes =
        e.code() == lb::errc::bad_argument || e.code() == lb::errc::shape_mismatch;
    const lb::errc code = about_sizes ? lb::errc::corrupted : e.code();
    // The argument is the name that was asked for, however long.
    return law_broken_by(
        lb::failure{code, e.argument().size() > 64 ? "name" : e.argument(), problem});
  };
  std::unique_ptr<lb::matrix_file> file;
  try {
    file = std::make_unique<lb::matrix_file>(std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
  } catch (const lb::error& e) {
    return law_of(e);
  }
  for (const std::string& name : matrix_names(file->archive())) {
    lb::any_matrix m;
    try {
      m = file->load_any<List>(name);
    } catch (const lb::error& e) {
      if (const char* law = law_of(e)) return law;
      continue;
    }
    if (loads != nullptr) ++*loads;
    if (const char* law = law_broken_by(m)) return law;
    for (const lb::stored_array& a : m.arrays()) {
      const lb::safetensors::tensor* t = file->archive().find(name + "." + a.name);
      if (t == nullptr || !same_bytes(t->data, a.bytes)) return "a loaded array is the stored one";
    }
  }
  return nullptr;
}

/// Says which law breaks and ends the process, so that a fuzzer keeps the input.
inline void fuzz_matrices(lb::span<const std::uint8_t> file) {
  if (const char* law = matrices_law_broken_by<fragile_kinds>(file)) {
    std::fprintf(stderr, "broken: %s\n", law);
    __builtin_trap();
  }
}

}  // namespace lowbit_test
