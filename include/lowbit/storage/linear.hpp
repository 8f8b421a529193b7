// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include <tuple>
#include <utility>

#include "linear/arguments.hpp"
#include "linear/transformed_rows.hpp"
#include "matrix_traits.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// y = R^-1 sum_i W_i (T x): weights in another basis, as a sum of terms.
///
///   linear a{hadamard{}, w};                        // the activations are rotated first
///   linear b{hadamard{}, w, branch, hadamard{}};    // two terms, and the results rotated back
///   linear c{widely_linear{}, u, linear{conjugate{}, w}, widely_linear{}};  // complex weights
///   linear d{extent{4096, 300}, hadamard{}, w};     // w has 512 columns: 212 are padding
///
/// Transforms in front of the terms are T, in the order in which x meets them. Those behind are R,
/// in the order in which the weights met them: the inverse of each is taken, the last one first.
/// A term is any matrix: a quantized_matrix (kept by value: move large ones), a quantized_view (its
/// memory must outlive the linear), a `factored`, or a linear again, which gives one term or some
/// of them transforms of their own. Without an extent the shape is the one that leaves no padding.
/// See quantize_linear, which makes one of a real matrix.
///
/// gemv, gemm, dequantize, compare, any_matrix, save and load take it wherever they take a
/// quantized_matrix. Real activations are transformed in binary32. Those given `as<A>(x)` are
/// transformed first and then quantized, so that the products of all terms are A's; a term with
/// transforms of its own quantizes again what it makes of them.
/// Stored: the terms and what the transforms store. Throws error: shape_mismatch when sizes do not
/// fit.
template <class In, class Terms, class Out>
class linear;

template <class In, matrix_like... Terms, class Out>
class linear<In, std::tuple<Terms...>, Out> {
 public:
  using in_type = In;
  using terms_type = std::tuple<Terms...>;
  using out_type = Out;
  /// The value type of the terms.
  using inner_type = typename matrix_traits<std::tuple_element_t<0, terms_type>>::value_type;
  /// The value type of x and y: float, where float activations become what the terms need.
  using value_type =
      std::conditional_t<std::same_as<typename In::template result<float>, inner_type>, float,
                         complex32>;
  static_assert((... && std::same_as<typename matrix_traits<Terms>::value_type, inner_type>),
                "lowbit::linear: the terms have different value types");
  static_assert(std::same_as<typename In::template result<value_type>, inner_type>,
                "lowbit::linear: the transforms in front do not give the value type of the terms");
  static_assert(std::same_as<typename Out::template result<value_type>, inner_type>,
                "lowbit::linear: the transforms behind do not lead from the value type of the "
                "terms back to that of the activations");

  /// Whether rows of the terms can be taken back to rows of the whole.
  static constexpr bool has_rows =
      std::same_as<value_type, inner_type> && In::template takes_rows<value_type> &&
      Out::template takes_rows<value_type> && (... && detail::has_values<Terms>);

  linear() = default;
  template <class First, class... Rest>
  explicit linear(extent shape, First first, Rest... rest) : shape_(shape) {
    using sorted = detail::linear_arguments<First, Rest...>;
    std::tuple<First, Rest...> all(std::move(first), std::move(rest)...);
    in_ = std::make_from_tuple<In>(sorted::front(all));
    terms_ = sorted::middle(all);
    out_ = std::make_from_tuple<Out>(sorted::back(all));
    check();
  }
  template <class First, class... Rest>
    requires(!std::same_as<First, linear> && !std::same_as<First, extent>)
  explicit linear(First first, Rest... rest)
      : linear(unpadded, std::move(first), std::move(rest)...) {}
  linear(extent shape, In in, terms_type terms, Out out)
      : shape_(shape), in_(std::move(in)), terms_(std::move(terms)), out_(std::move(out)) {
    check();
  }

  /// Rows and columns as y and x have them.
  extent shape() const { return shape_; }
  index_t rows() const { return shape_.rows; }
  index_t cols() const { return shape_.cols; }
  /// Rows and columns of the terms.
  extent inner_shape() const {
    return {out_.transformed_size(rows()), in_.transformed_size(cols())};
  }
  const In& in() const { return in_; }
  const terms_type& terms() const { return terms_; }
  const Out& out() const { return out_; }

  /// f(term) for each in order.
  template <class F>
  void for_each_term(F&& f) const {
    std::apply([&](const Terms&... t) { (f(t), ...); }, terms_);
  }

