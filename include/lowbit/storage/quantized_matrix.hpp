// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
#include "../format.hpp"

namespace lowbit::inline LOWBIT_ABI {

/// Whose memory a view points at. A call for the wrong one does not compile.
struct host {};
struct device {};

/// The bytes of one array of a matrix, by its name ("codes", "scales", "outliers.columns" ...).
struct part {
  std::string_view name;
  span<const std::uint8_t> bytes;
  element type = element::unspecified;
  std::string_view foreign_type{};  // names a type that no array of a matrix has
};

namespace detail {
/// Visitor: finds each array among parts.
struct part_binder {
  span<const part> parts;

  template <class T>
  void operator()(const path& at, element type, unaligned_span<T>& to) const {
    const span<const std::uint8_t> bytes = find(at.str(), type);
    if (bytes.size() % index_t(sizeof(T)) != 0)
      fail(errc::corrupted, at.str(),
           message(bytes.size(), " bytes, expected a multiple of ", sizeof(T)));
    to = {bytes.data(), bytes.size() / index_t(sizeof(T))};
  }
  template <class T>
  void operator()(const path& at, element type, std::vector<T>& to) const {
    unaligned_span<T> from;
    (*this)(at, type, from);
    owner{}(at, type, from, to);
  }
  template <class T>
  void operator()(const path& at, element type, T& to) const {
    const span<const std::uint8_t> bytes = find(at.str(), type);
    if (bytes.size() != index_t(sizeof(T)))
      fail(errc::corrupted, at.str(), message(bytes.size(), " bytes, expected ", sizeof(T)));
    __builtin_memcpy(&to, bytes.data(), sizeof(T));
  }
  template <class T>
  void derived(T&) const {}

  span<const std::uint8_t> find(const std::string& name, element type) const {
    for (const part& p : parts)
      if (p.name == name) {
        const bool foreign = !p.foreign_type.empty();
        if (foreign || (p.type != element::unspecified && p.type != type))
          fail(errc::corrupted, name,
               message("dtype ", foreign ? p.foreign_type : element_name(p.type), ", expected ",
                       element_name(type)));
        return p.bytes;
      }
    fail(errc::corrupted, name, "this array of the matrix is missing");
  }
};

/// Visitor: adds up the bytes of all arrays.
struct byte_counter {
  index_t bytes = 0;
  template <class T>
  void operator()(const path&, element, const std::vector<T>& a) {
    bytes += index_t(a.size() * sizeof(T));
  }
  template <class T>
  void operator()(const path&, element, const unaligned_span<T>& a) {
    bytes += a.size() * index_t(sizeof(T));
  }
  template <class T>
  void operator()(const path&, element, const T&) {
    bytes += index_t(sizeof(T));
  }
  template <class T>
  void derived(const T&) {}
};

inline double bits_per_weight(index_t bytes, extent shape) {
  const double n = double(shape.rows) * double(shape.cols);
  return n == 0 ? 0 : 8 * double(bytes) / n;
}

/// A shape that came from outside: no size is so large that counting its bits overflows.
inline void check_extent(extent shape, const path& root) {
  constexpr index_t most = index_t(1) << 55;
  if (shape.rows < 0 || shape.cols < 0 || shape.rows > most || shape.cols > most)
    fail(errc::bad_argument, (root / "shape").str(),
         message(shape.rows, " x ", shape.cols, ", expected sizes from 0 to 2^55"));
}
}  // namespace detail

/// The data of a matrix of format F: its plane of codes and what is kept apart.
template <class F, class Place, class Layout = canonical>
struct matrix_data {
  extent size{};
  typename F::template plane_in<Layout>::template data<Place> main{};
  typename F::outliers_type::template data<Place, typename F::value_type> apart{};

