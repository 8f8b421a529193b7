// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <vector>

#include "../core/error.hpp"
#include "../core/executor.hpp"
#include "../core/float_mode.hpp"
#include "../storage/plane.hpp"

namespace lowbit::inline LOWBIT_ABI {

namespace detail {
/// Calls f(first, last) for runs of rows, on the executor, under the default floating-point mode.
template <class Executor, class F>
void for_rows(const Executor& threads, index_t rows, index_t run, F f) {
  threads.for_each(ceil_div(rows, run), [&](index_t i) {
    const float_mode_guard mode;
    f(i * run, min_of(rows, (i + 1) * run));
  });
}
}  // namespace detail

/// Values and the parameters of their groups, as they decode.
///
/// Column factors are divided out of the values beforehand, so that encode and reconstruction live
/// in the same space as the values.
template <class Q, class G>
class grouped_values {
 public:
  using value = value_of<Q>;
  using block = block_of<Q>;
  static constexpr int dim = dim_of<Q>;

  /// No parameters at all: unscaled.
  grouped_values(matrix_view<value> values, std::vector<group_params<Q>> params)
      : values_(values),
        params_(std::move(params)),
        params_cols_(G::params_shape(values.shape()).cols) {}

  index_t rows() const { return values_.rows(); }
  index_t cols() const { return values_.cols(); }
  /// Codes in a row.
  index_t blocks() const { return plane<Q, G>::blocks(cols()); }
  /// Rows and columns of a group (values that share their parameters).
  index_t group_rows() const { return G::block_rows == whole_extent ? rows() : G::block_rows; }
  index_t group_cols() const { return G::block_cols == whole_extent ? cols() : G::block_cols; }

  value& operator()(index_t r, index_t c) { return values_(r, c); }

  const group_params<Q>& params(index_t r, index_t c) const {
    if (params_.empty()) return unit_;
    return params_[std::size_t(group(r, c))];
  }
  /// The number of the group, row by row of groups.
  index_t group(index_t r, index_t c) const {
    const index_t i = G::block_rows == whole_extent ? 0 : r / one_if_whole(G::block_rows);
    const index_t j = G::block_cols == whole_extent ? 0 : c / one_if_whole(G::block_cols);
    return i * params_cols_ + j;
  }
  std::vector<group_params<Q>>& all_params() { return params_; }

  /// The values of code b of row r; 0 past the last column.
  block get(index_t r, index_t b) const {
    if constexpr (dim == 1)
      return values_(r, b);
    else {
      block x{};
      for (int i = 0; i < dim && b * dim + i < cols(); ++i) x[i] = values_(r, b * dim + i);
      return x;
    }
  }

 private:
  static constexpr int whole_extent = 0;
  static constexpr int one_if_whole(int n) { return n == whole_extent ? 1 : n; }
  static constexpr group_params<Q> unit() {
    group_params<Q> p{};
    for (int k = 0; k < scales_of<Q>; ++k) p.scale[k] = 1;
    return p;
  }

  matrix_view<value> values_;
  std::vector<group_params<Q>> params_;
  index_t params_cols_;
  group_params<Q> unit_ = unit();
};

/// The values that are kept apart from the codes: one flag per element, or none at all.
struct values_apart {
  span<std::uint8_t> flags{};
  bool may_grow = false;  // the format keeps single values, so that a solver may add to them
};

/// What a rounding solver works on: a copy of the values that it may change, the parameters as they
/// decode, and `encode`, the only way to a code. Rows may be solved by different threads.
///
/// Values that are kept apart are among them: they code 0, and whatever they are in the end is
/// exact (up to the number that stores it). So a solver that hands errors on needs no case for
/// them, and one that finds outliers on its way (SpQR) says `keep_apart`.
template <class Q, class G>
class coder : public grouped_values<Q, G> {
 public:
  using block = block_of<Q>;
  static constexpr int dim = dim_of<Q>;

  coder(grouped_values<Q, G> values, state_of<Q> levels, std::uint8_t* codes,
        values_apart apart = {})
      : grouped_values<Q, G>(std::move(values)),
        levels_(levels),
        encoder_(encoder_of<Q>(levels)),
        codes_(codes),
        apart_(apart) {}

  bool is_apart(index_t r, index_t c) const {
    return !apart_.flags.empty() && apart_.flags[r * this->cols() + c] != 0;
  }
  /// From now on value (r, c) is kept apart; its block is to be encoded after that.
  /// Throws error unsupported where the format keeps no single values apart.
  void keep_apart(index_t r, index_t c) {
    if (!apart_.may_grow)
      fail(errc::unsupported, "rounding_solver",
           "keeps a value apart, and the format has no place for it, expected sparse outliers");
    apart_.flags[r * this->cols() + c] = 1;
  }

  /// Stores the code nearest to x and returns what it decodes to; values kept apart code 0 and are
  /// returned as they are.
  block encode(index_t r, index_t b, const block& x) {
    return encode_with(r, b, x, this->params(r, b * dim));
  }
  /// The same under parameters at hand: those of `params(r, b * dim)`.
  block encode_with(index_t r, index_t b, const block& x, const group_params<Q>& p) {
    block u = x;
    for_values(u, [&](value_of<Q>& v, int i) {
      v = normalize<Q>(is_apart_in(r, b, i) ? value_of<Q>{} : v, p);
    });
    const code_t code = encode_in<Q>(encoder_, u, p);
    write_bits(codes_ + r * plane<Q, G>::row_bytes(this->cols()), std::uint64_t(b) * Q::bits,
               Q::bits, code);
    block y = decode_in<Q>(levels_, code, p);
    for_values(y, [&](value_of<Q>& v, int i) {
      v = is_apart_in(r, b, i) ? value_in(x, i) : reconstruct<Q>(v, p);
    });
    return y;
  }

 private:
  /// f(value, its place) for each value of a block.
  template <class F>
  static void for_values(block& x, F f) {
    if constexpr (dim == 1)
      f(x, 0);
    else
      for (int i = 0; i < dim; ++i) f(x[i], i);
  }
  static value_of<Q> value_in(const block& x, [[maybe_unused]] int i) {
    if constexpr (dim == 1)
      return x;
    else
      return x[i];
  }
  /// Past the last column nothing is kept.
  bool is_apart_in(index_t r, index_t b, int i) const {
    return b * dim + i < this->cols() && is_apart(r, b * dim + i);
  }

  state_of<Q> levels_;
  encoder_for<Q> encoder_;
  std::uint8_t* codes_;
  values_apart apart_;
};

/// A solver that works for this code set and granularity.
template <class S, class Q, class G>
concept solver_for = requires(const S& s, coder<Q, G>& c, index_t r) {
  s.solve_row(c, r);
}
|| requires(const S& s, coder<Q, G>& c) { s.solve(c); };

/// Round to nearest, every code by itself. The default solver.
struct nearest : rounding_solver {
  template <class Q, class G>
  void solve_row(coder<Q, G>& c, index_t r) const {
    constexpr int dim = coder<Q, G>::dim;
    const index_t run = c.group_cols() > dim ? c.group_cols() / dim : 1;
    for (index_t first = 0; first < c.blocks(); first += run) {
      const group_params<Q> p = c.params(r, first * dim);
      for (index_t b = first; b < min_of(first + run, c.blocks()); ++b)
        c.encode_with(r, b, c.get(r, b), p);
    }
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
