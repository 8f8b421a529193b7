// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <lowbit/core/matrix_view.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>
#include <vector>

using namespace lowbit;

namespace {

/// What of a two-dimensional std::mdspan the view asks for.
struct mdspan_like {
  float* pointer;
  long sizes[2], strides[2];
  float* data_handle() const { return pointer; }
  long extent(int d) const { return sizes[d]; }
  long stride(int d) const { return strides[d]; }
};

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const error& e) {
    CHECK(e.code() == errc::bad_argument);
    CHECK(e.argument() == "matrix_view");
    return e.what();
  }
  return "no error";
}

}  // namespace

static_assert(std::is_trivially_copyable_v<matrix_view<float>>);
static_assert(std::is_convertible_v<matrix_view<float>, matrix_view<const float>>);
static_assert(!std::is_convertible_v<matrix_view<const float>, matrix_view<float>>);
static_assert(!std::is_convertible_v<matrix_view<float>, matrix_view<double>>);

TEST_CASE("element (r, c) is data[r * stride + c]") {
  float data[12];
  for (int i = 0; i < 12; ++i) data[i] = float(i);
  const matrix_view<float> dense(data, 3, 4), strided(data, 2, 3, 5);
  CHECK(dense.shape() == extent{3, 4});
  CHECK(dense.stride() == 4);
  CHECK(dense(2, 3) == 11);
  CHECK(strided.rows() == 2);
  CHECK(strided.cols() == 3);
  CHECK(strided.stride() == 5);
  CHECK(strided(1, 2) == 7);
  CHECK(strided.row(1) == data + 5);
  strided(1, 0) = -1;
  CHECK(data[5] == -1);
  const matrix_view<const float> read_only = strided;
  CHECK(read_only.data() == data);
  CHECK(read_only.shape() == strided.shape());
  CHECK(read_only.stride() == 5);
  CHECK(!(extent{1, 2} == extent{2, 1}));
}

TEST_CASE("empty shapes are valid, also without data") {
  CHECK(matrix_view<float>().shape() == extent{0, 0});
  CHECK(matrix_view<float>(nullptr, 0, 7).cols() == 7);
  CHECK(matrix_view<float>(nullptr, 7, 0).rows() == 7);
}

TEST_CASE("a stride is not looked at where there is only one row") {
  float x = 3;
  CHECK(matrix_view<float>(&x, 1, 1, 0)(0, 0) == 3);
  std::vector<float> row(8);
  CHECK(matrix_view<float>(row.data(), 1, 8, 1).cols() == 8);
}

TEST_CASE("an mdspan-like converts when its rows are contiguous") {
  float data[20] = {};
  data[13] = 5;
  const matrix_view<const float> m = mdspan_like{data, {2, 4}, {10, 1}};
  CHECK(m.shape() == extent{2, 4});
  CHECK(m.stride() == 10);
  CHECK(m(1, 3) == 5);
  CHECK(message_of([&] {
          matrix_view<float>(mdspan_like{data, {2, 4}, {10, 2}});
        }) == "lowbit: matrix_view: column stride 2, expected 1 (row-major)");
}

TEST_CASE("every mistake is named with its values") {
  float data[4] = {};
  CHECK(message_of([&] { matrix_view<float>(data, -1, 2); }) ==
        "lowbit: matrix_view: shape -1 x 2, expected sizes of at least 0");
  CHECK(message_of([&] { matrix_view<float>(data, 2, -3); }) ==
        "lowbit: matrix_view: shape 2 x -3, expected sizes of at least 0");
  CHECK(message_of([&] { matrix_view<float>(data, 2, 2, 1); }) ==
        "lowbit: matrix_view: stride 1, expected at least the 2 columns");
  CHECK(message_of([&] { matrix_view<float>(nullptr, 2, 2); }) ==
        "lowbit: matrix_view: null data for 2 x 2");
}

TEST_CASE("sizes whose bytes 64 bits cannot count are errors") {
  float data[1] = {};
  const index_t huge = index_t(1) << 40;
  CHECK_THROWS_WITH_AS(matrix_view<float>(data, huge, huge),
                       "lowbit: matrix_view: the bytes of 1099511627776 rows of 1099511627776 "
                       "elements do not fit 64 bits",
                       error);
  CHECK_THROWS_AS(matrix_view<float>(data, 2, 1, index_t(1) << 61), error);
  CHECK_THROWS_AS(matrix_view<float>(data, 1, index_t(1) << 61), error);
  CHECK_THROWS_AS(matrix_view<float>(data, index_t(1) << 61, 1), error);
  CHECK_NOTHROW(matrix_view<char>(nullptr, huge, 0));
  CHECK_NOTHROW(matrix_view<float>(data, index_t(1) << 30, index_t(1) << 30));
  try {
    matrix_view<float>(data, huge, huge);
  } catch (const error& e) {
    CHECK(e.code() == errc::out_of_range);
  }
}
