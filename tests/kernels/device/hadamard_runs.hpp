// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A transform of rows by the kernel and by the host, in memory that shows every stray write.
#pragma once
#include <lowbit/kernels/device/hadamard/hadamard_on.hpp>
#include <lowbit/transforms/hadamard.hpp>
#include <vector>

namespace test {

using namespace lowbit;

struct hadamard_shape {
  index_t rows, cols;
  std::uint32_t block;  // never 0 here
  std::uint64_t seed = 0;
  int parts = 1;
  bool inverse = false;
  index_t in_gap = 0, out_gap = 0;  // strides are longer by these
  int in_at = 0, out_at = 0;        // values before the first: alignment
};

/// Input and output of a shape; out is filled with a NaN of known bits.
template <class In, class Out>
struct hadamard_run {
  hadamard_shape s;
  index_t in_cols, out_cols, in_stride, out_stride;
  std::vector<words4> in_memory, out_memory;

  template <class Value>  // Value(i): value number i
  hadamard_run(const hadamard_shape& shape, Value value) : s(shape) {
    const index_t whole = hadamard{s.block}.transformed_size(s.cols) * s.parts;
    in_cols = s.inverse ? whole : s.cols * s.parts;
    out_cols = s.inverse ? s.cols * s.parts : whole;
    in_stride = in_cols + s.in_gap;
    out_stride = out_cols + s.out_gap;
    in_memory.resize(std::size_t(in_at(s.rows, 0) + 16) * sizeof(In) / 16 + 1);
    out_memory.resize(std::size_t(out_at(s.rows, 0) + 16) * sizeof(Out) / 16 + 1);
    In* const x = reinterpret_cast<In*>(in_memory.data());
    for (index_t i = 0; i < in_at(s.rows, 0); ++i)
      x[i] = scalar_traits<In>::from_float(value(std::uint64_t(i)));
    poison();
  }
  index_t in_at(index_t r, index_t c) const { return s.in_at + r * in_stride + c; }
  index_t out_at(index_t r, index_t c) const { return s.out_at + r * out_stride + c; }
  const In* in() const { return reinterpret_cast<const In*>(in_memory.data()) + s.in_at; }
  Out* out() { return reinterpret_cast<Out*>(out_memory.data()) + s.out_at; }
  void poison() { std::fill(out_memory.begin(), out_memory.end(), words4{{{~0u, ~0u, ~0u, ~0u}}}); }

  hadamard_task<In, Out> task() {
    hadamard_task<In, Out> t{};
    t.in = in(), t.in_stride = in_stride, t.in_cols = in_cols;
    t.out = out(), t.out_stride = out_stride, t.out_cols = out_cols;
    t.rows = s.rows, t.order = hadamard_order::of(s.block), t.seed = s.seed;
    t.parts = s.parts, t.inverse = s.inverse;
    return t;
  }

  /// The memory that the host's transform leaves.
  std::vector<words4> expected() {
    std::vector<words4> memory(out_memory.size(), words4{{{~0u, ~0u, ~0u, ~0u}}});
    Out* const y = reinterpret_cast<Out*>(memory.data()) + s.out_at;
    const hadamard t{s.block, s.seed};
    std::vector<float> x(static_cast<std::size_t>(in_cols)), z(static_cast<std::size_t>(out_cols));
    for (index_t r = 0; r < s.rows; ++r) {
      for (index_t c = 0; c < in_cols; ++c)
        x[std::size_t(c)] = scalar_traits<In>::to_float(in()[r * in_stride + c]);
      if (s.parts == 2)
        run<complex32>(t, x, z);
      else
        run<float>(t, x, z);
      for (index_t c = 0; c < out_cols; ++c)
        y[r * out_stride + c] = scalar_traits<Out>::from_float(z[std::size_t(c)]);
    }
    return memory;
  }

 private:
  template <class V>
  void run(const hadamard& t, std::vector<float>& x, std::vector<float>& z) const {
    V* const from = reinterpret_cast<V*>(x.data());
    V* const to = reinterpret_cast<V*>(z.data());
    if (s.inverse)
      t.inverse<V>({from, in_cols / s.parts}, {to, out_cols / s.parts});
    else
      t.apply<V>({from, in_cols / s.parts}, {to, out_cols / s.parts});
  }
};

}  // namespace test
