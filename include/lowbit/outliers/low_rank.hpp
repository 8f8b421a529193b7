// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "dominant_subspace.hpp"
#include "half_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// A product of two thin f16 matrices, added to what the codes give: W ~ Q(W) + left right^T, with
/// the factors of W - Q(W) of (nearly) least squared error (LoRC; ZeroQuant-V2). Real formats only.
///
/// Stored: "left" (rows x Rank) and "right" (columns x Rank), f16, row by row. The sum over the
/// rank is taken in binary64 and rounded once. Infinities of x may give NaN where a factor is 0.
/// Error: out_of_range for factors beyond f16.
template <int Rank>
struct low_rank {
  static_assert(Rank >= 1, "lowbit::low_rank: the rank must be at least 1");
  static constexpr auto name = "low_rank<" + (number_text<Rank>() + ">");
  static constexpr bool picks = false;

  template <class Place, std::same_as<float> V>
  struct data {
    typename Place::template array<std::uint16_t> left{};
    typename Place::template array<std::uint16_t> right{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      visit(at / "left", element::f16, self.left...);
      visit(at / "right", element::f16, self.right...);
    }
    void set_shape(extent) {}
    void validate(const path& at, extent e) const requires std::same_as<Place, borrowed> {
      detail::check_size(at / "left", left.size(), detail::product(at, e.rows, Rank));
      detail::check_size(at / "right", right.size(), detail::product(at, e.cols, Rank));
      detail::check_finite_halves(left, at / "left");
      detail::check_finite_halves(right, at / "right");
    }

    /// What is added to the value of an element. Cost: Rank products.
    LOWBIT_HD float at(index_t r, index_t c) const {
      double sum = 0;  // products of halves are exact
      for (index_t k = 0; k < Rank; ++k)
        sum += double(half(left, r, k)) * double(half(right, c, k));
      return float(sum);
    }
    LOWBIT_HD index_t scratch_size() const { return Rank; }
    /// right^T x, once per token.
    LOWBIT_HD void prepare(const float* x, float* scratch) const {
      for (index_t k = 0; k < Rank; ++k) scratch[k] = float(prepared(x, k, 0, 1));
    }
    LOWBIT_HD double prepared(const float* x, index_t k, index_t first, index_t step) const {
      const index_t cols = right.size() / Rank;
      double sum = 0;
      for (index_t c = first; c < cols; c += step)
        sum += double(half(right, c, k)) * double(x[c]);
      return sum;
    }
    LOWBIT_HD float dot(index_t r, const float*, const float* projected, index_t first = 0,
                        index_t step = 1) const {
      float sum = 0;
      for (index_t k = first; k < Rank; k += step) sum += half(left, r, k) * projected[k];
      return sum;
    }
    LOWBIT_HD void add_row(index_t r, float* out) const {
      const index_t cols = index_t(right.size()) / Rank;
      for (index_t c = 0; c < cols; ++c) out[c] = add_rn(out[c], at(r, c));
    }

   private:
    template <class Halves>
    LOWBIT_HD static float half(const Halves& factor, index_t i, index_t k) {
      return detail::half_at<float>(factor, i * Rank + k);
    }
  };

  template <std::same_as<float> V>
  static data<owned, V> store(matrix_view<const V> residual, const std::vector<position>&) {
    const detail::thin_factors f = detail::dominant_factors(residual, Rank);
    data<owned, V> d;
    for (index_t r = 0; r < residual.rows(); ++r)
      for (index_t k = 0; k < Rank; ++k)
        detail::push_half(d.left, float(f.left[std::size_t(k * residual.rows() + r)]), r, k);
    for (index_t c = 0; c < residual.cols(); ++c)
      for (index_t k = 0; k < Rank; ++k)
        detail::push_half(d.right, float(f.right[std::size_t(k * residual.cols() + c)]), c, k);
    return d;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
