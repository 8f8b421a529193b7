// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every instruction set that this processor runs against the same loops in double.
#include "kernels.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <lowbit/core/random.hpp>
#include <string>
#include <vector>

using tiny_lm::index_t;
using tiny_lm::kernels;
using tiny_lm::padded;

namespace {

std::vector<float> normals(index_t count, std::uint64_t stream) {
  const lowbit::philox random{3, stream};
  std::vector<float> x;
  for (index_t i = 0; i < count; ++i) x.push_back(random.normal(std::uint64_t(i)));
  return x;
}

std::size_t at(index_t i) { return static_cast<std::size_t>(i); }

/// Sizes around every vector width.
constexpr index_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100};

}  // namespace

TEST_CASE("exp: relative error below 2e-7 from -87 to 88, zero below, finite above") {
  for (const kernels* k : tiny_lm::all_host_kernels()) {
    CAPTURE(std::string(k->name));
    double worst = 0;
    std::vector<float> x, y;
    for (double v = -87; v <= 88; v += 1e-3) x.push_back(float(v));
    y.resize(x.size());
    k->exp(x.data(), index_t(x.size()), y.data());
    for (std::size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, std::fabs(double(y[i]) / std::exp(double(x[i])) - 1));
    CHECK(worst < 2e-7);
    const std::vector<float> edges{-87.01f, -1e4f, -1e30f, -INFINITY, 0.f, 1e30f, INFINITY};
    y.resize(edges.size());
    k->exp(edges.data(), index_t(edges.size()), y.data());
    for (int i = 0; i < 4; ++i) CHECK(y[at(i)] == 0);
    CHECK(y[4] == 1);
    CHECK(std::isfinite(y[5]));
    CHECK(std::isfinite(y[6]));
  }
}

TEST_CASE("multiply: every shape, nothing written outside of C, rows alone give the same bits") {
  for (const kernels* k : tiny_lm::all_host_kernels())
    for (const index_t rows : {1, 2, 3, 5, 6, 7, 11, 12, 13, 25})
      for (const index_t cols : {1, 3, 4, 8, 15, 16, 17, 31, 32, 33, 70})
        for (const index_t depth : {1, 2, 37}) {
          CAPTURE(std::string(k->name));
          CAPTURE(rows);
          CAPTURE(cols);
          const index_t lda = depth + 3, ldb = padded(cols), ldc = cols + 5;
          const std::vector<float> a = normals(rows * lda, 1), b = normals(depth * ldb, 2);
          std::vector<float> c(at(rows * ldc), 77.f), alone = c;
          k->multiply(rows, cols, depth, a.data(), lda, b.data(), ldb, c.data(), ldc);
          for (index_t i = 0; i < rows; ++i)
            k->multiply(1, cols, depth, a.data() + i * lda, lda, b.data(), ldb,
                        alone.data() + i * ldc, ldc);
          bool good = c == alone;
          for (index_t i = 0; i < rows; ++i)
            for (index_t j = 0; j < ldc; ++j) {
              double sum = 0, magnitude = 0;
              for (index_t d = 0; j < cols && d < depth; ++d) {
                sum += double(a[at(i * lda + d)]) * double(b[at(d * ldb + j)]);
                magnitude += std::fabs(double(a[at(i * lda + d)]) * double(b[at(d * ldb + j)]));
              }
              const double found = double(c[at(i * ldc + j)]);
              good = good && (j < cols ? std::fabs(found - sum) <= 5e-6 * magnitude : found == 77);
            }
          CHECK(good);
        }
}

