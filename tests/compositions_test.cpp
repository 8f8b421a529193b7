// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Five published systems, put together from the library's parts: what is not here as a part is
// written below as a user would write it (a solver, a criterion, a transform). Each test states the
// system's own claim on a small layer. HACKING.md says what these taught the contracts.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <lowbit/lowbit.hpp>
#include <numeric>
#include <vector>

#include "support/compiled_kernels.hpp"

using namespace lowbit;

namespace {

using matrix = dense_matrix<float>;

/// Weights with heavy tails, and activations that are correlated and large in a few channels.
struct layer {
  static constexpr index_t outputs = 64, inputs = 128, tokens = 256;
  matrix weights{extent{outputs, inputs}};
  matrix calibration{extent{tokens, inputs}}, evaluation{extent{tokens, inputs}};

  layer() {
    const philox random{5};
    std::uint64_t next = 0;
    const auto normal = [&] { return random.normal(next++); };
    for (float& w : weights.values) {  // Student's t with 4 degrees of freedom
      double sum = 0;
      const float n = normal();
      for (int i = 0; i < 4; ++i) sum += std::pow(double(normal()), 2);
      w = 0.02f * n / float(std::sqrt(sum / 4));
    }
    matrix mix(extent{inputs, inputs});
    for (index_t k = 0; k < inputs; ++k) {
      const float spread = std::exp(0.7f * normal()) / std::sqrt(float(inputs));
      for (index_t j = 0; j < inputs; ++j) mix.view()(k, j) = spread * normal();
    }
    for (matrix* x : {&calibration, &evaluation})
      for (index_t t = 0; t < tokens; ++t)
        for (index_t k = 0; k < inputs; ++k) {
          const float u = normal();
          for (index_t j = 0; j < inputs; ++j)
            x->view()(t, j) += u * mix.view()(k, j) * (j % 25 == 7 ? 10.f : 1.f);
        }
  }

  /// sum |y - W x|^2 / sum |W x|^2 for the y that product(x, y) makes of activations.
  template <class Product>
  double error_of(const matrix& x, Product product) const {
    matrix y(extent{tokens, outputs});
    product(std::as_const(x).view(), y.view());
    double error = 0, power = 0;
    for (index_t t = 0; t < tokens; ++t)
      for (index_t r = 0; r < outputs; ++r) {
        double exact = 0;
        for (index_t c = 0; c < inputs; ++c)
          exact += double(weights.view()(r, c)) * double(x.view()(t, c));
        error += std::pow(double(y.view()(t, r)) - exact, 2);
        power += exact * exact;
      }
    return error / power;
  }
  template <class M>
  double error(const M& q, const matrix& x) const {
    return error_of(x, [&](auto in, auto out) { gemm(q, in, out); });
  }
  template <class M>
  double error(const M& q) const {
    return error(q, evaluation);
  }
};

const layer& shared_layer() {
  static const layer l;
  return l;
}

/// A square matrix in binary64: enough linear algebra for a Hessian.
struct square {
  index_t n;
  std::vector<double> values;
  explicit square(index_t size) : n(size), values(std::size_t(size * size)) {}
  double& operator()(index_t r, index_t c) { return values[std::size_t(r * n + c)]; }
  double operator()(index_t r, index_t c) const { return values[std::size_t(r * n + c)]; }
};

/// X^T X of the activations, damped by a share of its mean diagonal.
square hessian(const matrix& x, double damping) {
  square h(x.shape.cols);
  for (index_t t = 0; t < x.shape.rows; ++t)
    for (index_t i = 0; i < h.n; ++i)
      for (index_t j = 0; j < h.n; ++j) h(i, j) += double(x.view()(t, i)) * double(x.view()(t, j));
  double mean = 0;
  for (index_t i = 0; i < h.n; ++i) mean += h(i, i) / double(h.n);
  for (index_t i = 0; i < h.n; ++i) h(i, i) += damping * mean;
  return h;
}
/// The upper triangular U with U^T U = H^-1: with the order reversed, the inverse of H's Cholesky
/// factor.
square inverse_factor(const square& h) {
  const index_t n = h.n;
  square l(n), u(n);
  for (index_t i = 0; i < n; ++i)  // Cholesky of the reversed matrix
    for (index_t j = 0; j <= i; ++j) {
      double sum = h(n - 1 - i, n - 1 - j);
      for (index_t k = 0; k < j; ++k) sum -= l(i, k) * l(j, k);
      l(i, j) = i == j ? std::sqrt(sum) : sum / l(j, j);
    }
  for (index_t c = 0; c < n; ++c)  // its inverse, reversed back
    for (index_t i = c; i < n; ++i) {
      double sum = i == c ? 1 : 0;
      for (index_t k = c; k < i; ++k) sum -= l(i, k) * u(n - 1 - k, n - 1 - c);
      u(n - 1 - i, n - 1 - c) = sum / l(i, i);
    }
  return u;
}

matrix columns_of(const matrix& m, index_t first, index_t last) {
  matrix part(extent{m.shape.rows, last - first});
  for (index_t r = 0; r < m.shape.rows; ++r)
    for (index_t c = first; c < last; ++c) part.view()(r, c - first) = m.view()(r, c);
  return part;
}

}  // namespace

