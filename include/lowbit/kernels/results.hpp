// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "activations.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// y = alpha * (W x) + beta * y; an argument of gemv and gemm. With beta = 0, y is only written.
struct update {
  float alpha = 1;
  float beta = 0;
};

namespace kernels {

/// Where a product leaves its results: element (token, row) at data[token * stride + row].
struct result_rows {
  float* data;
  index_t stride;
};

/// The last step of a product: what is kept apart from the codes is added, and y updated.
template <class View>
class product_results {
 public:
  using F = typename View::format_type;
  using V = typename F::value_type;
  static constexpr int parts = is_complex<V> ? 2 : 1;
  static constexpr bool apart = !std::same_as<typename F::outliers_type, none>;

  /// Without `ops` what is kept apart multiplies itself.
  product_results(const View& w, result_rows y, update factors, const row_ops* ops = nullptr)
      : w_(w), y_(y), factors_(factors), ops_(ops) {}

  /// Memory that all tasks share.
  void take(detail::carver& memory, index_t tokens) {
    if constexpr (apart) scratch_ = memory.template take<V>(tokens * scratch_size());
    if constexpr (single_elements)
      tiles_ = memory.template take<float>(ops_ != nullptr ? tokens / tile * tile_size() : 0);
  }
  /// The outliers' view of the activations. `values` are the real ones that the product stands for.
  void prepare(const real_rows& values) {
    if constexpr (apart) {
      values_ = values;
      for (index_t t = 0; t < values.tokens; ++t)
        w_.apart.prepare(token_values(t), scratch_ + t * scratch_size());
    }
    if constexpr (single_elements)
      for (index_t t = 0; ops_ != nullptr && t + tile <= values.tokens; t += tile)
        ops_->transpose(values.values + t * values.stride, values.stride * index_t(sizeof(float)),
                        values.cols, tiles_ + t / tile * tile_size());
  }
  /// Asks memory for what `write` will read of rows r .. r + rows - 1: single elements are few
  /// bytes of many places, which processors do not see coming. (Inlined by force: g++ drops calls
  /// of functions that only prefetch.)
  [[gnu::always_inline]] void fetch(index_t r, index_t rows) const {
    if constexpr (single_elements) {
      const auto all = w_.apart.elements_of(r, r + rows);
      for (index_t i = 0; i < 2 * all.count; i += 64) __builtin_prefetch(all.values + i, 0, 2);
      for (index_t i = 0; i < all.column_bytes * all.count; i += 64)
        __builtin_prefetch(all.columns + i, 0, 2);
    }
  }
  /// Rows r .. r + rows - 1 of all tokens; the sums of a token are `stride` numbers apart.
  void write(index_t r, index_t rows, index_t tokens, const float* sums, index_t stride) const {
    index_t t = 0;
    if constexpr (single_elements)
      for (; ops_ != nullptr && t + tile <= tokens; t += tile)
        for (index_t i = 0; i < rows; ++i) {
          const auto all = w_.apart.elements_of(r + i, r + i + 1);
          float kept[tile];
          ops_->dot_elements_tile(all.values, all.readable, all.columns, all.column_bytes,
                                  all.count, tiles_ + t / tile * tile_size(), kept);
          for (index_t k = 0; k < tile; ++k)
            update_one(sums[(t + k) * stride + i], kept[k], y_.data[(t + k) * y_.stride + r + i]);
        }
    for (; t < tokens; ++t) {
      const float* const sum = sums + t * stride;
      float* const y = y_.data + t * y_.stride + parts * r;
      for (index_t i = 0; i < rows; ++i) {
        arr<float, parts> kept{};
        if constexpr (apart) kept = bits_as<arr<float, parts>>(dot_apart(r + i, t));
        for (int p = 0; p < parts; ++p) update_one(sum[parts * i + p], kept[p], y[parts * i + p]);
      }
    }
  }

 private:
  static constexpr bool single_elements = requires(const View& w) { w.apart.elements_of(0, 0); };
  /// Tokens side by side, so that an element is multiplied with all of them at once.
  static constexpr index_t tile = row_ops::tile_rows;
  index_t tile_size() const { return ceil_div(w_.cols(), tile) * tile * tile; }

  void update_one(float sum, float kept, float& to) const {
    if constexpr (apart) sum += kept;
    sum *= factors_.alpha;
    to = factors_.beta == 0 ? sum : sum + factors_.beta * to;  // beta 0 never reads y
  }

  V dot_apart(index_t r, index_t t) const {
    if constexpr (single_elements)
      if (ops_ != nullptr) {
        const auto all = w_.apart.elements_of(r, r + 1);
        return ops_->dot_elements(all.values, all.readable, all.columns, all.column_bytes,
                                  all.count, token_values(t));
      }
    return w_.apart.dot(r, token_values(t), scratch_ + t * scratch_size());
  }
  index_t scratch_size() const { return w_.apart.scratch_size(); }
  const V* token_values(index_t t) const {
    return reinterpret_cast<const V*>(values_.values + t * values_.stride);
  }

  const View& w_;
  result_rows y_;
  update factors_;
  const row_ops* ops_;
  V* scratch_ = nullptr;
  float* tiles_ = nullptr;  // of sixteen tokens: [column][token]
  real_rows values_{};
};

}  // namespace kernels
}  // namespace lowbit::inline LOWBIT_ABI
