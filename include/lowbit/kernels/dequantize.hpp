// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/executor.hpp"
#include "../core/float_mode.hpp"
#include "row_reader.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// The entries of a codebook's tables, where they serve a matrix of n values: fewer than those.
/// Small ones need no memory of their own.
template <class Reader, index_t Size = Reader::table_size>
class dequantize_tables {
 public:
  template <class State>
  dequantize_tables(const State& state, index_t n) : used_(n >= Size) {
    if (used_ && Size > on_stack) more_.resize(std::size_t(Size));
    if (used_) Reader::tabulate(state, entries());
  }
  const float* data() { return used_ ? entries() : nullptr; }

 private:
  static constexpr index_t on_stack = 4096;
  float* entries() { return Size > on_stack ? more_.data() : few_; }

  bool used_;
  alignas(64) float few_[Size > on_stack ? 1 : Size];
  std::vector<float> more_;
};
template <class Reader>
struct dequantize_tables<Reader, 0> {
  template <class State>
  dequantize_tables(const State&, index_t) {}
  const float* data() { return nullptr; }
};

/// Values are written row by row, as memory wants it. A reader of tiles remembers one chunk of
/// sixteen rows: some of them read a span of as many chunks, one row after the other.
template <class Layout, class Reader>
struct dequantize_readers {
  Reader reader;
  template <class View>
  dequantize_readers(const kernels::row_ops& ops, const View& w, const float* entries)
      : reader(ops, w, entries) {}
  Reader& of(index_t) { return reader; }
  static index_t span(index_t cols) { return cols; }
};
template <class Reader>
struct dequantize_readers<host_layout, Reader> {
  Reader readers[4];
  template <class View>
  dequantize_readers(const kernels::row_ops& ops, const View& w, const float* entries)
      : readers{{ops, w, entries}, {ops, w, entries}, {ops, w, entries}, {ops, w, entries}} {}
  Reader& of(index_t column) { return readers[column / Reader::chunk % 4]; }
  static index_t span(index_t) { return 4 * Reader::chunk; }
};
}  // namespace detail

/// Writes every value of a matrix: exactly the bits of `view.at(r, c)`, on every instruction set.
/// The output has the shape of the matrix, else error shape_mismatch. Allocates nothing but, for
/// codebooks of more than 16 KiB, room for their entries. Cost: one pass; 32 MiB of values and
/// more, which fit no cache, are written past the caches, as fast as memory takes them.
template <arch Arch = arch::runtime, format_like F, class Layout, executor Executor = serial>
void dequantize(const quantized_view<F, Layout>& w, matrix_view<typename F::value_type> out,
                const Executor& threads = {}) {
  using V = typename F::value_type;
  if (!(out.shape() == w.shape()))
    fail(errc::shape_mismatch, "out",
         message(out.rows(), " x ", out.cols(), ", expected ", w.rows(), " x ", w.cols()));
  using row_reader = kernels::row_reader<quantized_view<F, Layout>>;
  constexpr index_t chunk = row_reader::chunk;
  const kernels::row_ops& ops = kernels::ops_of(Arch);
  detail::dequantize_tables<row_reader> tables(w.main.stored_levels(), w.rows() * w.cols());
  const float* const entries = tables.data();
  // What fits no cache is written past them.
  const bool large = w.rows() * w.cols() * index_t(sizeof(V)) >= (index_t(1) << 25);
  constexpr index_t run = 16, floats = index_t(sizeof(V) / sizeof(float));
  threads.for_each(ceil_div(w.rows(), run), [&](index_t piece) {
    const float_mode_guard mode;
    detail::dequantize_readers<Layout, row_reader> readers(ops, w, entries);
    V values[chunk + kernels::row_slack];
    const index_t first = piece * run, last = min_of(w.rows(), first + run);
    for (index_t from = 0; from < w.cols(); from += readers.span(w.cols()))
      for (index_t r = first; r < last; ++r)
        for (index_t c = from; c < min_of(w.cols(), from + readers.span(w.cols())); c += chunk) {
          const index_t n = min_of(chunk, w.cols() - c);
          V* const to = out.row(r) + c;
          row_reader& reader = readers.of(c);
          if (large) {
            reader.read(r, c, n, values);
            ops.copy_past_caches(reinterpret_cast<const float*>(values), n * floats,
                                 reinterpret_cast<float*>(to), r + 1 == last && c + n == w.cols());
          } else if (n == chunk && chunk % 64 == 0) {
            reader.read(r, c, n, to);
          } else {  // readers write whole vectors, for which there may be no room
            reader.read(r, c, n, values);
            __builtin_memcpy(to, values, std::size_t(n) * sizeof(V));
          }
        }
    for (index_t r = first; r < last; ++r) w.apart.add_row(r, out.row(r));
  });
}

template <arch = arch::runtime, class F, class Layout, class... Rest>
void dequantize(const quantized_view<F, Layout, device>&, const Rest&...) {
  static_assert(!std::same_as<F, F>,
                "lowbit::dequantize: w is a view of device memory, and this call is for the host");
}

}  // namespace lowbit::inline LOWBIT_ABI