// ---------------------------------------------------------------------------------------------
// SpQR (arXiv 2306.03078): 3-bit groups of 16 whose scales and zeros have 3 bits in their turn,
// with error feedback from column to column, in which what still errs by too much is kept apart.
// ---------------------------------------------------------------------------------------------
namespace {

using spqr_codes = uniform<3, real_zero>;
using spqr_groups = two_level_rows<16, 16, uniform<3, real_zero>>;
using spqr3 = format<spqr_codes, spqr_groups, sparse<>>;

/// GPTQ's sweep; errors of more than a threshold become outliers.
struct spqr_sweep : rounding_solver {
  const square& u;
  double threshold;
  spqr_sweep(const square& factor, double t) : u(factor), threshold(t) {}

  template <class Q, class G>
  void solve_row(coder<Q, G>& c, index_t r) const {
    const auto code = [&](index_t j) {
      return (double(c(r, j)) - double(c.encode(r, j, c(r, j)))) / u(j, j);
    };
    for (index_t j = 0; j < c.cols(); ++j) {
      double error = code(j);
      if (error * error > threshold) {
        c.keep_apart(r, j);
        error = code(j);
      }
      for (index_t k = j + 1; k < c.cols(); ++k) c(r, k) = float(double(c(r, k)) - error * u(j, k));
    }
  }
};

/// The range of a group without the values that make the others err much more.
struct range_of_others : range_search {
  double threshold;
  explicit range_of_others(double t) : threshold(t) {}

  template <class Q>
  group_params<Q> fit(const group_values<Q>& g) const {
    const group_params<Q> all = minmax{}.fit<Q>(g);
    const double error = group_error(g, all);
    std::vector<float> kept;
    for (index_t i = 0; i < g.values.size(); ++i) {
      std::vector<float> values(g.values.begin(), g.values.end());
      std::vector<float> weights(g.importance.begin(), g.importance.end());
      values.erase(values.begin() + i);
      weights.erase(weights.begin() + i);
      group_values<Q> others = g;
      others.values = values;
      others.importance = weights;
      if (error - group_error(others, minmax{}.fit<Q>(others)) <= threshold)
        kept.push_back(g.values[i]);
    }
    if (kept.empty()) return all;
    group_values<Q> rest = g;
    rest.values = kept;
    return minmax{}.fit<Q>(rest);
  }
};

}  // namespace

