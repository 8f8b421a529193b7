// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/outliers/sparse.hpp>

#include <doctest/doctest.h>

#include <lowbit/core/random.hpp>
#include <lowbit/kernels/dequantize.hpp>
#include <lowbit/kernels/gemm.hpp>
#include <lowbit/outliers/criteria/top_k.hpp>
#include <lowbit/quantize.hpp>

#include "support/compiled_kernels.hpp"

namespace {
namespace lb = lowbit;
using lb::index_t;
using F = lb::format<lb::uniform<3, lb::asymmetric>, lb::per_group<64>, lb::sparse<>>;

constexpr index_t rows = 11, cols = 150, tokens = 3;

std::vector<float> noise(index_t n, std::uint64_t seed) {
  const lb::philox random{seed};
  std::vector<float> x(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = random.uniform(i) - 0.5f;
  return x;
}
/// Noise with an element of about 30 in every row.
std::vector<float> weights_with_outliers() {
  std::vector<float> w = noise(rows * cols, 1);
  for (index_t r = 0; r < rows; ++r) w[std::size_t(r * cols + 7 * r + 3)] = 30.25f + float(r);
  return w;
}
lb::matrix_view<const float> matrix(const std::vector<float>& x, index_t r, index_t c) {
  return {x.data(), r, c};
}
std::vector<float> dequantized(const lb::quantized_view<F>& w) {
  std::vector<float> out(std::size_t(w.rows() * w.cols()));
  lb::dequantize(w, lb::matrix_view<float>(out.data(), w.rows(), w.cols()));
  return out;
}

/// The arrays of a matrix, to be changed one at a time.
struct arrays {
  lb::quantized_matrix<F> m;
  std::vector<lb::part> parts;
  explicit arrays(const lb::quantized_matrix<F>& from) : m(from) {}

  void operator()(const lb::path& at, lb::element type, const auto& a) {
    names.push_back(at.str());
    parts.push_back(
        {{},
         {reinterpret_cast<const std::uint8_t*>(a.data()), index_t(a.size() * sizeof(a[0]))},
         type});
  }
  void derived(const auto&) const {}
  void load() {
    parts.clear(), names.clear();
    lb::matrix_data<F, lb::owned>::each(*this, std::as_const(m).data());
    for (std::size_t i = 0; i < parts.size(); ++i) parts[i].name = names[i];
    lb::quantized_view<F>::from_parts(m.shape(), parts);
  }
  std::string failure() {
    try {
      load();
    } catch (const lb::error& e) {
      CHECK(e.code() == lb::errc::corrupted);
      return e.what();
    }
    return "";
  }
  std::vector<std::string> names;
};
bool mentions(const std::string& text, const char* what) {
  return text.find(what) != std::string::npos;
}

TEST_CASE("outliers keep their values to f16, and ranges do not reach them") {
  const std::vector<float> w = weights_with_outliers();
  const auto m = lb::quantize<F>(matrix(w, rows, cols), lb::top_k(1, lb::outlier_scope::row));
  const std::vector<float> back = dequantized(m.view());
  for (index_t r = 0; r < rows; ++r)
    for (index_t c = 0; c < cols; ++c) {
      const std::size_t i = std::size_t(r * cols + c);
      CHECK(back[i] == m.view().at(r, c));
      if (c == 7 * r + 3)
        CHECK(back[i] == w[i]);  // 30.25 + r is an f16
      else
        CHECK(lb::magnitude(back[i] - w[i]) <= 0.51f / 7);
    }
}

TEST_CASE("one percent is kept by default, at 32 bits each and 32 per row") {
  const auto m = lb::quantize<F>(matrix(weights_with_outliers(), rows, cols));
  CHECK(m.data().apart.columns.size() == rows * cols / 100);
  CHECK(m.data().apart.row_starts.size() == rows + 1);
  using plain = lb::format<lb::uniform<3, lb::asymmetric>, lb::per_group<64>>;
  const auto without = lb::quantize<plain>(matrix(weights_with_outliers(), rows, cols));
  CHECK(m.bytes() - without.bytes() == 16 * 4 + (rows + 1) * 4);
  CHECK(lb::format_name<F> == "uniform<3,asymmetric>/per_group<64,f16>/sparse<u16>");
}

TEST_CASE("products have the outliers' share, with real and with int8 activations") {
  const std::vector<float> w = weights_with_outliers(), x = noise(tokens * cols, 2);
  const auto m = lb::quantize<F>(matrix(w, rows, cols));
  const std::vector<float> back = dequantized(m.view());
  std::vector<float> real(tokens * rows), int8(tokens * rows);
  const lb::matrix_view<const float> in = matrix(x, tokens, cols);
  lb::gemm(m.view(), in, lb::matrix_view<float>(real.data(), tokens, rows));
  lb::gemm(m.view(), lb::as<lb::a8>(in), lb::matrix_view<float>(int8.data(), tokens, rows));
  for (index_t t = 0; t < tokens; ++t)
    for (index_t r = 0; r < rows; ++r) {
      double exact = 0, size = 0;
      for (index_t c = 0; c < cols; ++c) {
        const double p =
            double(back[std::size_t(r * cols + c)]) * double(x[std::size_t(t * cols + c)]);
        exact += p, size += p < 0 ? -p : p;
      }
      CHECK(double(real[std::size_t(t * rows + r)]) == doctest::Approx(exact).epsilon(1e-5 * size));
      CHECK(double(int8[std::size_t(t * rows + r)]) == doctest::Approx(exact).epsilon(0.01 * size));
    }
}

TEST_CASE("what an array promises is checked") {
  const auto good = lb::quantize<F>(matrix(weights_with_outliers(), rows, cols),
                                    lb::top_k(2, lb::outlier_scope::row));
  CHECK(arrays(good).failure() == "");
  const auto broken = [&](auto change) {
    arrays a(good);
    change(a.m.data().apart);
    return a.failure();
  };
  CHECK(mentions(broken([](auto& d) { d.row_starts[0] = 1; }), "the first is 1"));
  CHECK(mentions(broken([](auto& d) { d.row_starts[3] = 5000; }), "row 3 starts at 5000"));
  CHECK(mentions(broken([](auto& d) { d.row_starts[rows] += 1; }), "expected the number"));
  CHECK(mentions(broken([](auto& d) { d.row_starts.pop_back(); }), "outliers.row_starts"));
  CHECK(mentions(broken([](auto& d) { d.columns[1] = 150; }), "column 150 in row 0"));
  CHECK(mentions(broken([](auto& d) { d.columns[1] = d.columns[0]; }), "rising order"));
  CHECK(mentions(broken([](auto& d) { d.values.pop_back(); }), "outliers.values"));
  CHECK(mentions(broken([](auto& d) { d.values[4] = 0x7c00; }), "element 4 is not finite"));
}

TEST_CASE("a value beyond f16 and a column beyond the index are errors") {
  std::vector<float> w = weights_with_outliers();
  w[5] = 7e4f;
  CHECK_THROWS_AS(lb::quantize<F>(matrix(w, rows, cols)), lb::error);
  const std::vector<float> wide(65537);
  CHECK_THROWS_AS(lb::quantize<F>(matrix(wide, 1, 65537)), lb::error);
  using wide_format = lb::format<lb::uniform<3>, lb::per_row, lb::sparse<std::uint32_t>>;
  CHECK(lb::quantize<wide_format>(matrix(wide, 1, 65537)).shape().cols == 65537);
}

TEST_CASE("empty matrices and matrices without outliers work") {
  const auto none = lb::quantize<F>(lb::matrix_view<const float>(nullptr, 0, 5));
  CHECK(none.shape().rows == 0);
  const auto plain = lb::quantize<F>(matrix(weights_with_outliers(), rows, cols), lb::top_k(0));
  CHECK(plain.data().apart.values.empty());
}

}  // namespace