TEST_CASE("softmax: adds up to 1, follows the definition, zeros after the valid part") {
  for (const kernels* k : tiny_lm::all_host_kernels())
    for (const index_t valid : sizes)
      for (const index_t more : {0, 1, 11, 40}) {
        CAPTURE(std::string(k->name));
        CAPTURE(valid);
        const index_t end = valid + more;
        std::vector<float> x = normals(padded(end), 5);
        for (float& v : x) v *= 20;
        const std::vector<float> before = x;
        k->softmax(x.data(), valid, end, 0.3f);
        double top = -1e9, total = 0, found = 0;
        const double scale = double(0.3f);
        for (index_t i = 0; i < valid; ++i) top = std::max(top, double(before[at(i)]));
        for (index_t i = 0; i < valid; ++i)
          total += std::exp(scale * (double(before[at(i)]) - top));
        bool good = true;
        for (index_t i = 0; i < end; ++i) {
          // The argument of exp is rounded in float32, which exp turns into a relative error.
          const double argument = i < valid ? scale * (double(before[at(i)]) - top) : 0;
          const double expected = i < valid ? std::exp(argument) / total : 0;
          const double allowed = 2e-7 * (4 - argument) * expected + 1e-37;
          good = good && std::fabs(double(x[at(i)]) - expected) <= allowed;
          found += double(x[at(i)]);
        }
        CHECK(good);
        CHECK(found == doctest::Approx(1).epsilon(1e-5));
      }
}

TEST_CASE(
    "the kernels by element follow their formulas at every length and write nothing after it") {
  for (const kernels* k : tiny_lm::all_host_kernels())
    for (const index_t n : sizes) {
      CAPTURE(std::string(k->name));
      CAPTURE(n);
      const std::vector<float> x = normals(n, 8), w = normals(n, 9);
      const auto near = [](float found, double expected, double scale) {
        return std::fabs(double(found) - expected) <= 2e-6 * (scale + std::fabs(expected));
      };

      std::vector<float> y(at(n + 1), 77.f);
      double squares = 0;
      for (const float v : x) squares += double(v) * double(v);
      k->rms_norm(x.data(), w.data(), 1e-3f, n, y.data());
      for (index_t i = 0; i < n; ++i)
        CHECK(near(y[at(i)],
                   double(x[at(i)]) / std::sqrt(squares / double(n) + 1e-3) * double(w[at(i)]), 0));
      CHECK(y.back() == 77);

      y = x;
      y.push_back(77);
      k->silu_product(y.data(), w.data(), n);
      for (index_t i = 0; i < n; ++i) {
        const double v = double(x[at(i)]);
        CHECK(near(y[at(i)], v / (1 + std::exp(-v)) * double(w[at(i)]), 0));
      }
      CHECK(y.back() == 77);

      y = x;
      y.push_back(77);
      k->add(y.data(), w.data(), n);
      for (index_t i = 0; i < n; ++i) CHECK(y[at(i)] == x[at(i)] + w[at(i)]);
      CHECK(y.back() == 77);

      const std::vector<float> head = normals(2 * n, 12);
      std::vector<float> cosines, sines;
      for (const float v : x) cosines.push_back(std::cos(v));
      for (const float v : x) sines.push_back(std::sin(v));
      y = head;
      y.push_back(77);
      k->rotate(y.data(), cosines.data(), sines.data(), n);
      for (index_t i = 0; i < n; ++i) {
        const double a = double(head[at(i)]), b = double(head[at(i + n)]);
        const double c = double(cosines[at(i)]), s = double(sines[at(i)]);
        CHECK(near(y[at(i)], a * c - b * s, 1));
        CHECK(near(y[at(i + n)], b * c + a * s, 1));
      }
      CHECK(y.back() == 77);

      double total = 0;
      for (const float v : x) total += std::exp(double(v) - 1.5);
      CHECK(k->sum_of_exp(x.data(), 1.5f, n) == doctest::Approx(total).epsilon(1e-6));
    }
}

TEST_CASE("silu stays finite and right at the ends of the range") {
  for (const kernels* k : tiny_lm::all_host_kernels()) {
    std::vector<float> x{-1e30f, -200.f, -88.5f, 88.5f, 200.f, 1e30f};
    const std::vector<float> one(x.size(), 1.f), before = x;
    k->silu_product(x.data(), one.data(), index_t(x.size()));
    CHECK(std::fabs(x[1]) < 1e-30f);
    CHECK(std::fabs(x[2]) < 1e-30f);
    for (const int i : {3, 4, 5}) CHECK(x[at(i)] == before[at(i)]);
    CHECK(std::isfinite(x[0]));
  }
}