  /// Bytes of everything stored: terms, their padding, transforms.
  index_t bytes() const {
    detail::byte_counter count;
    detail::visit_transforms(count, path{}, in_);
    detail::visit_transforms(count, path{}, out_);
    index_t sum = count.bytes;
    for_each_term([&]<class M>(const M& m) { sum += matrix_traits<M>::bytes(m); });
    return sum;
  }
  /// Exact bits per weight of the matrix that it stands for; 0 for an empty one.
  double bits_per_weight() const { return detail::bits_per_weight(bytes(), shape()); }

  /// Y = alpha X A^T + beta Y, A the matrix that this stands for; see matrix_traits.
  template <class Rows>
  void multiply(const Rows& x, matrix_view<value_type> y, executor_ref threads, workspace& memory,
                update factors) const {
    detail::carver size;
    carve(x, size, threads, false);
    detail::carver block(memory.reserve(size.used()));
    const buffers<Rows> b = carve(x, block, threads, true);
    const extent inner = inner_shape();
    const index_t tokens = y.rows();

    matrix_view<inner_type> sum;
    update each;
    if constexpr (Out::empty) {
      sum = y;
      each = factors;
    } else {
      sum = matrix_view<inner_type>(b.sum, tokens, inner.rows);
    }
    for_each_term([&]<class M>(const M& m) {
      matrix_traits<M>::multiply(m, b.rows, sum, threads, memory.nested(), each);
      each.beta = 1;
    });
    if constexpr (!Out::empty)
      detail::for_each_token(
          tokens, result_bytes(), threads, block, true, [&](index_t t, detail::carver scratch) {
            const span<value_type> result(scratch.template take<value_type>(rows()), rows());
            out_.template inverse<value_type>(span<inner_type>(sum.row(t), inner.rows), result,
                                              scratch);
            for (index_t r = 0; r < rows(); ++r) {
              const value_type v = mul_rn(factors.alpha, result[r]);
              y(t, r) = factors.beta == 0 ? v : add_rn(v, mul_rn(factors.beta, y(t, r)));
            }
          });
  }

  /// Writes the matrix that this stands for, up to rounding. Where rows of weights have a
  /// counterpart behind every transform it costs two transforms of each row and column, else (see
  /// widely_linear) as much as a product with one token per column. Allocates.
  void dequantize(matrix_view<value_type> out) const
      requires(has_rows || std::same_as<value_type, float>) {
    if constexpr (has_rows) {
      const dense_matrix<value_type> a =
          out_.restore_columns(in_.restore_rows(sum_of_terms(), cols()), rows());
      for (index_t r = 0; r < rows(); ++r)
        for (index_t c = 0; c < cols(); ++c) out(r, c) = a.view()(r, c);
    } else {
      write_columns(out);
    }
  }

 private:
  static constexpr extent unpadded{-1, -1};

  void check() {
    const auto& first = std::get<0>(terms_);
    const extent e = matrix_traits<std::remove_cvref_t<decltype(first)>>::shape(first);
    if (shape_ == unpadded) shape_ = {out_.original_size(e.rows), in_.original_size(e.cols)};
    detail::check_extent(shape_, path{});
    const extent needed = inner_shape();
    int i = 0;
    for_each_term([&]<class M>(const M& m) {
      const extent found = matrix_traits<M>::shape(m);
      if (!(found == needed))
        fail(errc::shape_mismatch, "linear",
             message("term ", i, " is ", found.rows, " x ", found.cols, ", expected ", needed.rows,
                     " x ", needed.cols));
      ++i;
    });
  }

  template <class Rows>
  struct buffers {
    Rows rows;                  // the activations as the terms take them
    inner_type* sum = nullptr;  // the results before they are taken back
  };
  template <class Rows>
  buffers<Rows> carve(const Rows& x, detail::carver& memory, executor_ref threads,
                      bool write) const {
    const extent inner = inner_shape();
    buffers<Rows> b;
    if constexpr (In::empty)
      b.rows = x;
    else
      b.rows = detail::transformed_rows<value_type>(in_, x, inner.cols, threads, memory, write);
    if constexpr (!Out::empty) {
      b.sum = memory.template take<inner_type>(x.tokens * inner.rows);
      if (!write)
        detail::for_each_token(x.tokens, result_bytes(), threads, memory, false,
                               [](index_t, detail::carver) {});
    }
    return b;
  }
  index_t result_bytes() const {
    detail::carver size;
    size.template take<value_type>(rows());
    return size.used() + detail::scratch_bytes<value_type>(out_, rows());
  }