  template <class Visit, class... Self>
  static void each(Visit&& visit, Self&... self) {
    each_below(visit, path{}, self...);
  }
  /// `root` may have the name of the matrix.
  template <class Visit, class... Self>
  static void each_below(Visit&& visit, const path& root, Self&... self) {
    visit.derived(self.size...);
    decltype(main)::each(visit, root, self.main...);
    decltype(apart)::each(visit, root / "outliers", self.apart...);
  }
  void set_shape(extent e) {
    size = e;
    main.set_shape(e);
    apart.set_shape(e);
  }
};

/// A quantized matrix owned by somebody else: read-only, trivially copyable, at most 256 bytes,
/// passed by value into any kernel, shared freely between threads. Its memory may be unaligned.
template <class F, class Layout = canonical, class Space = host>
class quantized_view : public matrix_data<F, borrowed, Layout> {
 public:
  using format_type = F;
  using layout_type = Layout;
  using space_type = Space;
  using plane_type = typename F::template plane_in<Layout>;
  using data_type = matrix_data<F, borrowed, Layout>;
  using value_type = typename F::value_type;

  /// From arrays in the caller's memory, under the names that any_matrix::arrays lists; a root with
  /// a name stands before them ("layer.codes"). Everything that the shape and the arrays promise is
  /// checked, O(stored); unknown names are ignored.
  /// Throws error corrupted naming the array, bad_argument for a shape that cannot be.
  static quantized_view from_parts(extent shape, span<const part> parts, const path& root = {}) {
    static_assert(std::same_as<Space, host>,
                  "lowbit::from_parts: the host cannot check memory of a device: use "
                  "device_view_from_parts of <lowbit/gpu.hpp>");
    detail::check_extent(shape, root);
    quantized_view v;
    data_type::each_below(detail::part_binder{parts}, root, static_cast<data_type&>(v));
    v.set_shape(shape);
    v.main.validate(root, shape);
    v.apart.validate(root / "outliers", shape);
    return v;
  }

  LOWBIT_HD extent shape() const { return this->size; }
  LOWBIT_HD index_t rows() const { return this->size.rows; }
  LOWBIT_HD index_t cols() const { return this->size.cols; }
  /// The value of one element: exactly what `dequantize` writes. Cost: reads its parameters anew.
  LOWBIT_HD value_type at(index_t r, index_t c) const {
    if constexpr (std::same_as<typename F::outliers_type, none>)
      return this->main.at(r, c);
    else
      return add_rn(this->main.at(r, c), this->apart.at(r, c));
  }

  /// Bytes of all arrays: codes, scales, zeros, outliers, codebooks, padding.
  index_t bytes() const {
    detail::byte_counter count;
    data_type::each(count, static_cast<const data_type&>(*this));
    return count.bytes;
  }
  /// Exact bits per weight; 0 for an empty matrix.
  double bits_per_weight() const { return detail::bits_per_weight(bytes(), shape()); }
};

/// A quantized matrix that owns its arrays. `view()` is what every product takes.
template <class F, class Layout = canonical>
class quantized_matrix {
 public:
  using format_type = F;
  using layout_type = Layout;
  using view_type = quantized_view<F, Layout>;
  using data_type = matrix_data<F, owned, Layout>;
  using value_type = typename F::value_type;
  static_assert(sizeof(view_type) <= 256,
                "lowbit: a view has at most 256 bytes; larger tables go by pointer");
  static_assert(std::is_trivially_copyable_v<view_type>,
                "lowbit: a view must be trivially copyable");

  quantized_matrix() = default;
  explicit quantized_matrix(data_type data) : data_(std::move(data)) {}
  /// A copy of what a view points at.
  explicit quantized_matrix(const view_type& v) {
    data_type::each(detail::owner{}, static_cast<const borrowed_type&>(v), data_);
  }

  view_type view() const& {
    view_type v;
    data_type::each(detail::binder{}, data_, static_cast<borrowed_type&>(v));
    return v;
  }
  view_type view() && = delete;  // it would outlive its arrays

  extent shape() const { return data_.size; }
  const data_type& data() const { return data_; }
  data_type& data() { return data_; }

  /// As for a view.
  index_t bytes() const { return view().bytes(); }
  double bits_per_weight() const { return view().bits_per_weight(); }

 private:
  using borrowed_type = typename view_type::data_type;
  data_type data_;
};

}  // namespace lowbit::inline LOWBIT_ABI