TEST_CASE("SpQR: few outliers, found in the sweep, take away most of the error") {
  const layer& l = shared_layer();
  const matrix_view<const float> w = l.weights.view();
  const square u = inverse_factor(hessian(l.calibration, 1));  // SpQR's damping
  std::vector<float> weights;
  double spread = 0;  // the mean over columns of var(w) / U^2
  for (index_t j = 0; j < w.cols(); ++j) {
    weights.push_back(float(1 / (u(j, j) * u(j, j))));
    double sum = 0, squares = 0;
    for (index_t r = 0; r < w.rows(); ++r) {
      sum += double(w(r, j));
      squares += double(w(r, j)) * double(w(r, j));
    }
    const double n = double(w.rows()), mean = sum / n;
    spread += (squares / n - mean * mean) / (u(j, j) * u(j, j)) / double(w.cols());
  }
  const auto with_tau = [&](double tau) {
    return quantize<spqr3>(w, range_of_others{tau * spread}, spqr_sweep(u, tau * spread),
                           importance(weights), top_k{0});
  };
  const auto share = [&](const quantized_matrix<spqr3>& q) {
    return double(q.data().apart.columns.size()) / double(w.rows() * w.cols());
  };
  constexpr double never = std::numeric_limits<double>::infinity();

  // Without outliers it is GPTQ with the same quantizer.
  const auto none_apart = with_tau(never);
  const auto gptq = quantize<format<spqr_codes, spqr_groups>>(w, spqr_sweep(u, never));
  CHECK(share(none_apart) == 0);
  CHECK(none_apart.data().main.codes == gptq.data().main.codes);
  const double without = l.error(gptq);
  CHECK(without < 0.8 * l.error(quantize<format<spqr_codes, spqr_groups>>(w)));

  double last_error = without, last_share = 0;
  for (const double tau : {0.5, 0.2, 0.1}) {
    const auto q = with_tau(tau);
    CAPTURE(tau);
    CAPTURE(share(q));
    CAPTURE(without / l.error(q));
    CHECK(share(q) > last_share);
    CHECK(l.error(q) < last_error);
    last_share = share(q);
    last_error = l.error(q);
  }
  const auto q = with_tau(0.2);
  CHECK(share(q) < 0.04);
  CHECK(l.error(q) < without / 3);
  CHECK(q.bits_per_weight() == doctest::Approx(3 + (3. + 3) / 16 + (2 * 16. + 2 * 16) / (16 * 16) +
                                               32 * share(q) + 32. * 65 / (64 * 128)));
}

