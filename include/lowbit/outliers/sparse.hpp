// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "criteria/top_fraction.hpp"
#include "half_values.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Single elements kept apart in compressed sparse rows: f16 values that are added to what the
/// codes give. The codes of these elements code 0, so that ranges need not reach them.
///
/// Stored: "row_starts" (u32, rows + 1), "columns" (Index), "values" (f16); with u16 columns 32
/// bits per outlier. The criterion (top_fraction by default, 1 %) is an argument of quantize.
/// Errors: out_of_range for more columns than Index can count, and for values beyond f16.
template <class Index = std::uint16_t>
struct sparse {
  static_assert(std::same_as<Index, std::uint16_t> || std::same_as<Index, std::uint32_t>,
                "lowbit::sparse: the index of a column is std::uint16_t or std::uint32_t");
  static constexpr auto name = "sparse<u" + (number_text<8 * sizeof(Index)>() + ">");
  static constexpr bool picks = true;
  static constexpr bool single_values = true;
  using criterion = top_fraction;

  template <class Place, class V>
  struct data {
    typename Place::template array<std::uint32_t> row_starts{};
    typename Place::template array<Index> columns{};
    typename Place::template array<std::uint16_t> values{};

    template <class Visit, class... Self>
    static void each(Visit&& visit, const path& at, Self&... self) {
      visit(at / "row_starts", element::u32, self.row_starts...);
      visit(at / "columns", sizeof(Index) == 2 ? element::u16 : element::u32, self.columns...);
      visit(at / "values", element::f16, self.values...);
    }
    void set_shape(extent) {}

    /// Row starts rise from 0 to the number of elements, columns rise within a row and are inside
    /// the matrix, values are finite. O(stored).
    void validate(const path& at, extent e) const requires std::same_as<Place, borrowed> {
      const auto corrupted = [](const path& where, const std::string& problem) {
        fail(errc::corrupted, where.str(), problem);
      };
      const path starts_at = at / "row_starts", columns_at = at / "columns";
      detail::check_size(starts_at, row_starts.size(), e.rows + 1);
      if (row_starts[0] != 0)
        corrupted(starts_at, message("the first is ", row_starts[0], ", expected 0"));
      for (index_t r = 0; r < e.rows; ++r)
        if (row_starts[r + 1] < row_starts[r])
          corrupted(starts_at, message("row ", r, " starts at ", row_starts[r], " and ends at ",
                                       row_starts[r + 1]));
      if (index_t(row_starts[e.rows]) != columns.size())
        corrupted(starts_at, message("the last is ", row_starts[e.rows],
                                     ", expected the number of ", "elements, ", columns.size()));
      detail::check_size(at / "values", values.size(), columns.size() * detail::halves_of<V>);
      for (index_t r = 0; r < e.rows; ++r)
        for (index_t i = row_starts[r]; i < index_t(row_starts[r + 1]); ++i) {
          if (index_t(columns[i]) >= e.cols)
            corrupted(columns_at, message("column ", columns[i], " in row ", r,
                                          ", expected less than ", e.cols));
          if (i > index_t(row_starts[r]) && columns[i] <= columns[i - 1])
            corrupted(columns_at, message("column ", columns[i], " follows ", columns[i - 1],
                                          " in row ", r, ", expected a rising order"));
        }
      detail::check_finite_halves(values, at / "values");
    }

    /// What is added to the value of an element. Cost: a binary search in its row.
    LOWBIT_HD V at(index_t r, index_t c) const {
      index_t low = row_starts[r], high = row_starts[r + 1];
      while (low < high) {
        const index_t middle = low + (high - low) / 2;
        if (index_t(columns[middle]) < c)
          low = middle + 1;
        else
          high = middle;
      }
      return low < index_t(row_starts[r + 1]) && index_t(columns[low]) == c
                 ? detail::half_at<V>(values, low)
                 : detail::nothing_to_add<V>();
    }
    LOWBIT_HD index_t scratch_size() const { return 0; }
    LOWBIT_HD void prepare(const V*, V*) const {}
    /// This part's share of the product of row r with x.
    LOWBIT_HD V dot(index_t r, const V* x, const V*, index_t first = 0, index_t step = 1) const {
      V sum{};
      for (index_t i = row_starts[r] + first; i < index_t(row_starts[r + 1]); i += step)
        sum = sum + detail::half_at<V>(values, i) * x[columns[i]];
      return sum;
    }
    /// The elements of rows first .. last - 1, one after the other, for kernels that know how to
    /// read f16 values and columns of `column_bytes`.
    struct elements {
      static constexpr int column_bytes = sizeof(Index);
      const std::uint8_t* values;
      const std::uint8_t* columns;
      index_t count;
      index_t readable;  // bytes, from values on
    };
    elements elements_of(index_t first, index_t last) const
      requires(std::same_as<Place, borrowed> && std::same_as<V, float>)
    {
      const index_t i = row_starts[first];
      return {static_cast<const std::uint8_t*>(values.data()) + 2 * i,
              static_cast<const std::uint8_t*>(columns.data()) + i * elements::column_bytes,
              index_t(row_starts[last]) - i, 2 * (values.size() - i)};
    }
    LOWBIT_HD void add_row(index_t r, V* out) const {
      for (index_t i = row_starts[r]; i < index_t(row_starts[r + 1]); ++i)
        out[columns[i]] = add_rn(out[columns[i]], detail::half_at<V>(values, i));
    }
  };

  /// Throws error out_of_range.
  static void check_columns(index_t cols) {
    if (cols > index_t(Index(-1)) + 1)
      fail(errc::out_of_range, "outliers",
           message(cols, " columns do not fit the ", 8 * sizeof(Index),
                   "-bit columns of this format, expected at most ", index_t(Index(-1)) + 1));
  }
  static void check_count(index_t count) {
    if (count > index_t(std::uint32_t(-1)))
      fail(errc::out_of_range, "outliers",
           message(count, " outliers do not fit 32-bit row starts"));
  }

  template <class Criterion, class V>
    requires(element_criterion<Criterion, V>)
  static std::vector<position> pick(const Criterion& c, matrix_view<const V> m,
                                    const importance* weights) {
    check_columns(m.cols());
    return detail::checked(c.pick(m, weights), m.shape());
  }

  template <class V>
  static data<owned, V> store(matrix_view<const V> residual, const std::vector<position>& kept) {
    check_count(index_t(kept.size()));
    data<owned, V> d;
    d.row_starts.push_back(0);
    std::size_t i = 0;
    for (index_t r = 0; r < residual.rows(); ++r) {
      for (; i < kept.size() && kept[i].row == r; ++i) {
        d.columns.push_back(Index(kept[i].col));
        detail::push_half(d.values, residual(r, kept[i].col), r, kept[i].col);
      }
      d.row_starts.push_back(std::uint32_t(d.columns.size()));
    }
    return d;
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
