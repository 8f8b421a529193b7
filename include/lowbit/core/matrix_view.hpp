// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "error.hpp"
#include "span.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Rows and columns of a matrix; 0 is a valid size.
struct extent {
  index_t rows = 0;
  index_t cols = 0;
  friend LOWBIT_HD constexpr bool operator==(extent a, extent b) {
    return a.rows == b.rows && a.cols == b.cols;
  }
};

/// Where an element of a matrix is.
struct position {
  index_t row, col;
  friend LOWBIT_HD constexpr bool operator==(position a, position b) {
    return a.row == b.row && a.col == b.col;
  }
};

/// A row-major matrix owned by somebody else; element (r, c) is data[r * stride + c].
/// Errors: negative sizes, a stride below cols, null data of a non-empty matrix, and sizes whose
/// bytes 64 bits cannot count.
template <class T>
class matrix_view {
 public:
  constexpr matrix_view() = default;
  constexpr matrix_view(T* data, index_t rows, index_t cols)
      : matrix_view(data, rows, cols, cols) {}
  constexpr matrix_view(T* data, index_t rows, index_t cols, index_t stride)
      : data_(data), shape_{rows, cols}, stride_(stride) {
    if (rows < 0 || cols < 0)
      fail(errc::bad_argument, "matrix_view",
           message("shape ", rows, " x ", cols, ", expected sizes of at least 0"));
    if (stride < cols && rows > 1)
      fail(errc::bad_argument, "matrix_view",
           message("stride ", stride, ", expected at least the ", cols, " columns"));
    if (data == nullptr && rows > 0 && cols > 0)
      fail(errc::bad_argument, "matrix_view", message("null data for ", rows, " x ", cols));
    const index_t step = rows > 1 ? stride : cols;
    if (rows > 0 && (rows | step) >> 30 != 0 && step > most_bytes / index_t(sizeof(T)) / rows)
      fail(errc::out_of_range, "matrix_view",
           message("the bytes of ", rows, " rows of ", step, " elements do not fit 64 bits"));
  }
  /// A view of mutable elements converts to one of const elements.
  template <class U>
    requires(!std::is_same_v<U, T> && std::is_convertible_v<U (*)[], T (*)[]>)
  LOWBIT_HD constexpr matrix_view(const matrix_view<U>& m)
      : data_(m.data()), shape_(m.shape()), stride_(m.stride()) {}
  /// From any two-dimensional mdspan-like type whose last dimension is contiguous.
  template <class M>
    requires requires(const M& m) {
      { m.data_handle() } -> std::convertible_to<T*>;
      { m.extent(0) } -> std::convertible_to<index_t>;
      { m.extent(1) } -> std::convertible_to<index_t>;
      { m.stride(0) } -> std::convertible_to<index_t>;
      { m.stride(1) } -> std::convertible_to<index_t>;
    }
  constexpr matrix_view(const M& m)
      : matrix_view(m.data_handle(), static_cast<index_t>(m.extent(0)),
                    static_cast<index_t>(m.extent(1)), static_cast<index_t>(m.stride(0))) {
    if (m.stride(1) != 1)
      fail(errc::bad_argument, "matrix_view",
           message("column stride ", m.stride(1), ", expected 1 (row-major)"));
  }

  LOWBIT_HD constexpr T* data() const { return data_; }
  LOWBIT_HD constexpr extent shape() const { return shape_; }
  LOWBIT_HD constexpr index_t rows() const { return shape_.rows; }
  LOWBIT_HD constexpr index_t cols() const { return shape_.cols; }
  LOWBIT_HD constexpr index_t stride() const { return stride_; }
  LOWBIT_HD constexpr T& operator()(index_t r, index_t c) const { return data_[r * stride_ + c]; }
  LOWBIT_HD constexpr T* row(index_t r) const { return data_ + r * stride_; }

 private:
  static constexpr index_t most_bytes = 0x7fffffffffffffff;
  T* data_ = nullptr;
  extent shape_{};
  index_t stride_ = 0;
};

}  // namespace lowbit::inline LOWBIT_ABI