// ---------------------------------------------------------------------------------------------
// AWQ (arXiv 2306.00978): input channels are scaled by a power of their activations' magnitude, and
// ranges clipped, both as a search over what the layer puts out.
// ---------------------------------------------------------------------------------------------
TEST_CASE("AWQ: scales and clips found on outputs") {
  using w3 = format<uniform<3, asymmetric>, per_group<64>>;
  const layer& l = shared_layer();
  const matrix_view<const float> w = l.weights.view();
  std::vector<double> mean(std::size_t(l.inputs), 0.0);
  for (index_t t = 0; t < l.tokens; ++t)
    for (index_t j = 0; j < l.inputs; ++j)
      mean[std::size_t(j)] += std::fabs(double(l.calibration.view()(t, j))) / double(l.tokens);

  const auto scaled_by = [&](double alpha) {
    std::vector<float> s;
    for (const double m : mean) s.push_back(float(std::max(std::pow(m, alpha), 1e-4)));
    const auto [low, high] = std::minmax_element(s.begin(), s.end());
    const float middle = std::sqrt(*low * *high);
    for (float& x : s) x /= middle;
    return channel_scale(std::move(s));
  };
  double best = 0, least = l.error(quantize<w3>(w), l.calibration);
  const double rounded = least;
  CHECK(l.error(quantize_linear<w3>(w, scaled_by(0)), l.calibration) ==
        doctest::Approx(rounded).epsilon(1e-6));
  for (double alpha = 0.05; alpha < 1; alpha += 0.05) {
    const double error = l.error(quantize_linear<w3>(w, scaled_by(alpha)), l.calibration);
    if (error < least) {
      least = error;
      best = alpha;
    }
  }
  CAPTURE(best);
  CHECK(best > 0.2);
  const channel_scale scale = scaled_by(best);
  const auto awq = quantize_linear<w3>(w, scale);
  CHECK(l.error(awq) < 0.5 * l.error(quantize<w3>(w)));

  // The clip of each group: the limit whose rounding moves the group's outputs least.
  const matrix scaled_weights = transform_rows(scale, w);
  const extent groups = w3::granularity_type::params_shape(w.shape());
  matrix limits(groups), errors(groups);
  std::fill(errors.values.begin(), errors.values.end(), std::numeric_limits<float>::infinity());
  for (int k = 0; k < 10; ++k) {
    matrix tried(groups), decoded(w.shape());
    for (index_t r = 0; r < w.rows(); ++r)
      for (index_t c = 0; c < w.cols(); ++c) {
        float& top = tried.view()(r, c / 64);
        top = std::max(top, magnitude(scaled_weights.view()(r, c)));
      }
    for (float& top : tried.values) top *= 1 - float(k) / 20;
    const auto q = quantize<w3>(scaled_weights.view(), clip(std::as_const(tried).view()));
    dequantize(q.view(), decoded.view());
    for (index_t r = 0; r < w.rows(); ++r)
      for (index_t g = 0; g < groups.cols; ++g) {
        double error = 0;
        for (index_t t = 0; t < l.tokens; ++t) {
          double moved = 0;
          for (index_t c = g * 64; c < (g + 1) * 64; ++c)
            moved += double(l.calibration.view()(t, c)) / double(scale.scales()[c]) *
                     double(decoded.view()(r, c) - scaled_weights.view()(r, c));
          error += moved * moved;
        }
        if (float(error) >= errors.view()(r, g)) continue;
        errors.view()(r, g) = float(error);
        limits.view()(r, g) = tried.view()(r, g);
      }
  }
  const auto clipped = quantize_linear<w3>(w, scale, clip(std::as_const(limits).view()));
  CHECK(l.error(clipped, l.calibration) < l.error(awq, l.calibration));
  CHECK(l.error(clipped) < l.error(awq));
  CHECK(any_matrix(clipped).format() ==
        "linear<channel_scale;uniform<3,asymmetric>/per_group<64,f16>;>");
}

// ---------------------------------------------------------------------------------------------
// QuEST (arXiv 2502.05003): weights and activations in a Hadamard basis, centred levels, the clip
// that is best for normal values.
// ---------------------------------------------------------------------------------------------
namespace {
/// A quantizer may bring its range search; activations have no other way to one.
struct quest4 : uniform<4, centred> {
  using range = quest;
};
}  // namespace

TEST_CASE("QuEST: in the Hadamard basis everything is normal") {
  using w4 = format<quest4, per_row::with<f32>>;
  const layer& l = shared_layer();
  const matrix_view<const float> w = l.weights.view();
  const auto raw = quantize<w4>(w);
  const auto rotated = quantize_linear<w4>(w, hadamard{.block = 128});
  constexpr double normal_error = 0.01154288;  // of 4 bits, clip 2.514 sigma
  CHECK(compare(w, rotated).relative_mse == doctest::Approx(normal_error).epsilon(0.1));
  CHECK(compare(w, raw.view()).relative_mse > 2 * normal_error);

  const auto both = [&](const auto& q) {
    return l.error_of(l.evaluation, [&](auto x, auto y) { gemm(q, as<w4>(x), y); });
  };
  CHECK(both(rotated) < 3 * normal_error);
  CHECK(both(raw) > 10 * normal_error);
}

