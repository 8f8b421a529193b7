// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "criteria/top_columns.hpp"
#include "half_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Whole columns kept apart in f16, added to what the codes give; the codes of these columns code
/// 0. For input channels whose activations are so large that their weights bear no error.
///
/// Stored: "columns" (u32, rising), "values" (f16, row by row, one per row and column kept): 16
/// bits per element. The criterion (top_columns by default) is an argument of quantize.
struct columns {
  static constexpr auto name = text("columns");
  static constexpr bool picks = true;
  using criterion = top_columns;

  template <class Place, class V>
  struct data {
    typename Place::template array<std::uint32_t> indices{};
    typename Place::template array<std::uint16_t> values{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      visit(at / "columns", element::u32, self.indices...);
      visit(at / "values", element::f16, self.values...);
    }
    void set_shape(extent) {}
    void validate(const path& at, extent e) const requires std::same_as<Place, borrowed> {
      const path columns_at = at / "columns";
      for (index_t i = 0; i < indices.size(); ++i) {
        if (index_t(indices[i]) >= e.cols)
          fail(errc::corrupted, columns_at.str(),
               message("column ", indices[i], ", expected less than ", e.cols));
        if (i > 0 && indices[i] <= indices[i - 1])
          fail(errc::corrupted, columns_at.str(),
               message("column ", indices[i], " follows ", indices[i - 1],
                       ", expected a rising order"));
      }
      detail::check_size(at / "values", values.size(),
                         detail::product(at, e.rows, indices.size() * detail::halves_of<V>));
      detail::check_finite_halves(values, at / "values");
    }

    /// What is added to the value of an element. Cost: a binary search among the columns.
    LOWBIT_HD V at(index_t r, index_t c) const {
      index_t low = 0, high = count();
      while (low < high) {
        const index_t middle = low + (high - low) / 2;
        if (index_t(indices[middle]) < c)
          low = middle + 1;
        else
          high = middle;
      }
      return low < count() && index_t(indices[low]) == c
                 ? detail::half_at<V>(values, r * count() + low)
                 : detail::nothing_to_add<V>();
    }
    LOWBIT_HD index_t scratch_size() const { return count(); }
    /// Gathers the elements of x that meet a column.
    LOWBIT_HD void prepare(const V* x, V* scratch) const {
      for (index_t i = 0; i < count(); ++i) scratch[i] = x[indices[i]];
    }
    LOWBIT_HD V prepared(const V* x, index_t k, index_t first, index_t) const {
      return first == 0 ? x[indices[k]] : V{};
    }
    LOWBIT_HD V dot(index_t r, const V*, const V* gathered, index_t first = 0,
                    index_t step = 1) const {
      V sum{};
      for (index_t i = first; i < count(); i += step)
        sum = sum + detail::half_at<V>(values, r * count() + i) * gathered[i];
      return sum;
    }
    LOWBIT_HD void add_row(index_t r, V* out) const {
      for (index_t i = 0; i < count(); ++i)
        out[indices[i]] = add_rn(out[indices[i]], detail::half_at<V>(values, r * count() + i));
    }

   private:
    LOWBIT_HD index_t count() const { return index_t(indices.size()); }
  };

  template <class Criterion, class V>
    requires(column_criterion<Criterion, V>)
  static std::vector<position> pick(const Criterion& criterion, matrix_view<const V> m,
                                    const importance* weights) {
    std::vector<position> first_row;
    for (index_t c : criterion.pick_columns(m, weights)) first_row.push_back({0, c});
    first_row = detail::checked(std::move(first_row), {1, m.cols()});
    std::vector<position> kept;
    for (index_t r = 0; r < m.rows(); ++r)
      for (const position& p : first_row) kept.push_back({r, p.col});
    return kept;
  }

  template <class V>
  static data<owned, V> store(matrix_view<const V> residual, const std::vector<position>& kept) {
    data<owned, V> d;
    for (const position& p : kept) {
      if (p.row == 0) d.indices.push_back(std::uint32_t(p.col));
      detail::push_half(d.values, residual(p.row, p.col), p.row, p.col);
    }
    return d;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