  dense_matrix<inner_type> sum_of_terms() const {
    dense_matrix<inner_type> sum;
    for_each_term([&]<class M>(const M& m) {
      dense_matrix<inner_type> values(inner_shape());
      matrix_traits<M>::dequantize(m, values.view());
      if (sum.values.empty())
        sum = std::move(values);
      else
        for (std::size_t i = 0; i < values.values.size(); ++i)
          sum.values[i] = add_rn(sum.values[i], values.values[i]);
    });
    return sum;
  }
  /// Products with unit vectors.
  void write_columns(matrix_view<float> out) const {
    constexpr index_t piece = 64;
    workspace memory;
    prepared<> x;
    for (index_t first = 0; first < cols(); first += piece) {
      const index_t n = min_of(piece, cols() - first);
      dense_matrix<float> units(extent{n, cols()}), columns(extent{n, rows()});
      for (index_t i = 0; i < n; ++i) units.view()(i, first + i) = 1;
      x.assign(std::as_const(units).view());
      multiply(x.rows(), columns.view(), serial{}, memory, update{});
      for (index_t i = 0; i < n; ++i)
        for (index_t r = 0; r < rows(); ++r) out(r, first + i) = columns.view()(i, r);
    }
  }

  extent shape_{};
  In in_{};
  terms_type terms_{};
  Out out_{};
};

/// The type that `linear{args...}` makes.
template <class... Args>
using linear_for = linear<typename detail::linear_arguments<Args...>::in_type,
                          typename detail::linear_arguments<Args...>::terms_type,
                          typename detail::linear_arguments<Args...>::out_type>;

template <class... Args>
linear(Args...) -> linear<typename detail::linear_arguments<Args...>::in_type,
                          typename detail::linear_arguments<Args...>::terms_type,
                          typename detail::linear_arguments<Args...>::out_type>;

template <class In, class... Terms, class Out>
struct matrix_traits<linear<In, std::tuple<Terms...>, Out>> {
  using matrix = linear<In, std::tuple<Terms...>, Out>;
  using value_type = typename matrix::value_type;
  static constexpr bool exact_int8 = (... && matrix_traits<Terms>::exact_int8);
  /// linear<transforms;term,term;transforms>
  static constexpr auto name = [] {
    constexpr auto terms = detail::joined_names<Terms...>();
    if constexpr (terms.size() == 0 || !In::named || !Out::named)
      return text("");
    else
      return "linear<" + (In::name + (";" + (terms + (";" + (Out::name + text(">"))))));
  }();

  static extent shape(const matrix& m) { return m.shape(); }
  static index_t bytes(const matrix& m) { return m.bytes(); }
  template <class Rows>
  static void multiply(const matrix& m, const Rows& x, matrix_view<value_type> y,
                       executor_ref threads, workspace& memory, update factors) {
    m.multiply(x, y, threads, memory, factors);
  }
  static void dequantize(const matrix& m, matrix_view<value_type> out) requires requires {
    m.dequantize(out);
  }
  { m.dequantize(out); }
  /// "in.0.seed" ..., "terms.0.codes" ..., "out.0.seed" ...
  static void list(const matrix& m, const path& root, std::vector<stored_array>& out) {
    detail::array_lister lister{out};
    detail::visit_transforms(lister, root / "in", m.in());
    int i = 0;
    m.for_each_term([&]<class M>(const M& term) {
      const std::string place = path(root / "terms" / std::to_string(i++)).str();
      matrix_traits<M>::list(term, path{nullptr, place}, out);
    });
    detail::visit_transforms(lister, root / "out", m.out());
  }
  static matrix from_parts(extent shape, span<const part> parts, const path& root = {}) {
    detail::check_extent(shape, root);
    In in;
    Out out;
    const detail::part_binder binder{parts};
    detail::visit_transforms(binder, root / "in", in);
    detail::visit_transforms(binder, root / "out", out);
    detail::validate_transforms(root / "in", std::as_const(in));
    detail::validate_transforms(root / "out", std::as_const(out));
    const extent inner{out.transformed_size(shape.rows), in.transformed_size(shape.cols)};
    // Else a few bytes of an empty matrix could ask a product for any amount of memory.
    for (const auto& [size, before] : {std::pair{inner.rows, shape.rows}, {inner.cols, shape.cols}})
      if (size > 2 * before + 65536)
        fail(errc::corrupted, root.str(),
             message("transforms make ", size, " of ", before, " numbers, expected at most ",
                     2 * before + 65536));
    int i = 0;
    const auto term = [&]<class M>(std::type_identity<M>) {
      const std::string place = path(root / "terms" / std::to_string(i++)).str();
      return matrix_traits<M>::from_parts(inner, parts, path{nullptr, place});
    };
    std::tuple<Terms...> terms{term(std::type_identity<Terms>())...};
    return matrix(shape, std::move(in), std::move(terms), std::move(out));
  }
};

}  // namespace lowbit::inline LOWBIT_ABI