// ---------------------------------------------------------------------------------------------
// iFairy (arXiv 2508.05571): complex weights of +-1, +-i with one scale for each axis, applied to
// conjugated activations; Fairy2i takes a real layer there and codes what is left once more.
// ---------------------------------------------------------------------------------------------
TEST_CASE("iFairy: products without multiplications") {
  using phase = format<complex_unit, per_tensor::with<f32>>;
  constexpr index_t rows = 48, cols = 80;
  dense_matrix<complex32> w(extent{rows, cols});
  const philox random{9};
  for (std::size_t i = 0; i < w.values.size(); ++i)
    w.values[i] = {random.normal(2 * i), random.normal(2 * i + 1)};
  const auto q = quantize<phase>(std::as_const(w).view());
  // 1 - 2 / pi of complex normal weights is lost.
  CHECK(compare(std::as_const(w).view(), q.view()).relative_mse ==
        doctest::Approx(0.36338).epsilon(0.03));

  std::vector<complex32> x, y(rows), conjugated(rows);
  for (index_t c = 0; c < cols; ++c)
    x.push_back({float(c * 37 % 255 - 127), float(c * 91 % 255 - 127)});  // int8 activations
  gemv(q.view(), x, y);
  gemv(linear{conjugate{}, q}, x, conjugated);
  const group_params<complex_unit> p = q.view().main.params(0, 0);
  for (index_t r = 0; r < rows; ++r) {
    // Signed sums over the weights of each axis; four products with scales at the end.
    long a = 0, b = 0, c = 0, d = 0;
    for (index_t k = 0; k < cols; ++k) {
      const complex32 unit = complex_unit::decode(q.view().main.code(r, k));
      const auto re = long(x[std::size_t(k)].re), im = long(x[std::size_t(k)].im);
      a += long(unit.re) * re;
      b += long(unit.re) * im;
      c += long(unit.im) * re;
      d += long(unit.im) * im;
    }
    const double s = double(p.scale[0]), t = double(p.scale[1]);
    const auto close = [](float found, double expected) {
      return std::fabs(double(found) - expected) < 1e-2;  // of sums of 80 products near 100
    };
    CHECK(close(y[std::size_t(r)].re, s * double(a) - t * double(d)));
    CHECK(close(y[std::size_t(r)].im, s * double(b) + t * double(c)));
    CHECK(close(conjugated[std::size_t(r)].re, s * double(a) + t * double(d)));
    CHECK(close(conjugated[std::size_t(r)].im, t * double(c) - s * double(b)));
  }
}

TEST_CASE("Fairy2i: a real layer as pairs of complex ones, stage by stage") {
  using phase = format<complex_unit, per_group<32>>;
  const layer& l = shared_layer();
  const matrix_view<const float> w = l.weights.view();
  const auto one = quantize_widely_linear<phase>(w);
  const auto two = quantize_widely_linear<phase, phase>(w);
  const double left = compare(w, one).relative_mse;
  CHECK(left < 0.45);
  CHECK(compare(w, two).relative_mse < 0.45 * left);
  CHECK(two.bits_per_weight() == doctest::Approx(2 * one.bits_per_weight()));
  CHECK(l.error(two) < l.error(one));
}

// ---------------------------------------------------------------------------------------------
// VPTQ (arXiv 2409.17066): vectors down the columns, two codebooks learned with the Hessian's
// diagonal as weights, error feedback from column to column, important columns first and with a
// codebook of their own.
// ---------------------------------------------------------------------------------------------
namespace {

/// GPTQ's sweep over the rows of a transpose: each is an input.
struct sweep_inputs : rounding_solver {
  const square& u;
  explicit sweep_inputs(const square& factor) : u(factor) {}

  template <class Q, class G>
  void solve(coder<Q, G>& c) const {
    constexpr int dim = coder<Q, G>::dim;
    std::vector<double> error(std::size_t(c.cols()));
    for (index_t j = 0; j < c.rows(); ++j) {
      for (index_t b = 0; b < c.blocks(); ++b) {
        const auto x = c.get(j, b), y = c.encode(j, b, x);
        for (int i = 0; i < dim; ++i)
          error[std::size_t(b * dim + i)] = (double(x[i]) - double(y[i])) / u(j, j);
      }
      for (index_t k = j + 1; k < c.rows(); ++k)
        for (index_t r = 0; r < c.cols(); ++r)
          c(k, r) = float(double(c(k, r)) - error[std::size_t(r)] * u(j, k));
    }
  }
};

/// A transform of the user's: some of the activations.
struct slice {
  index_t first = 0, count = 0;
  index_t transformed_size(index_t) const { return count; }
  void apply(span<const float> x, span<float> out) const {
    for (index_t i = 0; i < count; ++i) out[i] = x[first + i];
  }
  void inverse(span<float> x, span<float> out) const {
    for (float& v : out) v = 0;
    for (index_t i = 0; i < count; ++i) out[first + i] = x[i];
  }
};

}  // namespace

