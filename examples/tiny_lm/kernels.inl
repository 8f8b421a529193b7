// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kernels of one instruction set. Included by kernels.cpp once per set, inside a namespace that
// defines `lanes` (floats per vector) and `tile_rows` (rows whose sums fit the registers).

using vec = float __attribute__((vector_size(lanes * 4)));
using ivec = std::int32_t __attribute__((vector_size(lanes * 4)));

inline vec load(const float* p) {
  vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, vec v) { __builtin_memcpy(p, &v, sizeof v); }
/// The first n <= lanes values, zeros after them.
inline vec load_part(const float* p, index_t n) {
  vec v = {};
  __builtin_memcpy(&v, p, static_cast<std::size_t>(n) * 4);
  return v;
}
inline void store_part(float* p, vec v, index_t n) {
  __builtin_memcpy(p, &v, static_cast<std::size_t>(n) * 4);
}
inline vec all(float x) { return x - vec{}; }
inline float sum(vec v) {
  float s = 0;
  for (int i = 0; i < lanes; ++i) s += v[i];
  return s;
}

/// Calls f(i, count) for every vector of n floats; only the last has count < lanes.
template <class F>
inline void each_vector(index_t n, F f) {
  index_t i = 0;
  for (; i + lanes <= n; i += lanes) f(i, index_t(lanes));
  if (i < n) f(i, n - i);
}
inline vec load_some(const float* p, index_t n) { return n == lanes ? load(p) : load_part(p, n); }
inline void store_some(float* p, vec v, index_t n) {
  n == lanes ? store(p, v) : store_part(p, v, n);
}

/// exp(x) = 2^k exp(r) with k = round(x / ln 2), |r| <= ln(2) / 2, by the Taylor polynomial of
/// degree 7 (error of the series below 2e-9). ln 2 is subtracted in two parts, of which the first
/// has few enough bits that k times it is exact.
inline vec exp_of(vec x) {
  const vec low = all(-87.0f), high = all(88.0f), magic = all(12582912.0f);  // 1.5 * 2^23
  const ivec underflow = x < low;
  x = x < high ? x : high;
  x = underflow ? low : x;
  const vec k = (x * 1.44269504f + magic) - magic;
  const vec r = (x - k * 0.693359375f) - k * -2.12194440e-4f;
  vec p = r * 1.98412698e-4f + 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const ivec power = (__builtin_convertvector(k, ivec) + 127) << 23;
  return underflow ? vec{} : p * (vec)power;
}

/// R rows of C times two vectors of columns, summed in registers.
template <int R>
inline void tile(index_t depth, const float* a, index_t lda, const float* b, index_t ldb, float* c,
                 index_t ldc, index_t cols) {
  vec left[R] = {}, right[R] = {};
  for (index_t k = 0; k < depth; ++k) {
    const vec b0 = load(b + k * ldb), b1 = load(b + k * ldb + lanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const vec x = all(a[r * lda + k]);
      left[r] += x * b0;
      right[r] += x * b1;
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r) {
    store_some(c + r * ldc, left[r], cols < lanes ? cols : lanes);
    if (cols > lanes) store_some(c + r * ldc + lanes, right[r], cols - lanes);
  }
}

void multiply(index_t rows, index_t cols, index_t depth, const float* a, index_t lda,
              const float* b, index_t ldb, float* c, index_t ldc) {
  for (index_t j = 0; j < cols; j += 2 * lanes) {
    const index_t n = lowbit::min_of(cols - j, 2 * lanes);
    index_t i = 0;
    for (; i + tile_rows <= rows; i += tile_rows)
      tile<tile_rows>(depth, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, n);
    for (; i + 2 <= rows; i += 2)
      tile<2>(depth, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, n);
    if (i < rows) tile<1>(depth, a + i * lda, lda, b + j, ldb, c + i * ldc + j, ldc, n);
  }
}

void softmax(float* x, index_t valid, index_t end, float scale) {
  const float lowest = -1e30f;  // its exponential is 0
  const index_t stop = ceil_div(valid, lanes) * lanes;
  for (index_t i = valid; i < stop; ++i) x[i] = lowest;
  vec most = load(x);
  for (index_t i = lanes; i < stop; i += lanes) {
    const vec v = load(x + i);
    most = v > most ? v : most;
  }
  float top = most[0];
  for (int i = 1; i < lanes; ++i) top = most[i] > top ? most[i] : top;
  vec total = {};
  for (index_t i = 0; i < stop; i += lanes) {
    const vec e = exp_of((load(x + i) - top) * scale);
    total += e;
    store(x + i, e);
  }
  const float inverse = 1 / sum(total);
  for (index_t i = 0; i < stop; i += lanes) store(x + i, load(x + i) * inverse);
  for (index_t i = stop; i < end; ++i) x[i] = 0;
}

void rms_norm(const float* x, const float* weight, float eps, index_t n, float* y) {
  vec squares = {};
  each_vector(n, [&](index_t i, index_t count) {
    const vec v = load_some(x + i, count);
    squares += v * v;
  });
  const float factor = 1 / __builtin_sqrtf(sum(squares) / static_cast<float>(n) + eps);
  each_vector(n, [&](index_t i, index_t count) {
    store_some(y + i, load_some(x + i, count) * factor * load_some(weight + i, count), count);
  });
}

void silu_product(float* gate, const float* up, index_t n) {
  each_vector(n, [&](index_t i, index_t count) {
    const vec x = load_some(gate + i, count);
    store_some(gate + i, x / (1.0f + exp_of(-x)) * load_some(up + i, count), count);
  });
}

void rotate(float* x, const float* cosines, const float* sines, index_t half) {
  each_vector(half, [&](index_t i, index_t count) {
    const vec a = load_some(x + i, count), b = load_some(x + half + i, count);
    const vec c = load_some(cosines + i, count), s = load_some(sines + i, count);
    store_some(x + i, a * c - b * s, count);
    store_some(x + half + i, b * c + a * s, count);
  });
}

void add(float* x, const float* y, index_t n) {
  each_vector(n, [&](index_t i, index_t count) {
    store_some(x + i, load_some(x + i, count) + load_some(y + i, count), count);
  });
}

double sum_of_exp(const float* x, float shift, index_t n) {
  double total = 0;
  each_vector(n, [&](index_t i, index_t count) {
    const vec e = exp_of(load_some(x + i, count) - shift);
    for (index_t j = 0; j < count; ++j) total += static_cast<double>(e[j]);
  });
  return total;
}

void exp(const float* x, index_t n, float* y) {
  each_vector(n, [&](index_t i, index_t count) {
    store_some(y + i, exp_of(load_some(x + i, count)), count);
  });
}

constexpr kernels table(const char* name) {
  return {name, multiply, softmax, rms_norm, silu_product, rotate, add, sum_of_exp, exp};
}