TEST_CASE(
    "VPTQ: weighted codebooks, error feedback over vectors, columns with their own codebook") {
  using main_codes = format<residual<vector_codebook<4, 6>, vector_codebook<4, 4>>, per_row>;
  using important_codes = format<vector_codebook<2, 6>, per_row>;
  const layer& l = shared_layer();
  const extent shape = l.weights.shape;
  constexpr index_t important = 6;  // 5 %

  square h = hessian(l.calibration, 0.01);
  std::vector<std::uint32_t> order(std::size_t(shape.cols));
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return h(index_t(a), index_t(a)) > h(index_t(b), index_t(b));
  });
  square sorted(h.n), rest(h.n - important);
  for (index_t i = 0; i < h.n; ++i)
    for (index_t j = 0; j < h.n; ++j)
      sorted(i, j) = h(index_t(order[std::size_t(i)]), index_t(order[std::size_t(j)]));
  const square u = inverse_factor(sorted);
  for (index_t i = 0; i < rest.n; ++i)
    for (index_t j = 0; j < rest.n; ++j) rest(i, j) = u(important + i, important + j);

  matrix w = transform_rows(permute(order), l.weights.view());
  // (The Hessian of the inputs that are left is the trailing part of U.)
  matrix importance_of_rest(extent{rest.n, shape.rows});
  for (index_t j = 0; j < rest.n; ++j)
    for (index_t r = 0; r < shape.rows; ++r)
      importance_of_rest.view()(j, r) = float(sorted(important + j, important + j));
  const importance by_hessian(std::as_const(importance_of_rest).view());

  // (i) Weighted k-means errs less where it matters.
  const matrix tail = columns_of(w, important, shape.cols);
  const auto weighted_error = [&](const transposed<main_codes>& q) {
    matrix decoded(tail.shape);
    dequantize(q, decoded.view());
    double sum = 0;
    for (index_t r = 0; r < shape.rows; ++r)
      for (index_t j = 0; j < rest.n; ++j)
        sum += sorted(important + j, important + j) *
               std::pow(double(tail.view()(r, j) - decoded.view()(r, j)), 2);
    return sum;
  };
  const auto plain = quantize_transposed<main_codes>(tail.view());
  const auto nearest_codes = quantize_transposed<main_codes>(tail.view(), by_hessian);
  CHECK(weighted_error(nearest_codes) < weighted_error(plain));

  // (ii) The important columns first; what they lose goes to the others, and on in the sweep.
  const auto head = quantize_transposed<important_codes>(columns_of(w, 0, important).view());
  const auto layer_of = [&](transposed<main_codes> others) {
    return linear{permute(order), linear{shape, slice{0, important}, head},
                  linear{shape, slice{important, rest.n}, std::move(others)}};
  };
  const double without = l.error(layer_of(nearest_codes));
  for (index_t r = 0; r < shape.rows; ++r)
    for (index_t j = 0; j < important; ++j) {
      const double error =
          (double(w.view()(r, j)) - double(head.matrix().view().at(j, r))) / u(j, j);
      for (index_t k = j + 1; k < shape.cols; ++k)
        w.view()(r, k) = float(double(w.view()(r, k)) - error * u(j, k));
    }
  const auto swept = layer_of(quantize_transposed<main_codes>(
      columns_of(w, important, shape.cols).view(), by_hessian, sweep_inputs(rest)));
  CAPTURE(without);
  CAPTURE(l.error(swept));
  CHECK(l.error(swept) < 0.6 * without);
}
